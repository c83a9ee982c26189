"""What is decided about a request to help a member: a page that says what it is about, and its press."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, url_for
from flask_babel import gettext
from flask_login import current_user

from console.extensions import two_step
from console.organization.help import rules, words
from console.organization.help.forms import WithdrawForm
from console.organization.help.rules import Decision, Shown, State
from console.organization.members import routes as members
from console.organization.members.listing import Member
from console.web import layouts, notices
from mfa import clock
from mfa.columns import LARGEST_ID
from mfa.enrollment.proof import FRESH
from mfa.errors import Refusal
from mfa.web import hx
from mfa.web.forms import Form

blueprint = Blueprint("help", __name__)
blueprint.record(lambda state: rules.listen(state.app))
_ONE = f"/members/<int(max={LARGEST_ID}):account_id>/reset/<int(max={LARGEST_ID}):request_id>"


@blueprint.get(f"{_ONE}/approve")
@two_step.verified(within=FRESH)
def ask_approve(account_id: int, request_id: int) -> Response:
    member = members.found(account_id)
    shown = _request(member, request_id)
    if shown is None or not rules.may_approve(current_user.account, shown):
        return hx.redirect(_of_member(account_id))
    return _show_approve(shown, Form())


@blueprint.post(f"{_ONE}/approve")
@two_step.verified(within=FRESH)
def approve(account_id: int, request_id: int) -> Response:
    """Approve it: the link is mailed to the member."""
    form, member = Form(), members.found(account_id)
    decision = Decision(current_user.account, member.account, request_id, clock.now())
    try:
        rules.approve(decision)
    except Refusal as error:
        return _refuse(error, form, member, request_id, _show_approve)
    return members.say_done(account_id, gettext("The link is on its way to the member."))


@blueprint.get(f"{_ONE}/withdraw")
@two_step.verified(within=FRESH)
def ask_withdraw(account_id: int, request_id: int) -> Response:
    member = members.found(account_id)
    shown = _request(member, request_id)
    if shown is None or not rules.may_withdraw(current_user.account, shown):
        return hx.redirect(_of_member(account_id))
    return _show_withdraw(shown, WithdrawForm(formdata=None))


@blueprint.post(f"{_ONE}/withdraw")
@two_step.verified(within=FRESH)
def withdraw(account_id: int, request_id: int) -> Response:
    """Withdraw it, or the link that is out."""
    form, member = WithdrawForm(), members.found(account_id)
    if not form.validate():
        abort(400)
    seen = State(form.seen.data)
    decision = Decision(current_user.account, member.account, request_id, clock.now())
    try:
        rules.withdraw(decision, seen)
    except Refusal as error:
        return _refuse(error, form, member, request_id, _show_withdraw)
    return members.say_done(account_id, words.withdrawn(seen))


def _refuse(
    error: Refusal,
    form: Form,
    member: Member,
    request_id: int,
    show: Callable[[Shown, Any, int], Response],
) -> Response:
    """Say what became of the request; with the form again where there is still something to press."""
    shown = _request(member, request_id)
    if shown is None or shown.state not in _PRESSED[show]:
        if not hx.wanted():
            notices.say(error.sentence, "warning")
            return hx.redirect(_of_member(member.account.id))
        return members.show_member(members.found(member.account.id), refused=error)
    form.form_errors.append(error.sentence)
    return show(shown, form, error.status)


def _request(member: Member, request_id: int) -> Shown | None:
    found = rules.of(member.account.id, clock.now())
    return found if found is not None and found.id == request_id else None


def _of_member(account_id: int) -> str:
    return url_for("organization.members.one", account_id=account_id)


def _show_approve(shown: Shown, form: Form, status: int = 200) -> Response:
    return _show("_approve.html", gettext("Approve the reset"), status, shown=shown, form=form)


def _show_withdraw(shown: Shown, form: WithdrawForm, status: int = 200) -> Response:
    form.seen.data = shown.state.value
    title = gettext("Withdraw the link") if shown.state is State.OUT else gettext("Withdraw the request")
    return _show("_withdraw.html", title, status, shown=shown, form=form)


def _show(template: str, title: str, status: int, **values: Any) -> Response:
    return hx.render(
        f"organization/help/{template}",
        layouts.ORGANIZATION,
        title=title,
        status=status,
        tab="members",
        **values,
    )


_PRESSED: dict[Callable[[Shown, Any, int], Response], tuple[State, ...]] = {
    _show_approve: (State.WAITING,),
    _show_withdraw: (State.WAITING, State.OUT),
}
"""In which states a page has something to press."""
