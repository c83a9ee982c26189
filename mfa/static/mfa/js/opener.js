// In a page of a host, a link to the tab opens it in the dialog instead.
import { dialog, openBy, region } from "./dialog.js";

const TO_TAB = "a[data-mfa-opens]";
const isPlain = ({ button, ctrlKey, metaKey, shiftKey, altKey }) =>
  button === 0 && !ctrlKey && !metaKey && !shiftKey && !altKey;

if (dialog) {
  const { url } = dialog.dataset;
  for (const link of document.querySelectorAll(TO_TAB)) link.setAttribute("aria-haspopup", "dialog");

  document.addEventListener("click", (event) => {
    const link = event.target.closest(TO_TAB);
    // A host may have put a new page in place of the one that this dialog was in: then the link leads to the page.
    if (!link || event.defaultPrevented || !isPlain(event) || !dialog.isConnected) return;
    event.preventDefault();
    openBy(link);
    htmx.ajax("GET", url, { source: region, target: region, push: "true" });
  });

  // What went wrong is told by the page, for there is no dialog yet to tell it.
  document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
    if (ctx?.sourceElement === region && !dialog.open) location.assign(url);
  });
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    if (ctx.sourceElement !== region || dialog.open || !ctx.hx?.retarget) return;
    event.preventDefault();
    location.assign(url);
  });
}
