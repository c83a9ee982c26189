// After a swap the focus goes where reading goes on: to what was refused, to the one field, or to the heading.
const next = (root) =>
  root.querySelector("[aria-invalid=true], [data-refused]") ??
  root.querySelector(".digits, .recovery-code") ??
  root.querySelector("[data-focus]");

document.addEventListener("htmx:after:swap", (event) => {
  const target = event.detail.ctx.target;
  if (!(target instanceof Element) || target.id === "notice") return;
  const root = target.isConnected ? target : document.getElementById(target.id);
  const place = root && next(root);
  if (!place) return;
  place.focus({ preventScroll: true });
  place.scrollIntoView({ block: "nearest" });
});
