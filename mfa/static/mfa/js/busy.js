// The pressed button shows that its form is on its way, and a second press does nothing: by htmx, and by plain
// posts where htmx did not load.
import { announce } from "./announce.js";
import { submitOf } from "./forms.js";
import { isOurs, saying } from "./root.js";

const SLOW = 1000; // ms
const GIVEN_UP = 35_000; // ms, as htmx: after the browser's Stop nothing tells that a plain post has ended
const onTheWay = new Map();

export const anythingOnTheWay = () => onTheWay.size > 0;

const release = (form) => {
  const { button, focused, timers } = onTheWay.get(form);
  onTheWay.delete(form);
  timers.forEach(clearTimeout);
  button?.removeAttribute("aria-busy");
  // Disabled meanwhile, it lost the focus; htmx enables it after this.
  setTimeout(() => {
    if (focused && button.isConnected && document.activeElement === document.body) button.focus();
  });
};

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (!isOurs(form) || form.method === "dialog" || form.target === "_blank") return;
    if ("file" in form.dataset) return; // nothing tells that a file has come
    if (onTheWay.has(form)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    const button = event.submitter ?? submitOf(form);
    onTheWay.set(form, {
      button,
      focused: button === document.activeElement,
      timers: [
        setTimeout(() => announce(saying.sayMoment), SLOW),
        setTimeout(() => release(form), GIVEN_UP),
      ],
    });
    button?.setAttribute("aria-busy", "true");
  },
  true,
);

const releaseWhere = (ended) => [...onTheWay.keys()].filter(ended).forEach(release);

document.addEventListener("htmx:after:swap", () => releaseWhere((form) => !form.isConnected));
document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  // Led to another page, it is on its way until that is there.
  if (!ctx.keepIndicators) releaseWhere((form) => form === ctx.sourceElement || !form.isConnected);
});
addEventListener("pageshow", () => releaseWhere(() => true));
