// Six digits go off by themselves, where nothing else is to be filled in: typed, pasted or filled in by the phone.
import { anythingOnTheWay } from "./busy.js";
import { submitOf } from "./forms.js";

const PAUSE = 400; // ms: whoever presses the button out of habit has pressed it by then
const SETTLED = 600; // ms: nor must a press that was meant for this step land in the next
const sentDigits = new Map();
let departure;
let wentByItself = false;

const sixDigits = (field) => field.value.replace(/[\s\p{Pd}\p{Cf}\u2212]/gu, "").match(/^[0-9]{6}$/)?.[0];

document.addEventListener("input", (event) => {
  const field = event.target;
  if (!field.closest("[data-by-itself]")) return;
  clearTimeout(departure);
  const digits = sixDigits(field);
  if (!digits || event.isComposing || sentDigits.get(field.form.action) === digits) return;
  departure = setTimeout(() => {
    if (!field.isConnected || anythingOnTheWay()) return;
    wentByItself = true;
    field.form.requestSubmit(submitOf(field.form));
  }, PAUSE);
});

document.addEventListener("submit", ({ target: form }) => {
  clearTimeout(departure);
  const field = form.querySelector("[data-by-itself] input");
  if (field) sentDigits.set(form.action, sixDigits(field));
});

// Said only where it is so: without JavaScript the hint is neither shown nor tied to its field.
const tieHints = () => {
  for (const hint of document.querySelectorAll("[data-by-itself] [data-hint-for]:not([data-tied])")) {
    const field = document.getElementById(hint.dataset.hintFor);
    const others = field.getAttribute("aria-describedby") ?? "";
    field.setAttribute("aria-describedby", `${others} ${hint.id}`.trim());
    hint.dataset.tied = "";
  }
};

document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  tieHints();
  if (!wentByItself || !(ctx.target instanceof Element)) return;
  wentByItself = false;
  ctx.target.classList.add("settling");
  setTimeout(() => ctx.target.classList.remove("settling"), SETTLED);
});
tieHints();
