import { focusIn } from "./focus.js";
import { leave } from "./history.js";

// The modal: a native dialog around the region that htmx swaps, both marked by the host.
export const dialog = document.querySelector("[data-mfa-dialog]");
const OPENERS = "[data-mfa-opens]";

if (dialog) {
  const region = dialog.querySelector("[data-mfa-region]");
  // The name of what opened it: by the time of closing an answer may have replaced the element.
  let opener = document.querySelector(OPENERS)?.dataset.mfaOpens;

  const open = () => {
    if (!dialog.matches(":modal")) {
      dialog.removeAttribute("open");
      dialog.showModal();
    }
  };

  const markTab = () => {
    const shown = region.querySelector("[data-tab]")?.dataset.tab;
    for (const tab of dialog.querySelectorAll("[data-for]")) {
      if (tab.dataset.for === shown) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
  };

  // The page came with the dialog open: make it modal.
  if (dialog.open) {
    open();
    markTab();
    focusIn(region);
  }

  // An answer to what was asked in the dialog must not open it again once it was closed. (It is closed a moment
  // before that is told: what is asked in between is asked from outside.)
  let closed = 0;
  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
    ctx.closed = dialog.open ? closed : undefined;
    const pressed = ctx.sourceElement.closest(OPENERS) ?? ctx.sourceElement.querySelector(OPENERS);
    if (!dialog.open && pressed) opener = pressed.dataset.mfaOpens;
  });
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    if (ctx.target === region && ctx.closed !== undefined && ctx.closed !== closed) event.preventDefault();
  });

  document.addEventListener("htmx:after:swap", () => {
    if (!region.firstElementChild) return;
    const opens = !dialog.open;
    open();
    markTab();
    // Before it was open nothing in it could have the focus.
    if (opens) focusIn(region);
  });

  dialog.addEventListener("close", () => {
    closed += 1;
    region.replaceChildren();
    document.title = document.title.replace(/^.*? · /, "");
    leave();
    document.querySelector(`[data-mfa-opens="${opener}"]`)?.focus();
  });

  // A stray click beside a wizard must not throw the place away.
  // (Heard on the document: with a listener on the dialog all that stands in it is called clickable.)
  document.addEventListener("click", (event) => {
    if (event.target === dialog && !region.querySelector("[data-wizard]")) dialog.close();
  });
}
