"""Delete my account, in the tab Profile: the page that says what happens, and the press that begins it."""

from __future__ import annotations

from flask import Blueprint, Response, url_for
from flask_babel import gettext
from flask_login import current_user

from console.accounts import roles
from console.deletion import rules
from console.extensions import two_step
from console.sessions import browser
from console.web import layouts, notices
from mfa import clock, times
from mfa.enrollment.proof import FRESH
from mfa.errors import Refusal
from mfa.web import devices, hx
from mfa.web.forms import Form

blueprint = Blueprint("deletion", __name__, url_prefix="/account/profile/delete")


@blueprint.get("")
def ask() -> Response:
    return _show(Form())


@blueprint.post("")
@two_step.verified(within=FRESH)
def delete() -> Response:
    """Lock the account until it is deleted. Nobody is signed in to it any more, this browser included."""
    form = Form()
    try:
        at = rules.request(current_user.account, devices.here())
    except Refusal as error:
        form.form_errors.append(error.sentence)
        return _show(form, error.status)
    browser.empty()
    notices.say(_said(times.moment(at)), "info")
    return hx.leave(url_for("accounts.sign_in"))


def _said(at: str) -> str:
    if rules.can_be_taken_back():
        return gettext(
            "Your account is locked. It is deleted on %(date)s, unless you sign in before then.", date=at
        )
    return gettext("Your account is being deleted. We mail you when it is done.")


def _show(form: Form, status: int = 200) -> Response:
    return hx.render(
        "deletion/_ask.html",
        layouts.CONSOLE,
        title=gettext("Delete my account"),
        status=status,
        tab="profile",
        form=form,
        delete_at=rules.moment(clock.now()) if rules.can_be_taken_back() else None,
        only_owner=roles.OnlyOwner.says if roles.owns_alone(current_user.account) else None,
        cancel_url=url_for("accounts.profile"),
    )
