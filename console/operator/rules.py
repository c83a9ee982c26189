"""What an operator may do to an account. Each act has a reason, and its owner is told of it.

An operator can take a second step away, end sessions and lock an account. He can't read a secret, set a
password or sign anybody in: people who have lost everything prove who they are, and then set a password by
mail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _

from console.accounts import addresses, rules as accounts
from console.accounts.models import Account, Role
from console.activity import events
from console.deletion import rules as deletion
from console.extensions import db
from console.mail import messages
from console.organization import audit
from console.organization.help import rules as help_rules
from console.sessions import rules as sessions
from mfa import accounts as adapters, signals
from mfa.activity import rules as activity
from mfa.attempts import rules as attempts
from mfa.database import after_commit, transaction
from mfa.enrollment import rules as two_step
from mfa.errors import Refusal
from mfa.here import Here
from mfa.notices import outbox
from mfa.people import rules as people
from mfa.sign_in import remembered


class NoAccount(Refusal):
    """There is no account with that address."""

    says = "There is no account with this address."


class NothingToDo(Refusal):
    """The account is already as it was to become."""

    says = _("Nothing to do: the account is like that already.")


class IsLocked(Refusal):
    """The account is locked, so nobody can own the organization by it."""

    says = _("The account is locked. Unlock it first.")


class IsLeaving(IsLocked):
    """The account is to be deleted."""

    says = _("The account is to be deleted. Its owner has to sign in first, which takes that back.")


@dataclass(frozen=True)
class Act:
    """Who does something, why, and when.

    :param operator: a name that the people who run the installation know; not shown to the owner.
    :param reason: shown to the owner, 1 to 200 characters.
    :param actor: the account of the owner or administrator who does it; None for a command.
    :raises audit.BadReason: it is none.
    """

    operator: str
    reason: str
    now: datetime
    actor: int | None = None

    def __post_init__(self) -> None:
        audit.check_reason(self.reason)


@dataclass(frozen=True)
class Shown:
    """What an operator sees of an account."""

    account: Account
    two_step: two_step.State
    sessions: int
    waits: int
    browsers: int


def find(email: str) -> Account:
    """The account with that address.

    :raises NoAccount: there is none.
    """
    try:
        account = accounts.find(addresses.parse(email))
    except addresses.BadAddress as error:
        raise NoAccount from error
    if account is None:
        raise NoAccount
    return account


def show(account: Account, act: Act) -> Shown:
    """What support needs to help: state, dates and counts, and nothing secret."""
    with transaction():
        _write_down(account, events.SUPPORT_LOOKED, act)
    return Shown(
        account,
        two_step.state(account.person_id),
        len(sessions.live(account.id, act.now)),
        attempts.wait(accounts.address_subject(accounts.address_of(account)), attempts.PASSWORD, act.now),
        len(remembered.of(people.owner(adapters.identify(account)), act.now)),
    )


def disable_two_step(account: Account, act: Act) -> None:
    """Turn 2-step verification off and end every session.

    :raises NothingToDo: it is off.
    :raises accounts.Changed: the account was changed at the same moment.
    """
    with transaction():
        accounts.advance(account, forget_devices=True, two_step_on=False)
        if not two_step.delete_second_step(account.person_id):
            raise NothingToDo
        every = attempts.account_subject(account.id)
        attempts.reset((every, attempts.SECOND_STEP), (every, attempts.SECOND_STEP_FAILURES))
        _end_everything(account)
        dropped = help_rules.drop(account.id)
        _write_down(account, events.SUPPORT_DISABLED, act, audit.Event.TWO_STEP_RESET)
        help_rules.note_dropped(account.id, dropped, act.now)
        after_commit(
            lambda: signals.send(
                activity.TWO_STEP_RESET,
                person_id=account.person_id,
                now=act.now,
                device="",
                network="",
                details={"reason": act.reason, "operator": act.operator},
            )
        )


def sign_out(account: Account, act: Act) -> None:
    """End every session; no device is known any more, and no browser remembered."""
    with transaction():
        accounts.advance(account, forget_devices=True)
        _end_everything(account)
        _write_down(account, events.SUPPORT_SIGNED_OUT, act, audit.Event.MEMBER_SIGNED_OUT)


def lock(account: Account, act: Act) -> None:
    """Keep everyone out, the owner included, until :func:`unlock`. The account is not deleted meanwhile.

    :raises NothingToDo: it is locked.
    :raises accounts.Changed: the account was changed at the same moment.
    """
    if account.locked_at:
        raise NothingToDo
    with transaction():
        # A sign-in at this moment holds the row by its generation, so it comes before this or fails.
        accounts.advance(account, forget_devices=True, locked_at=act.now)
        _end_everything(account)
        dropped = help_rules.drop(account.id)
        _write_down(account, events.SUPPORT_LOCKED, act, audit.Event.MEMBER_LOCKED)
        help_rules.note_dropped(account.id, dropped, act.now)


def unlock(account: Account, act: Act) -> None:
    """Let people in again, also somebody who was removed from the organization.

    Where the account was to be deleted, its owner has all of the days again to take that back.

    :raises NothingToDo: it is not locked.
    """
    if not account.locked_at:
        raise NothingToDo
    with transaction():
        let_in(account, act.now)
        _write_down(account, events.SUPPORT_UNLOCKED, act, audit.Event.MEMBER_UNLOCKED)
    db.session.refresh(account)


def let_in(account: Account, now: datetime, **values: Any) -> None:
    """Take the lock off, and the account back into the organization, as part of the caller's transaction.

    :param values: columns that change with it.
    :raises accounts.Changed: the account was changed at the same moment.
    """
    delete_at = deletion.moment(now) if account.delete_at else None
    accounts.advance(
        account, locked_at=None, removed_at=None, delete_at=delete_at, delete_reminded_at=None, **values
    )
    if delete_at:
        deletion.tell(account, now, delete_at)


def give_role(account: Account, role: Role, act: Act) -> None:
    """Make the account an owner of the organization, an administrator, or a member without further rights.

    Whether an owner remains is the caller's part.

    :raises NothingToDo: it is that.
    :raises IsLocked: it is locked.
    :raises IsLeaving: it is to be deleted.
    :raises accounts.Changed: the account was changed at the same moment.
    """
    if account.role is role:
        raise NothingToDo
    if account.locked_at:
        raise IsLocked
    if account.delete_at:
        raise IsLeaving
    with transaction():
        if not accounts.update(account, role=role):
            raise people.Changed
        is_command = role is Role.OWNER and act.actor is None
        change = audit.Event.OWNER_MADE if is_command else audit.Event.ROLE_CHANGED
        _write_down(account, _GIVEN[role], act, change, detail={"role": role.value})


def remove(account: Account, act: Act) -> None:
    """Take the account out of the organization: it is locked, signed out everywhere and no longer listed.

    :func:`unlock` brings it back, as a member.

    :raises NothingToDo: it was removed before.
    :raises accounts.Changed: the account was changed at the same moment.
    """
    if account.removed_at:
        raise NothingToDo
    with transaction():
        accounts.advance(
            account,
            forget_devices=True,
            locked_at=account.locked_at or act.now,
            removed_at=act.now,
            role=Role.MEMBER,
        )
        _end_everything(account)
        dropped = help_rules.drop(account.id)
        _write_down(account, events.SUPPORT_REMOVED, act, audit.Event.MEMBER_REMOVED)
        help_rules.note_dropped(account.id, dropped, act.now)


_GIVEN = {
    Role.OWNER: events.SUPPORT_MADE_OWNER,
    Role.ADMINISTRATOR: events.SUPPORT_MADE_ADMINISTRATOR,
    Role.MEMBER: events.SUPPORT_MADE_MEMBER,
}


def _end_everything(account: Account) -> None:
    sessions.end_all(account.id)


def _write_down(
    account: Account,
    event: str,
    act: Act,
    change: audit.Event | None = None,
    *,
    detail: Mapping[str, str] | None = None,
) -> None:
    """Write it to the owner's events and mail, and a *change* to the organization's activity."""
    by: dict[str, Any] = {"by": events.By.ORGANIZATION.value} if act.actor is not None else {}
    activity.record(account.id, event, Here(act.now), reason=act.reason, operator=act.operator, **by)
    outbox.post(messages.by_support, account, act.now, always=True, what=event, reason=act.reason, **by)
    if change:
        audit.write_down(
            change,
            actor=act.actor,
            subject=account.id,
            reason=act.reason,
            detail=detail or {},
            now=act.now,
        )
