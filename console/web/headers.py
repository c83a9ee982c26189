"""The response headers that hold on every answer, errors and static files included."""

from __future__ import annotations

import secrets
from urllib.parse import quote

from flask import Flask, Response, g, request

REPORTS_PATH = "/csp-report"

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

# Copying the recovery codes is all that a page asks of the device.
PERMISSIONS_POLICY = ", ".join(
    [
        "clipboard-write=(self)",
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
                "publickey-credentials-create",
                "publickey-credentials-get",
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


def add(app: Flask) -> None:
    """Add them to every answer of *app*, and give its templates ``nonce()``."""
    headers = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        # Some addresses hold a token. Where a request comes from, Sec-Fetch-Site says.
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Origin-Agent-Cluster": "?1",
        "Permissions-Policy": PERMISSIONS_POLICY,
    }
    reporting = ["report-uri {reports}"]
    secure = app.config["SESSION_COOKIE_SECURE"]
    if secure:
        reporting.append("report-to csp")
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    policy = "; ".join([*CONTENT_SECURITY_POLICY, *reporting])
    app.jinja_env.globals["nonce"] = nonce

    @app.after_request
    def _add(response: Response) -> Response:
        reports = f"{quote(request.root_path)}{REPORTS_PATH}"
        response.headers["Content-Security-Policy"] = policy.format(nonce=nonce(), reports=reports)
        if secure:
            # Over plain HTTP Chromium sends nothing to such an endpoint, nor then to report-uri.
            response.headers["Reporting-Endpoints"] = f'csp="{reports}"'
        # Nothing else here sets them, so they are added without being looked for.
        response.headers.extend(headers)
        return response


def nonce() -> str:
    """What this answer's own scripts and htmx elements bear, and injected ones can't: 128 random bits."""
    made: str | None = g.get("nonce")
    if made is None:
        made = g.nonce = secrets.token_urlsafe(16)
    return made
