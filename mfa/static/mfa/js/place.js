// In a page of a host the address follows the steps, so that a reload goes on where somebody was: browsers of phones
// reload a page when its reader comes back from the authenticator app. The dialog is one entry of the history, which
// Back or closing takes away. The states are of our own, so that an htmx of the host passes over them.
import { dialog } from "./dialog.js";

const here = () => location.pathname + location.search;
let shown = here();
let entered = false;
let goingBack = false;
let wayBack = Promise.resolve();
let isBack = () => {};

const addressOf = ({ hx, push, response }) => {
  const told = hx?.pushurl ?? push;
  if (!told || told === "false") return null;
  if (told !== "true") return told;
  const { pathname, search } = new URL(response.raw.url);
  return pathname + search;
};

const enter = async (address) => {
  await wayBack;
  if (dialog && !dialog.open) return;
  const state = { ...(entered ? history.state : {}), mfa: true };
  if (entered) history.replaceState(state, "", address);
  else if (address !== here()) history.pushState(state, "", address);
  entered = dialog !== null;
  shown = here();
};

document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  const address = ctx.response && addressOf(ctx);
  if (address) enter(address);
});

dialog?.addEventListener("close", () => {
  if (!entered) return;
  entered = false;
  goingBack = true;
  wayBack = new Promise((resolve) => {
    isBack = resolve;
  });
  history.back();
});

// Heard before an htmx of the host, which would load the page below again.
addEventListener("popstate", (event) => {
  if (goingBack) {
    goingBack = false;
    event.stopImmediatePropagation();
    isBack();
  } else if (entered) {
    entered = false;
    event.stopImmediatePropagation();
    dialog.close();
  } else if (here() !== shown && (event.state?.mfa || !dialog)) {
    location.reload();
  }
  shown = here();
});
