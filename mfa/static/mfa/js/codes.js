// Recovery codes and the setup key: copy, and the box that must be ticked.
import { announce } from "./announce.js";
import { isOurs, saying } from "./root.js";

const copy = async (button) => {
  const parts = [...button.closest(".mfa").querySelectorAll(button.dataset.copy)];
  const text =
    button.dataset.copyJoin === ""
      ? parts.map((part) => part.textContent.replace(/\s/g, "")).join("")
      : parts.map((part) => part.textContent.trim()).join("\n");
  const say = (text) => {
    button.parentElement.querySelector(".copied").textContent = text;
    announce(text);
  };
  try {
    await navigator.clipboard.writeText(text);
    say(saying.sayCopied);
  } catch {
    // No clipboard on this page (plain HTTP), or it was refused: mark the text for copying by hand.
    const range = document.createRange();
    range.setStartBefore(parts[0]);
    range.setEndAfter(parts.at(-1));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    say(saying.sayMarked);
  }
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button && isOurs(button)) copy(button);
});

// Complete stays disabled until the box is ticked; without JavaScript the server refuses instead.
const guard = () => {
  for (const button of document.querySelectorAll(".mfa [data-needs]")) {
    button.disabled = !button.closest(".mfa").querySelector(button.dataset.needs).checked;
  }
};

document.addEventListener("change", guard);
document.addEventListener("htmx:after:swap", guard);
document.addEventListener("htmx:finally:request", guard);
guard();
