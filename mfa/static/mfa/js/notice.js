import { announce, textOf } from "./announce.js";
import { dialog } from "./dialog.js";
import { saying } from "./root.js";

// One place for what concerns the page as a whole. While the dialog is open it stands in the dialog.
const notice = document.getElementById("notice");
const home = notice?.parentElement;
const inDialog = document.querySelector("[data-notice-here]");

const settle = () => {
  if (dialog?.open) inDialog.append(notice);
  else home.prepend(notice);
};

const trouble = (text) => {
  settle();
  notice.classList.add("notice--trouble");
  if (!text) return;
  notice.textContent = text;
  announce(text);
};

if (notice) {
  settle();
  dialog?.addEventListener("close", settle);

  document.addEventListener("htmx:error", () => trouble(saying.sayLost));

  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    if (ctx.hx?.retarget === "#notice") trouble();
    else if (ctx.response && ctx.swap !== "none") {
      notice.replaceChildren();
      notice.classList.remove("notice--trouble");
    }
  });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    settle();
    if (ctx.target === notice) announce(textOf(notice));
  });
}
