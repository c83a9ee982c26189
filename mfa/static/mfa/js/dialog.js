import { focusIn } from "./focus.js";
import { dialogs, isOurs, openDialog } from "./root.js";

// The modals: native dialogs, each around the region that htmx swaps. In a page of a host there is one.
const regionOf = (one) => one.querySelector("[data-mfa-region]");
export const [dialog] = dialogs;
export const region = dialog && regionOf(dialog);
const OPENERS = "[data-mfa-opens]";

// What opened one, and its name: by the time of closing an answer may have replaced the element. The name of a dialog
// is what opens it where the page came with it open.
const namedOpener = document.querySelector(`[data-mfa-opens="${openDialog()?.dataset.mfaDialog}"]`);
let opener = namedOpener ?? document.querySelector(OPENERS);
export const openBy = (element) => {
  opener = element;
};

// What opened it may be in a menu that is closed by now: then the focus goes to what opens that.
const focusOpener = () => {
  const here = opener?.isConnected
    ? opener
    : document.querySelector(`[data-mfa-opens="${opener?.dataset.mfaOpens}"]`);
  here?.focus();
  for (let around = here; around && document.activeElement !== here; around = around.parentElement) {
    const toggle = around.querySelector("[aria-expanded]");
    toggle?.focus();
    if (toggle && document.activeElement === toggle) break;
  }
};

const makeModal = (one) => {
  if (!one.matches(":modal")) {
    one.removeAttribute("open");
    one.showModal();
  }
};

const markTab = (one) => {
  const shown = regionOf(one).querySelector("[data-tab]")?.dataset.tab;
  for (const tab of one.querySelectorAll("[data-for]")) {
    if (tab.dataset.for === shown) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
};

// The page came with a dialog open: make it modal.
const cameOpen = openDialog();
if (cameOpen) {
  makeModal(cameOpen);
  markTab(cameOpen);
  focusIn(regionOf(cameOpen));
}

// An answer to what was asked in a dialog must not open it again once it was closed. (It is closed a moment before
// that is told: what is asked in between is asked from outside.)
let closed = 0;
let titleOutside;
document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  ctx.closed = openDialog() ? closed : undefined;
  const pressed = ctx.sourceElement.closest(OPENERS) ?? ctx.sourceElement.querySelector(OPENERS);
  if (!openDialog() && pressed) openBy(pressed);
});
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  const target = dialogs.find((one) => regionOf(one) === ctx.target);
  if (!target) return;
  const isLate = ctx.closed !== undefined && ctx.closed !== closed;
  if (isLate || (openDialog() ?? target) !== target) event.preventDefault();
  else if (!target.open) titleOutside = document.title;
});

document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  const shown = dialogs.find((one) => regionOf(one).firstElementChild);
  if (!shown || !isOurs(ctx.target)) return;
  const opens = !shown.open;
  makeModal(shown);
  markTab(shown);
  // Before it was open nothing in it could have the focus.
  if (opens) focusIn(regionOf(shown));
});

for (const one of dialogs) {
  one.addEventListener("close", () => {
    closed += 1;
    regionOf(one).replaceChildren();
    document.title = titleOutside ?? document.title.replace(/^.*? · /, "");
    focusOpener();
  });
}

// A stray click beside a wizard must not throw the place away.
// (Heard on the document: with a listener on the dialog all that stands in it is called clickable.)
document.addEventListener("click", (event) => {
  const beside = dialogs.find((one) => one === event.target);
  if (beside && !regionOf(beside).querySelector("[data-wizard]")) beside.close();
});
