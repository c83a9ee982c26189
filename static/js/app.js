// What the journeys need beyond htmx. Everything works without it by plain form posts.
import "./busy.js";
import "./digits.js";
import "./dialog.js";
import "./focus.js";
import "./notice.js";
import "./countdown.js";
import "./code-window.js";
import "./codes.js";
import "./keyboard.js";
import "./paper.js";
import "./times.js";

document.documentElement.classList.add("js");

// A page kept by the browser for Back may show what is long over: ask the server again.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// Back, pressed while the page was still loading, moves the address alone: show what it says. Looked at again
// once htmx listens for Back itself.
const follow = () => {
  if (document.body.dataset.path !== location.pathname) location.reload();
};
follow();
addEventListener("load", follow, { once: true });
