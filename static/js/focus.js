// After a swap the focus goes where reading goes on: to what was refused, to the one field, or to the heading.
export const focusIn = (root) => {
  const place =
    root.querySelector("[aria-invalid=true], [data-refused]") ??
    root.querySelector(".digits, .recovery-code") ??
    root.querySelector("[data-focus]");
  if (!place) return;
  place.focus({ preventScroll: true });
  if (place.matches("input:not([type=checkbox])")) place.select();
  place.scrollIntoView({ block: "nearest" });
};

document.addEventListener("htmx:after:swap", (event) => {
  const { target } = event.detail.ctx;
  if (target instanceof Element && target.id !== "notice") focusIn(target);
});
