// A button that has to wait says for how long, counting. data-wait: seconds.
import { saying } from "./root.js";

const start = (button) => {
  const until = Date.now() + Number(button.dataset.wait) * 1000;
  const text = button.parentElement.querySelector("[data-wait-text]");
  delete button.dataset.wait;

  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    button.disabled = left > 0;
    text.textContent = left > 0 ? saying.sayWait.replace("{}", left) : "";
    if (left <= 0 || !button.isConnected) clearInterval(timer);
  };
  const timer = setInterval(tick, 1000);
  tick();
};

const startAll = () => {
  for (const button of document.querySelectorAll(".mfa [data-wait]")) {
    if (button.dataset.wait !== "0") start(button);
  }
};

document.addEventListener("htmx:after:swap", startAll);
startAll();
