"""What may happen to 2-step verification: it is asked for, turned on, moved, its codes reissued, turned off.

Each of these is one transaction, decided by conditional statements: of two at once, one wins, and the
loser hears :class:`console.accounts.rules.Changed`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import delete, insert, update

from console.accounts import rules as accounts
from console.accounts.models import Account
from console.extensions import db
from console.sessions import rules as sessions
from console.sessions.models import AccountSession
from console.toolbox import toolbox
from console.two_step import factors
from console.two_step.pending import Pending
from console.two_step.purposes import Purpose
from mfa.activity import rules as activity
from mfa.attempts import rules as attempts
from mfa.crypto import recovery_codes
from mfa.database import affected, insert_if_absent, run, transaction
from mfa.errors import Refusal
from mfa.factors import sealing, statements
from mfa.factors.models import Authenticator, RecoveryCode
from mfa.here import Here
from mfa.notices import outbox

_SPENT = "pending"


class NotSaved(Refusal):
    """The box that says that the recovery codes are saved is not ticked."""

    says = _("Save the codes first, then tick this box.")


class Stale(Refusal):
    """A step of something that is over: completed, canceled, or never begun in this session."""


class Expired(Stale):
    """It was open for too long."""


class StartedOver(Stale):
    """It was started over in another window."""


class Displaced(Stale):
    """Something else was begun after it, and took its place."""


class Completed(Stale):
    """It was completed already, by a press whose answer may have been lost."""


class AlreadyOn(Stale):
    """2-step verification is on: there is nothing to activate."""


@dataclass(frozen=True)
class State:
    """2-step verification as its tab shows it; ``since`` is None while it is off.

    :param code_used_at: when a recovery code of the present set was last used; None if none was.
    """

    since: datetime | None
    codes_left: int
    code_used_at: datetime | None

    @property
    def on(self) -> bool:
        return self.since is not None


def state(person_id: str) -> State:
    """Whether it is on, since when, and how its recovery codes stand: one statement."""
    found = run(statements.STATE, {"whose": person_id}).first()
    return State(*found) if found else State(None, 0, None)


# The wizard's third and last step


def confirm_code(account: Account, enrollment: Pending, typed: str, now: datetime) -> Pending:
    """The enrollment with its app proved, when *typed* is a code of its secret.

    :raises factors.NotSixDigits: not the shape of a code; this is not counted.
    :raises attempts.Throttled: too many wrong codes.
    :raises factors.WrongCode: with the clock's drift in both directions: the secret guards nothing yet.
    """
    code = factors.six_digits(typed)
    subject = attempts.account_subject(account.id)
    attempts.count(subject, attempts.ENROLLMENT_CODE, now)
    step = factors.match_code(account.person_id, enrollment.secret(toolbox().ring), code, now)
    with transaction():
        attempts.reset((subject, attempts.ENROLLMENT_CODE))
    return enrollment.with_code(step)


def begin_move(account: Account, change: Pending, factor: str, typed: str, *, here: Here) -> Pending:
    """Open the wizard for the app on a new phone, by a factor that is used up by this.

    Nothing else changes, the session's token neither: if the answer is lost on its way, a person whose phone
    is lost, and who used the last recovery code here, is still signed in. Copies of the cookie that were
    taken before hold no part in what the factor opened.

    :raises Refusal: see :func:`factors.check`.
    :raises Stale: the password's proof was used already.
    :raises accounts.Changed: password or second step were changed since the password was typed.
    """
    right = factors.check(factor, factors.Attempt(account, here), typed)
    with transaction():
        _spend(change, here.now)
        if account.generation != change.generation or not accounts.hold(account):
            raise accounts.Changed
        left = right.use_up()
        if left is not None:
            factors.tell_used(account, left, here.now)
    return change.with_verified(toolbox().ring, here.now)


def complete(
    account: Account,
    session: AccountSession,
    enrollment: Pending,
    *,
    saved: bool,
    here: Here,
) -> str:
    """Turn 2-step verification on, or put the new app and the new recovery codes in place of the old ones, of
    which none works after it: all that writes anything of an enrollment.

    The account's other sessions end; this one goes on under the new token returned.

    :param saved: the person ticked that the recovery codes are saved.
    :raises NotSaved: not ticked.
    :raises Stale: the enrollment was completed or canceled.
    :raises accounts.Changed: password or second step were changed since it was begun.
    """
    if not saved:
        raise NotSaved
    assert enrollment.enrolls
    assert enrollment.code_step is not None
    recovery_set = _make_set(account.person_id, enrollment)
    kept = {
        "sealed_secret": sealing.seal_secret(account.person_id, enrollment.secret(toolbox().ring)),
        "used_step": enrollment.code_step,
        **recovery_set.columns(),
    }
    with transaction():
        _spend(enrollment, here.now)
        _advance(account, enrollment)
        if enrollment.purpose is Purpose.MOVE:
            _replace(account.person_id, kept, recovery_set)
        elif insert_if_absent(Authenticator, person_id=account.person_id, activated_at=here.now, **kept):
            _insert_codes(account.person_id, recovery_set)
        else:
            raise accounts.Changed
        sealing.note_key(here.now)
        # Who signed in with the password alone has not shown a second step on any device; and an old phone
        # may be in other hands, and with it a browser that was known.
        sessions.forget_devices(account)
        _tell(account, enrollment.purpose, here)
        sessions.end_all(account.id, but=session.id)
        return sessions.renew(session, here.now, proved=False)


def is_spent(pending_id: str) -> bool:
    """Whether the pending thing of that id was completed, or an enrollment canceled."""
    return attempts.is_spent(_SPENT, pending_id)


def cancel(enrollment: Pending, now: datetime) -> None:
    """Give an enrollment up, so that no old copy of the cookie can complete it."""
    with transaction():
        _spend(enrollment, now)


# Reissue and disable


def reissue(account: Account, change: Pending, *, saved: bool, here: Here) -> None:
    """Put the new recovery codes in place of the old ones.

    :raises NotSaved: not ticked.
    :raises Stale: completed already.
    :raises accounts.Changed: password or second step were changed since the password was typed.
    """
    if not saved:
        raise NotSaved
    recovery_set = _make_set(account.person_id, change)
    with transaction():
        _spend(change, here.now)
        _advance(account, change)
        _replace(account.person_id, recovery_set.columns(), recovery_set)
        sealing.note_key(here.now)
        _tell(account, change.purpose, here)


def disable(
    account: Account,
    session: AccountSession,
    change: Pending,
    factor: str,
    typed: str,
    *,
    here: Here,
) -> str:
    """Turn 2-step verification off by a factor; the other sessions end.

    Returns the new token of this session.

    :raises Refusal: see :func:`factors.check`.
    :raises Stale: done already.
    :raises accounts.Changed: password or second step were changed since the password was typed.
    """
    right = factors.check(factor, factors.Attempt(account, here), typed)
    with transaction():
        _spend(change, here.now)
        _advance(account, change)
        right.use_up()
        delete_second_step(account.person_id)
        _tell(account, change.purpose, here)
        sessions.end_all(account.id, but=session.id)
        return sessions.renew(session, here.now, proved=False)


def delete_second_step(person_id: str) -> bool:
    """Delete everything that is kept of it, as part of the caller's transaction; whether it was on."""
    _delete_codes(person_id)
    return affected(delete(Authenticator).where(Authenticator.person_id == person_id)) == 1


# What the above share


@dataclass(frozen=True)
class _RecoverySet:
    salt: bytes
    cost: str
    sealed_pepper: bytes
    digests: list[bytes]

    def columns(self) -> dict[str, object]:
        return {
            "recovery_salt": self.salt,
            "recovery_cost": self.cost,
            "recovery_pepper": self.sealed_pepper,
        }


def _make_set(person_id: str, pending: Pending) -> _RecoverySet:
    box = toolbox()
    salt = os.urandom(recovery_codes.SALT_BYTES)
    pepper, sealed_pepper = sealing.make_pepper(person_id)
    digests = [
        recovery_codes.digest(code, salt=salt, cost=box.recovery_cost, pepper=pepper)
        for code in pending.recovery_codes(box.ring)
    ]
    return _RecoverySet(salt, str(box.recovery_cost), sealed_pepper, digests)


def _replace(person_id: str, kept: dict[str, object], recovery_set: _RecoverySet) -> None:
    """Put *kept* into the authenticator's row, and new recovery codes in place of the old ones."""
    _delete_codes(person_id)
    if not affected(update(Authenticator).where(Authenticator.person_id == person_id).values(kept)):
        raise accounts.Changed
    _insert_codes(person_id, recovery_set)


def _delete_codes(person_id: str) -> None:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))


def _insert_codes(person_id: str, recovery_set: _RecoverySet) -> None:
    db.session.execute(
        insert(RecoveryCode),
        [{"person_id": person_id, "digest": digest} for digest in recovery_set.digests],
    )


def _tell(account: Account, purpose: Purpose, here: Here) -> None:
    needs = purpose.needs
    activity.record(account.id, needs.event, here)
    outbox.post(needs.mail, account, here.now)


def _advance(account: Account, pending: Pending) -> None:
    if account.generation != pending.generation:
        raise accounts.Changed
    accounts.advance(account)


def _spend(pending: Pending, now: datetime) -> None:
    try:
        attempts.spend(_SPENT, pending.id, now)
    except attempts.AlreadySpent as error:
        raise Stale from error
