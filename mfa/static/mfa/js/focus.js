import { announce, announceNews, textOf } from "./announce.js";
import { isOurs } from "./root.js";

const REFUSED = "[aria-invalid=true], [data-refused]";

// In Firefox a screen reader passes over where the focus goes from an element that is taken away.
let focusTaken = false;
document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
  focusTaken = ctx.target instanceof Element && ctx.target.contains(document.activeElement);
});

// What is wrong with a field is announced, since not every browser tells that the focus is in a field that came in
// the place of another. So that nobody hears it twice it describes the field only from when that is left.
const sayRefusal = (field) => {
  if (focusTaken && field.matches("[data-refused]")) announce(textOf(field));
  const sentence = document.getElementById(`${field.id}-error`);
  const described = field.getAttribute("aria-describedby")?.split(" ") ?? [];
  if (!sentence || !described.includes(sentence.id)) return;
  field.setAttribute("aria-describedby", described.filter((id) => id !== sentence.id).join(" "));
  field.addEventListener("blur", () => field.setAttribute("aria-describedby", described.join(" ")), { once: true });
  announce(textOf(sentence));
};

const sayStep = (root) => {
  for (const part of root.querySelectorAll(".progress__text, [data-focus]")) {
    announce(textOf(part).replace(/[^.!?…]$/, "$&."));
  }
};

// After a swap the focus goes where reading goes on: to what was refused, else into the one field of a step that
// asks for a code alone, else to the heading. The heading is the name of the group in which that field stands.
export const focusIn = (root) => {
  const refused = root.querySelector(REFUSED);
  const place = refused ?? root.querySelector("[data-only-field] input") ?? root.querySelector("[data-focus]");
  if (!place) return;
  if (refused) sayRefusal(refused);
  else {
    if (focusTaken) sayStep(root);
    announceNews(root);
  }
  focusTaken = false;
  place.focus({ preventScroll: true });
  if (place.matches("input:not([type=checkbox])")) place.select();
  // What stands above the heading, as the sentence that something was done, is seen too.
  const beginning = root.querySelector("[data-tab] > :first-child");
  for (const part of [beginning, place]) part?.scrollIntoView({ block: "nearest" });
};

// A whole page after a refusal, where htmx did not load.
const card = document.querySelector("[data-mfa-page]");
if (card?.querySelector(REFUSED)) focusIn(card);
else for (const root of document.querySelectorAll(".mfa")) announceNews(root);

document.addEventListener("htmx:after:swap", (event) => {
  const { target, swap, response } = event.detail.ctx;
  if (!isOurs(target)) return;
  // Another window may have changed the language: what comes then is in another one than what stands around it.
  const language = response?.headers?.get("Content-Language");
  if (language) target.lang = language;
  // The answer to a poll may be that there is nothing new: whoever is typing goes on typing.
  if (swap !== "none" && target.id !== "mfa-notice") focusIn(target);
});
