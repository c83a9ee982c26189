// What the journeys need beyond htmx. Everything works without it by plain form posts.
import "./passkeys.js";
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

document.documentElement.classList.add("mfa-js");
