import { focusIn } from "./focus.js";
import { leave } from "./history.js";

// The account modal: a native dialog around the region that htmx swaps.
export const dialog = document.getElementById("account-dialog");

if (dialog) {
  const account = document.getElementById("account");
  // What opened it, as it is found on the page: by the time of closing an answer may have replaced it.
  let opener = ".profile__button";

  const open = () => {
    if (!dialog.matches(":modal")) {
      dialog.removeAttribute("open");
      dialog.showModal();
    }
  };

  const markTab = () => {
    const shown = account.querySelector("[data-tab]")?.dataset.tab;
    for (const tab of dialog.querySelectorAll("[data-for]")) {
      if (tab.dataset.for === shown) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
  };

  // The page came with the dialog open: make it modal.
  if (dialog.open) {
    open();
    markTab();
    focusIn(account);
  }

  // An answer to what was asked in the dialog must not open it again once it was closed. (It is closed a moment
  // before that is told: what is asked in between is asked from outside.)
  let closed = 0;
  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
    ctx.closed = dialog.open ? closed : undefined;
    if (!dialog.open) opener = ctx.sourceElement.closest("#protection") ? "#protection a" : ".profile__button";
  });
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    if (ctx.target === account && ctx.closed !== undefined && ctx.closed !== closed) event.preventDefault();
  });

  document.addEventListener("htmx:after:swap", () => {
    if (!account.firstElementChild) return;
    const opens = !dialog.open;
    open();
    markTab();
    // Before it was open nothing in it could have the focus.
    if (opens) focusIn(account);
  });

  dialog.addEventListener("close", () => {
    closed += 1;
    account.replaceChildren();
    document.title = document.title.replace(/^.*? · /, "");
    leave();
    document.querySelector(opener).focus();
  });

  // A stray click beside a wizard must not throw the place away.
  // (Heard on the document: with a listener on the dialog all that stands in it is called clickable.)
  document.addEventListener("click", (event) => {
    if (event.target === dialog && !account.querySelector("[data-wizard]")) dialog.close();
  });
}
