"""The response headers that hold on every answer, errors and static files included."""

from __future__ import annotations

from urllib.parse import quote

from flask import Flask, Response

from mfa import at_work
from mfa.web.headers import CONTENT_SECURITY_POLICY, PERMISSIONS_POLICY, is_document, policy

REPORTS_PATH = "/csp-report"


def add(app: Flask, *, styles: str) -> None:
    """Add them to every answer of *app*, and to its documents those that only documents obey.

    :param styles: the source of styles that pages may hold besides those of this site.
    """
    headers = {
        "X-Content-Type-Options": "nosniff",
        # Some addresses hold a token. Where a request comes from, Sec-Fetch-Site says.
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    documents = {
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Origin-Agent-Cluster": "?1",
        "Permissions-Policy": PERMISSIONS_POLICY,
    }
    reporting = ["report-uri {reports}"]
    secure = app.config["SESSION_COOKIE_SECURE"]
    if secure:
        reporting.append("report-to csp")
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    of_document = "; ".join([*CONTENT_SECURITY_POLICY, *reporting]).replace(
        "style-src ", f"style-src {styles} "
    )

    @app.after_request
    def _add(response: Response) -> Response:
        reports = f"{quote(at_work.request().root_path)}{REPORTS_PATH}"
        response.headers["Content-Security-Policy"] = policy(response, of_document, reports=reports)
        # Nothing else here sets them, so they are added without being looked for.
        response.headers.extend(headers)
        if is_document(response):
            response.headers.extend(documents)
            if secure:
                # Over plain HTTP Chromium sends nothing to such an endpoint, nor then to report-uri.
                response.headers["Reporting-Endpoints"] = f'csp="{reports}"'
        return response
