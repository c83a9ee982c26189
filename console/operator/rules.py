"""What an operator may do to an account. Each act has a reason, and its owner is told of it.

An operator can take a second step away, end sessions and lock an account. He can't read a secret, set a
password or sign anybody in: who has lost everything proves anew who he is, and then sets a password by mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.accounts import addresses, rules as accounts
from console.accounts.models import Account
from console.activity import events
from console.mail import messages
from console.sessions import rules as sessions
from console.two_step import rules as two_step
from mfa.activity import rules as activity
from mfa.attempts import rules as attempts
from mfa.database import transaction
from mfa.errors import Refusal
from mfa.here import Here
from mfa.notices import outbox


class NoReason(Refusal):
    """An operator gave no reason."""

    says = "Give a reason of 1 to 200 characters."


class NoAccount(Refusal):
    """There is no account with that address."""

    says = "There is no account with this address."


class NothingToDo(Refusal):
    """The account is already as it was to become."""

    says = "Nothing to do: the account is like that already."


@dataclass(frozen=True)
class Act:
    """Who does something, why, and when.

    :param operator: a name that the people who run the installation know; not shown to the owner.
    :param reason: shown to the owner, 1 to 200 characters.
    """

    operator: str
    reason: str
    now: datetime

    def __post_init__(self) -> None:
        if not self.reason.strip() or len(self.reason) > 200 or not self.reason.isprintable():
            raise NoReason


@dataclass(frozen=True)
class Shown:
    """What an operator sees of an account."""

    account: Account
    two_step: two_step.State
    sessions: int
    waits: int


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
    )


def disable_two_step(account: Account, act: Act) -> None:
    """Turn 2-step verification off and end every session.

    :raises NothingToDo: it is off.
    :raises accounts.Changed: the account was changed at the same moment.
    """
    with transaction():
        accounts.advance(account)
        if not two_step.delete_second_step(account.person_id):
            raise NothingToDo
        every = attempts.account_subject(account.id)
        attempts.reset((every, attempts.SECOND_STEP), (every, attempts.SECOND_STEP_FAILURES))
        _end_everything(account)
        _write_down(account, events.SUPPORT_DISABLED, act)


def sign_out(account: Account, act: Act) -> None:
    """End every session; no device is known any more."""
    with transaction():
        accounts.advance(account)
        _end_everything(account)
        _write_down(account, events.SUPPORT_SIGNED_OUT, act)


def lock(account: Account, act: Act) -> None:
    """Keep everyone out, the owner included, until :func:`unlock`.

    :raises NothingToDo: it is locked.
    :raises accounts.Changed: the account was changed at the same moment.
    """
    if account.locked_at:
        raise NothingToDo
    with transaction():
        # A sign-in at this moment holds the row by its generation, so it comes before this or fails.
        accounts.advance(account, locked_at=act.now)
        _end_everything(account)
        _write_down(account, events.SUPPORT_LOCKED, act)


def unlock(account: Account, act: Act) -> None:
    """Let people in again.

    :raises NothingToDo: it is not locked.
    """
    if not account.locked_at:
        raise NothingToDo
    with transaction():
        accounts.advance(account, locked_at=None)
        _write_down(account, events.SUPPORT_UNLOCKED, act)


def _end_everything(account: Account) -> None:
    sessions.end_all(account.id)
    sessions.forget_devices(account)


def _write_down(account: Account, event: str, act: Act) -> None:
    activity.record(account.id, event, Here(act.now), reason=act.reason, operator=act.operator)
    outbox.post(messages.by_support, account, act.now, always=True, what=event, reason=act.reason)
