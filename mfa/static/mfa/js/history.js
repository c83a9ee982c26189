// Closing a dialog goes back to where it was opened: Back then leads out of the page, not into the dialog again.
// Each entry that htmx adds knows how far it is from that place, also after a reload.
import { dialogs } from "./root.js";

const homePath = dialogs[0]?.dataset.home;
let depth = history.state?.depth ?? 0;
let leaving = false;

document.addEventListener("htmx:after:history:push", () => {
  depth += 1;
  history.replaceState({ ...history.state, depth }, "");
});

// The page may have been opened at an address of the dialog.
const comeHome = () => {
  if (location.pathname !== homePath) history.replaceState({ htmx: true }, "", homePath);
};

for (const one of dialogs) {
  one.addEventListener("close", () => {
    leaving = depth > 0;
    if (leaving) history.go(-depth);
    else comeHome();
    depth = 0;
  });
}

// htmx would load the page there. It is this one, so it stays, and the focus stays where closing put it.
window.navigation?.addEventListener("navigate", (event) => {
  if (leaving && event.canIntercept) event.intercept({ focusReset: "manual", scroll: "manual" });
});
document.addEventListener("htmx:before:history:restore", (event) => {
  if (!leaving) return;
  leaving = false;
  event.preventDefault();
  comeHome();
});
