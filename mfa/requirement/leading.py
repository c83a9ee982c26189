"""Lead people to what must come first."""

from __future__ import annotations

from flask import Response, jsonify, request

from mfa.accounts import accounts
from mfa.web import hx, visitor

SIGN_IN = "sign_in_required"
"""Nobody is signed in."""
VERIFICATION = "verification_required"
"""The second step, or what replaces it, must be shown."""
TWO_STEP = "two_step_required"
"""2-step verification must be turned on."""
_STATUS = {SIGN_IN: 401, VERIFICATION: 401, TWO_STEP: 403}


def lead(url: str, error: str) -> Response:
    """Lead the window to *url*, by a GET; answer a request for data with *error* and *url* as JSON.

    :param error: :data:`SIGN_IN`, :data:`VERIFICATION` or :data:`TWO_STEP`.
    """
    if not is_for_data():
        return hx.leave(url)
    answer = jsonify(error=error, location=url)
    answer.status_code = _STATUS[error]
    answer.headers["Cache-Control"] = "no-store"
    if answer.status_code == 401:
        # RFC 9110 §15.5.2 requires it; browsers ignore a scheme that they don't know.
        answer.headers["WWW-Authenticate"] = "TwoStep"
    return answer


def lead_to_sign_in() -> Response:
    """Lead the window to the host's sign-in page, and tell a request for data where that is."""
    if is_for_data():
        return lead(accounts().sign_in_url(visitor.whereabouts()), SIGN_IN)
    return visitor.to_sign_in()


def is_for_data() -> bool:
    """Return True if a script other than htmx asks: it sends or accepts JSON, or fetches what is no page."""
    if hx.wanted():
        return False
    if request.is_json:
        return True
    if request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        return "text/html" not in request.headers.get("Accept", "")
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
