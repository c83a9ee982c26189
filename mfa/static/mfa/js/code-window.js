// For how long the app still shows its code. The server says what time it is; the clock here, which may be wrong,
// says only how much of it has passed since. data-now, data-period: seconds.
import { saying } from "./root.js";

const followWindow = (line) => {
  const ahead = Number(line.dataset.now) * 1000 - Date.now();
  const period = Number(line.dataset.period) * 1000;
  const text = line.querySelector("[data-window-text]");
  delete line.dataset.now;

  const show = () => {
    if (!line.isConnected) return;
    const now = Date.now() + ahead;
    const left = Math.ceil((period - (now % period)) / 1000);
    text.textContent = saying.sayWindow.replace("{}", left);
    line.style.setProperty("--left", (left * 1000) / period);
    setTimeout(show, 1000 - (now % 1000));
  };
  show();
};

const followWindows = () => document.querySelectorAll(".mfa [data-now]").forEach(followWindow);

document.addEventListener("htmx:after:swap", followWindows);
followWindows();
