"""What owners and administrators may do about one member, and who may do what.

Both accounts are held while it is done, and the rights are checked then, so what two people do to each other
at once is done one after the other. Nobody can do any of it to themselves, and only another owner to an
owner. So there is always one left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from flask_babel import lazy_gettext as _

from console.accounts.models import Account, Role
from console.mail import messages
from console.operator import rules as operator
from console.operator.rules import Act, NothingToDo
from console.organization import audit, rights
from console.organization.help import rules as help_rules
from console.organization.members import statements
from console.organization.rights import NotAllowed
from mfa.database import affected
from mfa.errors import Refusal
from mfa.notices import outbox

BETWEEN_REMINDERS = timedelta(days=1)


class Action(StrEnum):
    """What may be done; the value is part of the address."""

    REMIND = "remind"
    CHANGE_ROLE = "role"
    SIGN_OUT = "sign-out"
    LOCK = "lock"
    UNLOCK = "unlock"
    RESET = "reset"
    REMOVE = "remove"


class RemindedAlready(Refusal):
    """They were reminded within a day."""

    says = _("They were reminded less than a day ago.")


@dataclass(frozen=True)
class Request:
    """
    :param reason: the member reads it, 1 to 200 characters; a reminder has none.
    :param role: the new one, where it is to change.
    """

    actor: Account
    member: Account
    now: datetime
    reason: str = ""
    role: Role | None = None

    @property
    def act(self) -> Act:
        return Act(self.actor.email, self.reason, self.now, self.actor.id)


def offered(actor: Account, member: Account, *, is_helped: bool = False) -> list[Action]:
    """Return what *actor* may do about *member* now, in the order of a page.

    :param is_helped: there is a request to reset their 2-step verification that is not over.
    """
    if not rights.may(actor, member):
        return []
    is_locked = member.locked_at is not None
    fits = {
        Action.REMIND: not member.two_step_on and not is_locked,
        Action.CHANGE_ROLE: not is_locked,
        Action.SIGN_OUT: True,
        Action.LOCK: not is_locked,
        Action.UNLOCK: is_locked,
        Action.RESET: member.two_step_on and not is_locked and not is_helped,
        Action.REMOVE: True,
    }
    return [action for action, is_offered in fits.items() if is_offered]


def roles(actor: Account) -> list[Role]:
    """Return the roles that *actor* may give."""
    return list(Role) if actor.role is Role.OWNER else [Role.ADMINISTRATOR, Role.MEMBER]


def do(action: Action, request: Request) -> None:
    """Do it, write it down and tell the member.

    :raises NotAllowed, Oneself, NoMember: the actor may not do it, or not to this member.
    :raises audit.BadReason: no reason, or a longer one.
    :raises NothingToDo, operator.IsLocked: the member is like that already, or can't be.
    :raises RemindedAlready: within a day.
    :raises help_rules.AskedAlready, help_rules.IsStopped, help_rules.NobodyElse: a reset can't be asked for.
    :raises people.Changed: the account was changed at the same moment.
    """
    with _held(request):
        _RULES[action](request)


@contextmanager
def _held(request: Request) -> Iterator[None]:
    with rights.held(request.actor, request.member) as accounts:
        if request.role is Role.OWNER and accounts[request.actor.id].role is not Role.OWNER:
            raise NotAllowed
        yield


def _remind(request: Request) -> None:
    member, now = request.member, request.now
    if member.two_step_on or member.locked_at:
        raise NothingToDo
    if not affected(
        statements.REMIND, {"account_id": member.id, "now": now, "latest": now - BETWEEN_REMINDERS}
    ):
        raise RemindedAlready
    outbox.post(messages.turn_on_two_step, member, now, always=True)
    audit.write_down(audit.Event.MEMBER_REMINDED, actor=request.actor.id, subject=member.id, now=now)


def _change_role(request: Request) -> None:
    assert request.role is not None
    operator.give_role(request.member, request.role, request.act)


def _reset(request: Request) -> None:
    if not request.member.two_step_on:
        raise NothingToDo
    if request.member.locked_at:
        raise operator.IsLocked
    help_rules.ask(request.actor, request.member, request.act.reason, request.now)


def _by_operator(rule: Callable[[Account, Act], None]) -> Callable[[Request], None]:
    return lambda request: rule(request.member, request.act)


_RULES: dict[Action, Callable[[Request], None]] = {
    Action.REMIND: _remind,
    Action.CHANGE_ROLE: _change_role,
    Action.SIGN_OUT: _by_operator(operator.sign_out),
    Action.LOCK: _by_operator(operator.lock),
    Action.UNLOCK: _by_operator(operator.unlock),
    Action.RESET: _reset,
    Action.REMOVE: _by_operator(operator.remove),
}
