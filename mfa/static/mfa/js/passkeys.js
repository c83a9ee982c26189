// Passkeys. A form with data-passkey ("create" or "get") is sent only with the browser's answer to the options in
// data-passkey-options, which goes into its field "passkey" behind the server's token. What the browser refuses is said
// in the form, in the words of its data-say-… attributes. Nothing with data-passkey-offer is shown where there are none.
import { submitOf } from "./forms.js";
import { isOurs } from "./root.js";

const FRESH = 270_000; // ms: the server takes an answer for a little longer
const FORMS = ".mfa form[data-passkey]";
const hasPasskeys = isSecureContext && "PublicKeyCredential" in window && "credentials" in navigator;
const answered = new WeakSet();
const readAt = new WeakMap();
let ceremony = new AbortController();
let asking;

const fromBase64url = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const toBase64url = (buffer) =>
  btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

// Browsers do all of this themselves since 2025.
const withBytes = (options) => {
  const ids = (credentials) => credentials?.map((each) => ({ ...each, id: fromBase64url(each.id) }));
  return {
    ...options,
    challenge: fromBase64url(options.challenge),
    ...(options.user && { user: { ...options.user, id: fromBase64url(options.user.id) } }),
    excludeCredentials: ids(options.excludeCredentials),
    allowCredentials: ids(options.allowCredentials),
  };
};
const parsed = (kind, options) => {
  const parse = kind === "create" ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON";
  return PublicKeyCredential[parse]?.(options) ?? withBytes(options);
};
const asJSON = (credential) => {
  try {
    return JSON.stringify(credential.toJSON());
  } catch {
    // An older browser, or the credential of an extension that only looks like one.
    const { id, rawId, type, response } = credential;
    const said = { transports: response.getTransports?.() };
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[name]) said[name] = toBase64url(response[name]);
    }
    return JSON.stringify({ id, rawId: toBase64url(rawId), type, response: said, clientExtensionResults: {} });
  }
};

// To read a page as one: what is parsed from a text would need a policy of trusted types.
const pageAt = (url) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", url);
    request.responseType = "document";
    request.onload = () => resolve(request.response);
    request.onerror = reject;
    request.send();
  });

// A form that was open for long takes the options of a fresh one: the server takes no challenge that is old.
const renew = async (form) => {
  if (performance.now() - readAt.get(form) < FRESH) return;
  const page = await pageAt(location.href);
  const fresh = [...(page?.querySelectorAll(FORMS) ?? [])].find(
    (each) => each.getAttribute("action") === form.getAttribute("action"),
  );
  if (!fresh) return;
  for (const name of ["passkeyOptions", "passkeyToken"]) form.dataset[name] = fresh.dataset[name];
  readAt.set(form, performance.now());
};

const REASONS = {
  NotAllowedError: "sayCanceled",
  InvalidStateError: "sayRegistered",
  SecurityError: "sayInsecure",
  NotSupportedError: "sayUnsupported",
  ConstraintError: "sayUnsupported",
};
const sayRefused = (form, error) => {
  const place = form.querySelector("[data-passkey-refused]");
  place.textContent = form.dataset[REASONS[error.name]] ?? form.dataset.sayFailed;
  place.hidden = false;
  place.focus();
};

const stopAsking = () => {
  ceremony.abort();
  asking = undefined;
};

// One at a time: a browser refuses to begin a second.
const ask = async (form, { mediation } = {}) => {
  stopAsking();
  const { signal } = (ceremony = new AbortController());
  asking = form;
  await renew(form);
  if (signal.aborted) throw signal.reason;
  const publicKey = parsed(form.dataset.passkey, JSON.parse(form.dataset.passkeyOptions));
  const credential = await navigator.credentials[form.dataset.passkey]({ publicKey, mediation, signal });
  if (signal.aborted || !form.isConnected) throw new DOMException("", "AbortError");
  form.elements.passkey.value = `${form.dataset.passkeyToken} ${asJSON(credential)}`;
};

const sendAnswered = (form, button) => {
  answered.add(form);
  form.requestSubmit(button);
};

const askAtPress = async (form, button) => {
  if (asking === form && button.getAttribute("aria-busy")) return;
  form.querySelector("[data-passkey-refused]").hidden = true;
  button.setAttribute("aria-busy", "true");
  try {
    await ask(form);
    sendAnswered(form, button);
  } catch (error) {
    button.removeAttribute("aria-busy");
    if (error.name !== "AbortError") sayRefused(form, error);
    if (asking === form) fillIn();
  }
};

// The browser offers a passkey among the addresses that it fills in; nothing is shown before one is chosen.
const fillIn = async () => {
  const form = document.querySelector(`${FORMS}[data-passkey-autofill]`);
  if (!hasPasskeys || !form || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  try {
    await ask(form, { mediation: "conditional" });
    sendAnswered(form, submitOf(form));
  } catch {
    // It was not chosen, or something else is asked instead: that is no refusal.
  }
};

// Heard before htmx and before what shows that a form is on its way.
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (!isOurs(form) || form.dataset.passkey === undefined || answered.delete(form)) return;
    const chosen = form.elements.factor?.value;
    if (chosen !== undefined && chosen !== "passkey") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    askAtPress(form, event.submitter ?? submitOf(form));
  },
  true,
);

// What the server has forgotten or renamed is forgotten or renamed in the person's password manager, where the browser
// can do that.
const signalChanges = () => {
  for (const element of document.querySelectorAll(".mfa [data-passkey-signal]")) {
    const { method, options } = JSON.parse(element.dataset.passkeySignal);
    delete element.dataset.passkeySignal;
    if (hasPasskeys) PublicKeyCredential[method]?.(options).catch(() => {});
  }
};

const offerPasskeys = () => {
  for (const form of document.querySelectorAll(FORMS)) {
    if (!readAt.has(form)) readAt.set(form, performance.now());
  }
  if (hasPasskeys) {
    for (const missing of document.querySelectorAll(".mfa [data-passkey-missing]")) missing.hidden = true;
    for (const offer of document.querySelectorAll(".mfa [data-passkey-offer][hidden]")) {
      offer.hidden = false;
      if (offer.dataset.passkeyFirst !== undefined) offer.querySelector("input").checked = true;
    }
  }
  signalChanges();
  if (asking?.isConnected) return;
  stopAsking();
  fillIn();
};

document.addEventListener("htmx:after:swap", offerPasskeys);
addEventListener("pagehide", stopAsking);
addEventListener("pageshow", ({ persisted }) => persisted && offerPasskeys());
offerPasskeys();
