"""The response headers of the extension's own answers.

:func:`add` is for ``blueprint.after_request``. Flask calls it before what the host has hung on its app, so
that the host has the last word: what a route has set already stays, and what the host sets later replaces
ours. A host that *adds* a Content-Security-Policy has two then, and browsers obey both: it should set its own
instead, with the nonce that it gave to :func:`mfa.web.nonce.use`.

A page in a layout of the host gets no policy from us, for we don't know what the layout loads.

Headers that only documents obey are on documents alone: a fragment that htmx fetched is none, for no
navigation sends HX-Request, and ``no-store`` keeps it out of the cache.
"""

from __future__ import annotations

from flask import Response

from mfa.web import fragments, layouts
from mfa.web.nonce import nonce

# Scripts run by the nonce of the page alone. With 'self' beside it an injected tag could load a second htmx,
# unguarded by hx-csp; with 'self' in a second policy WebKit reports our own scripts (see docs/decisions.md).
CONTENT_SECURITY_POLICY = [
    "default-src 'none'",
    "script-src 'nonce-{nonce}'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    # Text becomes markup through the policy `htmx` alone, which its extension hx-csp makes.
    "require-trusted-types-for 'script'",
    "trusted-types htmx",
]
# A fragment obeys the policy of its page; hx-csp reads the nonce from this one.
FRAGMENT_POLICY = "default-src 'none'; script-src 'nonce-{nonce}'; frame-ancestors 'none'"
FILE_POLICY = "default-src 'none'; frame-ancestors 'none'"
# Copying the recovery codes and passkeys are all that a page asks of the device.
PERMISSIONS_POLICY = ", ".join(
    [
        "clipboard-write=(self)",
        "publickey-credentials-create=(self)",
        "publickey-credentials-get=(self)",
        *(
            f"{feature}=()"
            for feature in (
                "accelerometer",
                "autoplay",
                "browsing-topics",
                "camera",
                "captured-surface-control",
                "clipboard-read",
                "compute-pressure",
                "cross-origin-isolated",
                "digital-credentials-create",
                "digital-credentials-get",
                "display-capture",
                "encrypted-media",
                "fullscreen",
                "gamepad",
                "geolocation",
                "gyroscope",
                "hid",
                "identity-credentials-get",
                "idle-detection",
                "keyboard-map",
                "local-fonts",
                "magnetometer",
                "microphone",
                "midi",
                "otp-credentials",
                "payment",
                "picture-in-picture",
                "screen-wake-lock",
                "serial",
                "speaker-selection",
                "storage-access",
                "sync-xhr",
                "usb",
                "window-management",
                "xr-spatial-tracking",
            )
        ),
    ]
)
NONCE = "MFA-Nonce"
"""Tells our script the nonce of a fragment where the host's own policy takes the place of ours."""
_POLICY = "; ".join(CONTENT_SECURITY_POLICY)
_DOCUMENTS = ("text/html", "image/svg+xml")
# Some addresses hold a token. Not "no-referrer": Flask-WTF refuses a post by https that has no Referer.
_ALWAYS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
_ON_OUR_OWN_DOCUMENTS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS_POLICY,
}


def add(response: Response) -> Response:
    """Add to *response* what it has not yet."""
    _set(response, _ALWAYS)
    if is_document(response):
        _set(response, {"X-Frame-Options": "DENY"})
    if fragments.wanted():
        response.headers[NONCE] = nonce()
    if layouts.is_of_host():
        return response
    _set(response, {"Cross-Origin-Resource-Policy": "same-origin"})
    if is_document(response):
        _set(response, _ON_OUR_OWN_DOCUMENTS)
    response.headers.setdefault("Content-Security-Policy", policy(response, _POLICY))
    return response


def is_document(response: Response) -> bool:
    """Return True if a browser may show *response* as a document that runs scripts."""
    return response.mimetype in _DOCUMENTS and not fragments.wanted()


def policy(response: Response, of_document: str, **values: str) -> str:
    """Return the Content-Security-Policy of *response*.

    :param of_document: the policy of a document, with ``{nonce}`` where the nonce belongs.
    :param values: what else belongs in it.
    """
    if fragments.wanted():
        return FRAGMENT_POLICY.format(nonce=nonce())
    return of_document.format(nonce=nonce(), **values) if is_document(response) else FILE_POLICY


def _set(response: Response, headers: dict[str, str]) -> None:
    for name, value in headers.items():
        response.headers.setdefault(name, value)
