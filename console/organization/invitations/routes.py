"""The invitations, in the tab Members: the list, and what may be done about one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext
from flask_login import current_user

from console.accounts.addresses import BadAddress
from console.accounts.models import Role
from console.accounts.roles import NAMES
from console.extensions import two_step
from console.organization.invitations import forms, listing, rules, words
from console.organization.invitations.listing import Wanted
from console.organization.rights import NotAllowed
from console.web import errors, layouts, notices, query
from mfa import clock
from mfa.attempts.rules import Throttled
from mfa.columns import LARGEST_ID
from mfa.enrollment.proof import FRESH
from mfa.errors import Refusal
from mfa.web import hx, ranges

blueprint = Blueprint("invitations", __name__)
_ONE = f"/invitations/<int(max={LARGEST_ID}):invitation_id>"


@blueprint.get("/invitations")
def index() -> Response:
    """Show those that the address asks for, from the newest or from before the one with the id ``before``."""
    return _show_list(*_asked())


@blueprint.get("/invitations/new")
@two_step.verified(within=FRESH)
def ask() -> Response:
    return _show_form(forms.invite(current_user.account))


@blueprint.post("/invitations/new")
@two_step.verified(within=FRESH)
@ranges.mails
def invite() -> Response:
    actor = current_user.account
    form = forms.invite(actor)
    if not form.validate():
        return _show_form(form, errors.UNPROCESSABLE)
    try:
        address = rules.invite(actor, form.email.data, Role(form.role.data), clock.now())
    except NotAllowed as error:
        return _show_form(form, errors.refuse(form.role, error))
    except (BadAddress, rules.HasAccount, rules.InvitedAlready, rules.IsReserved, Throttled) as error:
        return _show_form(form, errors.refuse(form.email, error))
    return _say(gettext("The invitation to %(address)s is on its way.", address=address.text), Wanted())


@blueprint.post(f"{_ONE}/again")
@two_step.verified(within=FRESH)
@ranges.mails
def send_again(invitation_id: int) -> Response:
    try:
        rules.send_again(current_user.account, invitation_id, clock.now())
    except (NotAllowed, rules.Over, rules.SentLately, rules.HasAccount, Throttled) as error:
        return _refuse(error)
    message = gettext("The invitation is on its way again. The link that was sent before has ended.")
    return _say(message, *_asked())


@blueprint.post(f"{_ONE}/withdraw")
@two_step.verified(within=FRESH)
def withdraw(invitation_id: int) -> Response:
    try:
        rules.withdraw(current_user.account, invitation_id, clock.now())
    except (NotAllowed, rules.Over) as error:
        return _refuse(error)
    return _say(gettext("The invitation is withdrawn. Its link opens nothing any more."), *_asked())


def _asked() -> tuple[Wanted, int | None]:
    """Return what the address asks for; that of a button names the list in which the button stands."""
    return forms.wanted(request.args), query.row_id("before")


def _say(message: str, wanted: Wanted, before: int | None = None) -> Response:
    asked: dict[str, Any] = {"before": before, **forms.asked(wanted)}
    url = url_for("organization.invitations.index", **asked)
    return notices.onward(message, url, lambda said: _show_list(wanted, before, message=said))


def _refuse(error: Refusal) -> Response:
    return _show_list(*_asked(), refused=error.sentence, status=error.status)


def _show_list(
    wanted: Wanted,
    before: int | None = None,
    *,
    message: str | None = None,
    refused: str | None = None,
    status: int = 200,
) -> Response:
    page = listing.page(wanted, current_user.account, clock.now(), before)
    return hx.render(
        "organization/invitations/_list.html",
        layouts.ORGANIZATION,
        title=gettext("Invitations"),
        status=status,
        tab="members",
        once={"refused": refused} if refused else None,
        wanted=wanted,
        asked=forms.asked(wanted),
        before=before,
        invitations=page.invitations,
        next=page.next,
        message=message,
        words=words,
        role_names=NAMES,
    )


def _show_form(form: forms.InviteForm, status: int = 200) -> Response:
    return hx.render(
        "organization/invitations/_invite.html",
        layouts.ORGANIZATION,
        title=gettext("Invite people"),
        status=status,
        tab="members",
        form=form,
    )
