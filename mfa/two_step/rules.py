"""What may happen to 2-step verification: it is asked for, turned on, its codes reissued, turned off.

Each of these is one transaction, decided by conditional statements: of two at once, one wins, and the
loser hears :class:`mfa.accounts.rules.Changed`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, update

from mfa.accounts import rules as accounts
from mfa.accounts.models import Account
from mfa.attempts import rules as attempts
from mfa.crypto import digits, recovery_codes, totp
from mfa.database import affected, insert_if_absent, transaction
from mfa.errors import Refusal
from mfa.extensions import db
from mfa.mail import messages, outbox
from mfa.sessions import rules as sessions
from mfa.sessions.devices import Device
from mfa.sessions.models import AccountSession
from mfa.toolbox import toolbox
from mfa.two_step import factors
from mfa.two_step.enrollment import LIFETIME, Change, Enrollment, Pending
from mfa.two_step.models import Authenticator, RecoveryCode

_SPENT = "pending"
_REMEMBER = timedelta(seconds=2 * LIFETIME)


class NotSaved(Refusal):
    """The box that says that the recovery codes are saved is not ticked."""


class Stale(Refusal):
    """A step of something that is over: completed, cancelled, or never begun in this session."""


class Expired(Stale):
    """It was open for too long."""


class StartedOver(Stale):
    """It was started over in another window."""


class AlreadyOn(Stale):
    """2-step verification is on: there is nothing to activate."""


class NotOn(Refusal):
    """2-step verification is off."""


@dataclass(frozen=True)
class State:
    """2-step verification as its tab shows it; ``since`` is None while it is off."""

    since: datetime | None
    codes_left: int

    @property
    def on(self) -> bool:
        return self.since is not None


def state(account_id: int) -> State:
    """Whether it is on, since when, and how many recovery codes are left: one statement."""
    left = (
        select(func.count())
        .where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
        .scalar_subquery()
    )
    found = db.session.execute(
        select(Authenticator.activated_at, left).where(Authenticator.account_id == account_id)
    ).first()
    return State(found[0], found[1]) if found else State(None, 0)


# The wizard's third and last step


def confirm_code(account: Account, enrollment: Enrollment, typed: str, now: datetime) -> Enrollment:
    """The enrolment with its app proved, when *typed* is a code of its secret.

    :raises factors.NotSixDigits: not the shape of a code; this is not counted.
    :raises attempts.Throttled: too many wrong codes.
    :raises totp.WrongCode: with the clock's drift in both directions: the secret guards nothing yet.
    """
    code = digits.normalise(typed)
    if code is None:
        raise factors.NotSixDigits
    subject = factors.subject_of(account.id)
    attempts.count(subject, attempts.APP_CODE, now)
    step = totp.match(enrollment.secret(toolbox().ring), code, now.timestamp())
    with transaction():
        attempts.reset(subject, attempts.APP_CODE)
    return enrollment.with_code(step)


def activate(
    account: Account, session: AccountSession, enrollment: Enrollment, *, saved: bool, now: datetime
) -> str:
    """Turn 2-step verification on: the only function that writes anything of an enrolment.

    The account's other sessions end; this one goes on under the new token returned.

    :param saved: the person ticked that the recovery codes are saved.
    :raises NotSaved: not ticked.
    :raises Stale: the enrolment was completed or cancelled.
    :raises accounts.Changed: password or second step were changed since it was begun.
    """
    if not saved:
        raise NotSaved
    assert enrollment.code_step is not None
    ring = toolbox().ring
    sealed = ring.seal(factors.SECRET_PURPOSE, enrollment.secret(ring), factors.associated(account.id))
    recovery_set = _make_set(enrollment)
    with transaction():
        _spend(enrollment, now)
        _advance(account, enrollment)
        turned_on = insert_if_absent(
            Authenticator,
            account_id=account.id,
            sealed_secret=sealed,
            used_step=enrollment.code_step,
            activated_at=now,
            **recovery_set.columns(),
        )
        if not turned_on:
            raise accounts.Changed
        _insert_codes(account.id, recovery_set)
        outbox.post(messages.two_step_on, account.email, now, name=account.name)
        sessions.end_all(account.id, but=session.id)
        return sessions.renew(session, now, proved=False)


def cancel(enrollment: Enrollment, now: datetime) -> None:
    """Give an enrolment up, so that no old copy of the cookie can complete it."""
    with transaction():
        _spend(enrollment, now)


# Sign-in's second step


@dataclass(frozen=True)
class Passed:
    """A sign-in that is complete.

    :param entry: the new session.
    :param codes_left: after a recovery code, how many are left; else None.
    """

    entry: sessions.Entry
    codes_left: int | None = None


def sign_in_with_code(half: AccountSession, typed: str, *, now: datetime, device: Device) -> Passed:
    """Complete a sign-in by a code of the app.

    :raises sessions.SessionEnded: the half-session was used or ended meanwhile.
    :raises factors.NotSixDigits, attempts.Throttled, totp.WrongCode, totp.UsedCode: see
        :func:`factors.check_code`.
    """
    step = factors.check_code(_authenticator(half.account_id), typed, now)
    with transaction():
        factors.use_code(half.account_id, step)
        return Passed(_complete(half, now, device))


def sign_in_with_recovery_code(
    half: AccountSession, account: Account, typed: str, *, now: datetime, device: Device
) -> Passed:
    """Complete a sign-in by a recovery code; the owner is told by mail.

    :raises sessions.SessionEnded: the half-session was used or ended meanwhile.
    :raises factors.NotARecoveryCode, attempts.Throttled, factors.WrongRecoveryCode: see
        :func:`factors.check_recovery_code`.
    """
    digest = factors.check_recovery_code(_authenticator(half.account_id), typed, now)
    with transaction():
        left = factors.use_recovery_code(half.account_id, digest, now)
        outbox.post(messages.recovery_code_used, account.email, now, name=account.name, codes_left=left)
        return Passed(_complete(half, now, device), left)


# Reissue and disable


def reissue(account: Account, change: Change, *, saved: bool, now: datetime) -> None:
    """Put the new recovery codes in the place of the old ones.

    :raises NotSaved: not ticked.
    :raises Stale: completed already.
    :raises accounts.Changed: password or second step were changed since the password was typed.
    """
    if not saved:
        raise NotSaved
    recovery_set = _make_set(change)
    with transaction():
        _spend(change, now)
        _advance(account, change)
        db.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
        replaced = affected(
            update(Authenticator).where(Authenticator.account_id == account.id).values(recovery_set.columns())
        )
        if not replaced:
            raise accounts.Changed
        _insert_codes(account.id, recovery_set)
        outbox.post(messages.recovery_codes_reissued, account.email, now, name=account.name)


def disable_with_code(
    account: Account, session: AccountSession, change: Change, typed: str, now: datetime
) -> str:
    """Turn 2-step verification off by a code of the app; see :func:`_disable`.

    :raises factors.NotSixDigits, attempts.Throttled, totp.WrongCode, totp.UsedCode: see
        :func:`factors.check_code`.
    """
    step = factors.check_code(_authenticator(account.id), typed, now)
    return _disable(account, session, change, lambda: factors.use_code(account.id, step), now)


def disable_with_recovery_code(
    account: Account, session: AccountSession, change: Change, typed: str, now: datetime
) -> str:
    """Turn 2-step verification off by a recovery code; see :func:`_disable`.

    :raises factors.NotARecoveryCode, attempts.Throttled, factors.WrongRecoveryCode: see
        :func:`factors.check_recovery_code`.
    """
    digest = factors.check_recovery_code(_authenticator(account.id), typed, now)

    def use() -> None:
        factors.use_recovery_code(account.id, digest, now)

    return _disable(account, session, change, use, now)


def _disable(
    account: Account,
    session: AccountSession,
    change: Change,
    use_factor: Callable[[], None],
    now: datetime,
) -> str:
    """Delete everything that is kept of 2-step verification; the other sessions end.

    Returns the new token of this session.

    :raises Stale: done already.
    :raises accounts.Changed: password or second step were changed since the password was typed.
    """
    with transaction():
        use_factor()
        _spend(change, now)
        _advance(account, change)
        db.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
        db.session.execute(delete(Authenticator).where(Authenticator.account_id == account.id))
        outbox.post(messages.two_step_off, account.email, now, name=account.name)
        sessions.end_all(account.id, but=session.id)
        return sessions.renew(session, now, proved=False)


# What the above share


@dataclass(frozen=True)
class _RecoverySet:
    salt: bytes
    cost: str
    key: str
    digests: list[bytes]

    def columns(self) -> dict[str, object]:
        return {
            "recovery_salt": self.salt,
            "recovery_cost": self.cost,
            "recovery_key": self.key,
        }


def _make_set(pending: Pending) -> _RecoverySet:
    box = toolbox()
    salt, key = os.urandom(recovery_codes.SALT_BYTES), box.ring.current
    digests = [
        recovery_codes.digest(code, salt=salt, cost=box.recovery_cost, ring=box.ring, key_id=key)
        for code in pending.recovery_codes(box.ring)
    ]
    return _RecoverySet(salt, str(box.recovery_cost), key, digests)


def _insert_codes(account_id: int, recovery_set: _RecoverySet) -> None:
    db.session.execute(
        insert(RecoveryCode),
        [{"account_id": account_id, "digest": digest} for digest in recovery_set.digests],
    )


def _advance(account: Account, pending: Pending) -> None:
    if account.generation != pending.generation:
        raise accounts.Changed
    accounts.advance(account)


def _spend(pending: Pending, now: datetime) -> None:
    try:
        attempts.spend(_SPENT, pending.id, now, remember=_REMEMBER)
    except attempts.AlreadySpent as error:
        raise Stale from error


def _authenticator(account_id: int) -> Authenticator:
    authenticator = db.session.get(Authenticator, account_id, populate_existing=True)
    if authenticator is None:
        raise NotOn
    return authenticator


def _complete(half: AccountSession, now: datetime, device: Device) -> sessions.Entry:
    entry = sessions.complete(half, now, device)
    if entry is None:
        raise sessions.SessionEnded
    return entry
