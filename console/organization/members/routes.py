"""The tab Members: the list, the list as a file, and what may be done about one member."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request, url_for
from flask_babel import gettext
from flask_login import current_user

from console.accounts.models import Role
from console.accounts.roles import NAMES
from console.extensions import two_step
from console.organization.audit import BadReason
from console.organization.help import rules as help_rules, words as help_words
from console.organization.members import acts, export, forms, listing, words
from console.organization.members.acts import Action, Request
from console.organization.members.listing import Member, Wanted
from console.web import errors, layouts, notices, query
from mfa import clock
from mfa.columns import LARGEST_ID
from mfa.enrollment.proof import FRESH
from mfa.errors import Refusal
from mfa.web import downloads, hx
from mfa.web.forms import Form

blueprint = Blueprint("members", __name__)
_ONE = f"/members/<int(max={LARGEST_ID}):account_id>"
_ACTION = f"{_ONE}/<any({', '.join(map(repr, map(str, Action)))}):action>"


@blueprint.get("/members")
def tab() -> Response:
    """Show those whom the address asks for, from the first or after the one with the id ``after``."""
    return _show_list(forms.wanted(request.args), query.row_id("after"))


def _show_list(wanted: Wanted, after: int | None, message: str | None = None) -> Response:
    page = listing.page(wanted, clock.now(), after)
    return hx.render(
        "organization/members/_tab.html",
        layouts.ORGANIZATION,
        title=gettext("Members"),
        tab="members",
        wanted=wanted,
        asked=forms.asked(wanted),
        members=page.members,
        next=page.next,
        first=after is None,
        message=message,
        words=words,
        role_names=NAMES,
        waiting=help_rules.waiting(clock.now()) if after is None and not forms.asked(wanted) else [],
    )


@blueprint.get(_ONE)
def one(account_id: int) -> Response:
    """Show a member, and what may be done about them."""
    return show_member(found(account_id))


@blueprint.get(_ACTION)
@two_step.verified(within=FRESH)
def ask(account_id: int, action: str) -> Response:
    """Say what an action does, and ask for the reason."""
    member = found(account_id)
    is_helped = help_rules.of(account_id, clock.now()) is not None
    if Action(action) not in acts.offered(current_user.account, member.account, is_helped=is_helped):
        return hx.redirect(url_for("organization.members.one", account_id=account_id))
    form = forms.of(Action(action), current_user.account, member.account)
    return _show_form(member, Action(action), form)


@blueprint.post(_ACTION)
@two_step.verified(within=FRESH)
def do(account_id: int, action: str) -> Response:
    member, actor, it = found(account_id), current_user.account, Action(action)
    form = forms.of(it, actor, member.account)
    if not form.validate():
        return _show_form(member, it, form, errors.UNPROCESSABLE)
    reason = form.reason.data if isinstance(form, forms.ReasonForm) else ""
    role = Role(form.role.data) if isinstance(form, forms.RoleForm) else None
    try:
        acts.do(it, Request(actor, member.account, clock.now(), reason, role))
    except BadReason as error:
        return _show_form(member, it, form, errors.refuse(form.reason, error))
    except Refusal as error:
        form.form_errors.append(error.sentence)
        return _show_form(member, it, form, error.status)
    return _say(member, it)


def _say(member: Member, action: Action) -> Response:
    account_id = member.account.id
    message = str(words.ACTIONS[action].done)
    if action is Action.RESET:
        shown = help_rules.of(account_id, clock.now())
        message = help_words.asked(shown.state if shown else None)
    if action is Action.REMOVE:
        url = url_for("organization.members.tab")
        return notices.onward(message, url, lambda said: _show_list(Wanted(), None, said))
    return say_done(account_id, message)


def say_done(account_id: int, message: str) -> Response:
    """Show a member, and what was done about them."""
    url = url_for("organization.members.one", account_id=account_id)
    return notices.onward(message, url, lambda said: show_member(found(account_id), said))


def found(account_id: int) -> Member:
    """Return a member as the database has them now, or end the request with 404."""
    return listing.one(account_id, clock.now()) or abort(404)


def show_member(member: Member, message: str | None = None, *, refused: Refusal | None = None) -> Response:
    """Answer with the page of a member.

    :param message: what was done.
    :param refused: why nothing was done.
    """
    viewer = current_user.account
    shown = help_rules.of(member.account.id, clock.now())
    return hx.render(
        "organization/members/_member.html",
        layouts.ORGANIZATION,
        title=gettext("Member"),
        status=refused.status if refused else 200,
        tab="members",
        member=member,
        offered=acts.offered(viewer, member.account, is_helped=shown is not None),
        is_oneself=member.account.id == viewer.id,
        message=message,
        refused=refused and refused.sentence,
        words=words,
        role_names=NAMES,
        help_words=help_words,
        shown=shown,
        may_approve=shown is not None and help_rules.may_approve(viewer, shown),
        may_withdraw=shown is not None and help_rules.may_withdraw(viewer, shown),
        lead_of_reset=help_words.lead(takes_two=help_rules.takes_two()),
    )


def _show_form(member: Member, action: Action, form: Form, status: int = 200) -> Response:
    return hx.render(
        "organization/members/_act.html",
        layouts.ORGANIZATION,
        title=words.ACTIONS[action].title,
        status=status,
        tab="members",
        member=member,
        action=action.value,
        texts=words.ACTIONS[action],
        lead_of_reset=help_words.lead(takes_two=help_rules.takes_two()) if action is Action.RESET else "",
        form=form,
    )


@blueprint.post("/members.csv")
@two_step.verified(within=FRESH)
def download() -> Response:
    """Send those whom the form asks for as a file."""
    wanted, now = forms.wanted(request.form), clock.now()
    export.note(wanted, by=current_user.account.id, now=now)
    return downloads.file("members.csv", export.lines(wanted, now), "text/csv; charset=utf-8")
