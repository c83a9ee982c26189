// The keyboard of a phone never hides the field nor its button. Most browsers shrink the page for it; on iOS it
// lies over the page, and the sheet is told what is still to be seen.
import { submitOf } from "./forms.js";
import { isOurs } from "./root.js";

const seen = window.visualViewport;
const KEYBOARD = 100; // px: less is a bar of the browser
const LOW = 480; // px

const fit = () => {
  const { style } = document.documentElement;
  const covered = innerHeight - seen.height - seen.offsetTop;
  if (innerHeight - seen.height > KEYBOARD && seen.scale === 1) {
    style.setProperty("--mfa-seen", `${seen.height}px`);
    style.setProperty("--mfa-covered", `${Math.max(0, covered)}px`);
  } else {
    style.removeProperty("--mfa-seen");
    style.removeProperty("--mfa-covered");
  }
};

const reveal = () => {
  const field = document.activeElement;
  // A button that moves away under the finger is not pressed: so only for what is typed into.
  const button = isOurs(field) && field.matches("input:not([type=radio], [type=checkbox])") && submitOf(field.form);
  if (!button) return;
  for (const part of [button, field]) part.scrollIntoView({ block: "nearest" });
};

seen?.addEventListener("scroll", fit);
seen?.addEventListener("resize", () => {
  fit();
  reveal();
});
document.addEventListener("focusin", () => {
  if (seen?.height < LOW) reveal();
});
