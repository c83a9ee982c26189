"""Sign-out."""

from __future__ import annotations

from flask import Blueprint, Response, flash, url_for
from flask_login import current_user

from mfa.database import transaction
from mfa.sessions import browser, rules
from mfa.web import hx
from mfa.web.access import public

blueprint = Blueprint("sessions", __name__)


@blueprint.post("/sign-out")
@public
def sign_out() -> Response:
    """End the session on the server and empty the cookie; harmless for anyone not signed in."""
    half = browser.half()
    with transaction():
        if current_user.is_authenticated:
            rules.end(current_user.session.id)
        if half:
            rules.end(half[0].id)
    browser.empty()
    flash("You are signed out.", "info")
    return hx.leave(url_for("accounts.sign_in"))
