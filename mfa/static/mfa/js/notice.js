import { announce, textOf } from "./announce.js";
import { dialogs, isOurs, openDialog, saying } from "./root.js";

// One place for what concerns the page as a whole. While a dialog is open it stands in that.
const notice = document.getElementById("mfa-notice");
const home = notice?.parentElement;

const settle = () => {
  const inDialog = openDialog()?.querySelector("[data-notice-here]");
  if (inDialog) inDialog.append(notice);
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
  for (const one of dialogs) one.addEventListener("close", settle);

  document.addEventListener("htmx:error", ({ target }) => {
    if (target === document || isOurs(target)) trouble(saying.sayLost);
  });

  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    if (ctx.hx?.retarget === "#mfa-notice") trouble();
    else if (ctx.response && ctx.swap !== "none" && isOurs(ctx.target)) {
      notice.replaceChildren();
      notice.classList.remove("notice--trouble");
    }
  });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    settle();
    if (ctx.target === notice) announce(textOf(notice));
  });
}
