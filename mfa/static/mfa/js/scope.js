// Put between htmx and its guard, which would take the attributes off whatever bears no nonce: what is not ours is
// neither.
{
  for (const each of document.querySelectorAll("[data-mfa-for-htmx]")) each.remove();
  const ours = (element) => element instanceof Element && element.closest(".mfa") !== null;
  htmx.registerExtension("mfa-scope", {
    htmx_before_process: ours,
    htmx_before_on_init: ours,
    htmx_before_init: ours,
  });
}
