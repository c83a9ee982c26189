"""Sign-out, and the tab Sessions."""

from __future__ import annotations

from flask import Blueprint, Response, abort, url_for
from flask_babel import gettext
from flask_login import current_user

from console.extensions import csrf, two_step
from console.sessions import browser, forms, rules
from console.sessions.models import AccountSession
from console.web import layouts, notices
from console.web.access import public
from mfa import clock, devices
from mfa.enrollment.proof import FRESH
from mfa.web import devices as browsers, hx

blueprint = Blueprint("sessions", __name__)


@blueprint.post("/sign-out")
# Asked for below, where there is something to end. Flask-WTF has no types.
@csrf.exempt  # type: ignore[untyped-decorator]  # Flask-WTF has no types
@public
def sign_out() -> Response:
    """End the session on the server and empty the cookie; harmless for anyone not signed in.

    The CSRF token is asked for only where there is something to end: a window that still shows the account
    after another one has signed out holds an old token, and is as signed out as that one.
    """
    if two_step.is_signing_in() or current_user.is_authenticated:
        csrf.protect()
    if current_user.is_authenticated:
        rules.sign_out(current_user.session, browsers.here())
    two_step.cancel_sign_in()
    browser.empty()
    notices.say(gettext("You are signed out."), "info")
    return hx.leave(url_for("accounts.sign_in"))


@blueprint.get("/account/sessions")
def tab() -> Response:
    return _show_tab()


@blueprint.post("/account/sessions/end")
@two_step.verified(within=FRESH)
def end() -> Response:
    """Sign one other device out."""
    form = forms.EndSessionForm()
    if not form.validate() or form.session.data == current_user.session.id:
        abort(400)
    with browser.known_as_before():
        rules.end_one(current_user.account, form.session.data, browsers.here())
    return _say(gettext("That device is signed out."))


@blueprint.post("/account/sessions/end-others")
@two_step.verified(within=FRESH)
def end_others() -> Response:
    """Sign every other device out."""
    with browser.known_as_before():
        rules.end_others(current_user.account, current_user.session, browsers.here())
    return _say(gettext("Every other device is signed out."))


def _say(message: str) -> Response:
    return notices.onward(message, url_for("sessions.tab"), _show_tab)


def _show_tab(message: str | None = None) -> Response:
    here = current_user.session
    others = [
        session for session in rules.live(current_user.account.id, clock.now()) if session.id != here.id
    ]
    return hx.render(
        "sessions/_tab.html",
        layouts.CONSOLE,
        title=gettext("Sessions"),
        tab="sessions",
        here=here,
        others=[(session, _form(session)) for session in others],
        device_name=devices.name,
        message=message,
    )


def _form(session: AccountSession) -> forms.EndSessionForm:
    return forms.EndSessionForm(formdata=None, session=session.id)
