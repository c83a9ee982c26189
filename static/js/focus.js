import { announce } from "./announce.js";

const REFUSED = "[aria-invalid=true], [data-refused]";

// After a swap the focus goes where reading goes on: to what was refused, else to the heading. On a card whose
// one field is a code it goes there, and the heading is said.
export const focusIn = (root) => {
  const heading = root.querySelector("[data-focus]");
  const field = root.closest(".card")?.querySelector(".digits, .recovery-code");
  const place = root.querySelector(REFUSED) ?? field ?? heading;
  if (!place) return;
  if (place === field && !place.matches(REFUSED) && heading) announce(heading.textContent);
  place.focus({ preventScroll: true });
  if (place.matches("input:not([type=checkbox])")) place.select();
  place.scrollIntoView({ block: "nearest" });
};

// A whole page after a refusal, where htmx did not load.
if (document.querySelector(`.card :is(${REFUSED})`)) focusIn(document.getElementById("card"));

document.addEventListener("htmx:after:swap", (event) => {
  const { target, swap, response } = event.detail.ctx;
  // Another window may have changed the language: what comes then is in another one than what stands around it.
  const language = response?.headers?.get("Content-Language");
  if (language && target instanceof Element) target.lang = language;
  // The answer to a poll may be that there is nothing new: whoever is typing goes on typing.
  if (swap !== "none" && target instanceof Element && target.id !== "notice") focusIn(target);
});
