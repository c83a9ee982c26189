const REFUSED = "[aria-invalid=true], [data-refused]";

// After a swap the focus goes where reading goes on: to what was refused, else into the one field of a step that
// asks for a code alone, else to the heading. The heading is the name of the group in which that field stands.
export const focusIn = (root) => {
  const place = root.querySelector(REFUSED) ?? root.querySelector("[data-only-field] input") ?? root.querySelector("[data-focus]");
  if (!place) return;
  place.focus({ preventScroll: true });
  if (place.matches("input:not([type=checkbox])")) place.select();
  // What stands above the heading, as the sentence that something was done, is seen too.
  const beginning = root.querySelector("[data-tab] > :first-child");
  for (const part of [beginning, place]) part?.scrollIntoView({ block: "nearest" });
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
