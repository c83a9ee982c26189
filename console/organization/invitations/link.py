"""What the mailed link of an invitation opens. A GET only shows a page: mail scanners open links."""

from __future__ import annotations

from flask import Blueprint, Response, url_for
from flask_babel import gettext

from console.accounts.models import Role
from console.accounts.names import BadName
from console.accounts.roles import NAMES
from console.accounts.rules import LinkEnded
from console.auth import answers
from console.auth.forms import CreateAccountForm
from console.organization.invitations import rules
from console.organization.invitations.rules import AccountExists, Invited
from console.passwords.rules import BadPassword
from console.sessions import browser
from console.web import errors, layouts, notices
from console.web.access import public
from mfa import clock
from mfa.attempts.hashing import Busy
from mfa.people.rules import Changed
from mfa.web import devices, hx, ranges
from mfa.web.forms import Form

blueprint = Blueprint("invitation", __name__, url_prefix="/invitations")


@blueprint.get("/<token>")
@public
def show(token: str) -> Response:
    """Ask for name and password, or, of somebody who was removed, whether they come back."""
    return _show(token, CreateAccountForm())


@blueprint.post("/<token>")
@public
@ranges.guesses
@ranges.at(ranges.nobody)
def accept(token: str) -> Response:
    """Open the account; for somebody who was removed, take them back."""
    try:
        invited = rules.read_link(token, clock.now())
    except (LinkEnded, AccountExists):
        return _show(token, CreateAccountForm())
    return _come_back(token) if invited.account else _open_account(token)


def _open_account(token: str) -> Response:
    form = CreateAccountForm()
    if not form.validate():
        return _show(token, form, errors.UNPROCESSABLE)
    try:
        account = rules.accept(token, name=form.name.data, password=form.password.data, here=devices.here())
    except BadName as error:
        return _show(token, form, errors.refuse(form.name, error))
    except (BadPassword, Busy) as error:
        return _show(token, form, errors.refuse(form.password, error))
    except (LinkEnded, AccountExists):
        return _show(token, form)
    return answers.enter(account, told=True)


def _come_back(token: str) -> Response:
    try:
        rules.come_back(token, devices.here())
    except (LinkEnded, AccountExists, Changed):
        return _show(token, CreateAccountForm())
    # Somebody else may be signed in here: the sign-in page would lead into their account.
    browser.leave()
    notices.say(gettext("You are back. Sign in as before."), "success")
    return hx.leave(url_for("accounts.sign_in"))


def _show(token: str, form: CreateAccountForm, status: int = 200) -> Response:
    try:
        invited = rules.read_link(token, clock.now())
    except LinkEnded:
        return _ended()
    except AccountExists:
        return hx.render(
            "organization/invitations/_exists.html",
            layouts.CARD,
            title=gettext("You have an account already"),
            status=410,
            once={},
        )
    action = url_for("invitation.accept", token=token)
    if invited.account:
        return hx.render(
            "organization/invitations/_come_back.html",
            layouts.CARD,
            title=gettext("Welcome back"),
            form=Form(),
            email=invited.address.text,
            note=_note(invited),
            action=action,
        )
    return answers.show_create_account(form, invited.address.text, action, status, note=_note(invited))


def _note(invited: Invited) -> str | None:
    if invited.role is Role.MEMBER:
        return None
    return gettext("You are invited as: %(role)s", role=NAMES[invited.role])


def _ended() -> Response:
    return answers.link_ended(
        url_for("accounts.sign_in"),
        gettext("Sign in"),
        gettext(
            "It was used already, withdrawn or sent again, or is older than seven days. Ask the person who"
            " invited you for another one."
        ),
    )
