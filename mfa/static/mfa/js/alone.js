// Put before the htmx of a host's page, which reads these as it begins, and gone when it has: settings that are not
// those of an htmx of the host, and the nonce of this module. No address is pushed, and no Back is answered: see
// place.js. With another prefix than its own, data-hx-… is for an htmx of the host alone.
{
  const settings = document.createElement("meta");
  settings.name = "htmx-config";
  settings.content = JSON.stringify({
    history: false,
    prefix: "",
    extensions: "mfa-scope,hx-csp,mfa-nonce",
    includeIndicatorCSS: false,
    defaultTimeout: 35_000,
    defaultSettleDelay: 0,
  });
  const bearer = document.createElement("script");
  bearer.type = "text/plain";
  bearer.setAttribute("nonce", "");
  bearer.nonce = document.querySelector("script[data-mfa-host]")?.nonce ?? "";
  for (const each of [settings, bearer]) {
    each.dataset.mfaForHtmx = "";
    document.head.prepend(each);
  }
}
