// What the journeys need beyond htmx. Everything works without it by plain form posts.
import "./dialog.js";
import "./focus.js";
import "./notice.js";
import "./countdown.js";
import "./codes.js";

document.documentElement.classList.add("js");

// A page kept by the browser for Back may show what is long over: ask the server again.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
