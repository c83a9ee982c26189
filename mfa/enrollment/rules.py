"""What may happen to 2-step verification: it is asked for, turned on, moved, its codes reissued, turned off.

Each of these is one transaction, decided by conditional statements: of two at once, one wins, and the
loser hears :class:`mfa.people.rules.Changed`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from mfa.accounts import Person, accounts
from mfa.activity import rules as activity
from mfa.attempts import hashing, rules as attempts
from mfa.crypto import recovery_codes
from mfa.database import affected, insert_if_absent, run, transaction, with_host
from mfa.enrollment import authenticators, changes, check_up, revocation
from mfa.enrollment.pending import Pending
from mfa.enrollment.purposes import Purpose
from mfa.errors import Refusal
from mfa.factors import kinds as factors, sealing, statements
from mfa.factors.models import PASSKEY, SecondStep
from mfa.here import Here
from mfa.i18n import lazy_gettext as _
from mfa.notices import messages, outbox
from mfa.people import required, rules as people
from mfa.people.rules import Changed, Owner
from mfa.ring import ring
from mfa.settings import settings
from mfa.sign_in import rules as sign_in

CODES_ARE_LIMITED_FOR = timedelta(days=1)
"""For so long recovery codes open sign-in only that were reissued without an authenticator."""
LONGEST_REASON = 200
"""Characters."""


class NotSaved(Refusal):
    """The box that says that the recovery codes are saved is not ticked."""

    says = _("Save the codes first, then tick this box.")


class NoReason(Refusal):
    """An operator gave no reason."""

    says = "Give a reason of 1 to 200 characters."


@dataclass(frozen=True)
class State:
    """2-step verification as its tab shows it; ``since`` is None while it is off.

    :param code_used_at: when a recovery code of the present set was last used; None if none was.
    """

    since: datetime | None
    codes_left: int
    code_used_at: datetime | None
    codes_limited_until: datetime | None = None
    checked_up_at: datetime | None = None

    @classmethod
    def of(cls, found: Row[Any] | None) -> State:
        """Return the state that a statement has read; it gives no row while 2-step verification is off."""
        if found is None:
            return cls(None, 0, None)
        return cls(
            found.activated_at,
            found.codes_left,
            found.code_used_at,
            found.codes_limited_until,
            found.checked_up_at,
        )

    @property
    def on(self) -> bool:
        return self.since is not None

    def limit(self, now: datetime) -> datetime | None:
        """Return until when the recovery codes open sign-in only; None if they open everything."""
        until = self.codes_limited_until
        return until if until and now < until else None

    def asks_check_up(self, now: datetime) -> bool:
        """Return True if the person is to be asked whether they can still get in."""
        return self.since is not None and self.checked_up_at is None and self.since <= now - check_up.AFTER


def state(person_id: str) -> State:
    """Whether it is on, since when, and how its recovery codes stand: one statement."""
    return State.of(run(statements.STATE, {"whose": person_id}).first())


# The wizard's third and last step


def confirm_code(owner: Owner, enrollment: Pending, typed: str, now: datetime) -> Pending:
    """The enrollment with its app proved, when *typed* is a code of its secret.

    :raises factors.NotSixDigits: not the shape of a code; this is not counted.
    :raises attempts.Throttled: too many wrong codes.
    :raises factors.WrongCode: with the clock's drift in both directions: the secret guards nothing yet.
    """
    code = factors.six_digits(typed)
    subject = attempts.account_subject(owner.id)
    attempts.count(subject, attempts.ENROLLMENT_CODE, now)
    step = factors.match_code(owner.id, enrollment.secret(ring()), code, now)
    with transaction():
        attempts.reset((subject, attempts.ENROLLMENT_CODE))
    return enrollment.with_code(step)


def complete(
    owner: Owner,
    enrollment: Pending,
    *,
    saved: bool,
    here: Here,
) -> None:
    """Turn 2-step verification on, or put the new app and the new recovery codes in place of the old ones, of
    which none works after it: all that writes anything of an enrollment.

    The person's other sessions end.

    :param saved: the person ticked that the recovery codes are saved.
    :raises NotSaved: not ticked.
    :raises hashing.Busy: too many hash at this moment.
    :raises Stale: the enrollment was completed or canceled.
    :raises Changed: password or second step were changed since it was begun.
    :raises AlreadyRegistered: somebody has registered its passkey meanwhile.
    """
    if not saved:
        raise NotSaved
    assert enrollment.enrolls
    recovery_set = _make_set(owner, enrollment, here)
    brought = authenticators.brought_by(owner, enrollment, here)
    of: dict[str, Any] = {"kind": PASSKEY} if enrollment.method == PASSKEY else {}
    with transaction():
        changes.advance(owner, enrollment, forget_devices=True)
        changes.spend(enrollment, here.now)
        if enrollment.purpose is Purpose.MOVE:
            of["name"] = authenticators.replace_app(owner.id, enrollment.target, brought)
            _replace_codes(owner.id, recovery_set, limited_until=None)
            check_up.answer(owner.id, here.now)
        else:
            _turn_on(owner.id, recovery_set, here.now)
            authenticators.keep(owner, enrollment, enrollment.name, brought)
        sealing.note_key(here.now)
        changes.tell(owner, enrollment.purpose, here, **of)
        changes.end_other_sessions(owner)


def cancel(enrollment: Pending, now: datetime) -> None:
    """Give an enrollment up, so that no old copy of the cookie can complete it.

    Before its first mail there is nothing in it that a new one would not have. So nothing is written then:
    somebody could begin and cancel all day, and fill the table.
    """
    if enrollment.sending is None and not enrollment.verified:
        return
    with transaction():
        changes.spend(enrollment, now)


# Reissue and disable


def reissue(owner: Owner, change: Pending, *, saved: bool, limited: bool, here: Here) -> datetime | None:
    """Put the new recovery codes in place of the old ones.

    The owner is told, and gets a link that revokes the new ones.

    :param limited: no authenticator was shown for it: for a day they open sign-in only. Return until when.
    :raises NotSaved: not ticked.
    :raises hashing.Busy: too many hash at this moment.
    :raises Stale: completed already.
    :raises Changed: password or second step were changed since the password was typed.
    """
    if not saved:
        raise NotSaved
    recovery_set = _make_set(owner, change, here)
    until = here.now + CODES_ARE_LIMITED_FOR if limited else None
    with transaction():
        changes.advance(owner, change, forget_devices=False)
        changes.spend(change, here.now)
        _replace_codes(owner.id, recovery_set, limited_until=until)
        check_up.answer(owner.id, here.now)
        sealing.note_key(here.now)
        changes.tell(
            owner,
            change.purpose,
            here,
            details={
                "revokes": (owner.id, revocation.name_of(recovery_set.salt), here.now.isoformat()),
                "limited_until": until.isoformat() if until else None,
            },
        )
    return until


def disable(
    owner: Owner,
    change: Pending,
    factor: str,
    typed: str,
    *,
    here: Here,
) -> None:
    """Turn 2-step verification off by a factor; the other sessions end.

    :raises required.MustStayOn: it is required of the owner; the factor stays unused.
    :raises Refusal: see :func:`factors.check`.
    :raises Stale: done already.
    :raises Changed: password or second step were changed since the password was typed.
    """
    if required.of(owner.person):
        raise required.MustStayOn
    right = factors.check(factor, factors.Attempt(owner, here, place=change.place), typed)
    with transaction():
        changes.advance(owner, change, forget_devices=False)
        changes.spend(change, here.now)
        right.use_up()
        delete_second_step(owner.id)
        changes.tell(owner, change.purpose, here)
        changes.end_other_sessions(owner)


def delete_second_step(person_id: str) -> bool:
    """Delete everything that is kept of it, as part of the caller's transaction; whether it was on."""
    run(statements.DELETE_CODES, {"whose": person_id})
    run(statements.DELETE_AUTHENTICATORS, {"whose": person_id})
    return affected(statements.DELETE_SECOND_STEP, {"whose": person_id}) == 1


def reset(person: Person, *, by: str, reason: str, here: Here) -> bool:
    """Turn 2-step verification off for somebody who has lost everything, as part of the caller's transaction.

    The other sessions end, and the person is told by mail. Return False if it was off: then nothing is done.

    :param by: who does it.
    :param reason: shown to the person, 1 to 200 characters.
    :raises NoReason: no reason, or a longer one.
    """
    check_reason(reason)
    if not take_away(person.id):
        return False
    activity.record(person.id, activity.TWO_STEP_RESET, here, reason=reason, operator=by)
    outbox.post(messages.two_step_reset, person, here.now, always=True, reason=reason)
    with_host(lambda: accounts().end_sessions(person))
    return True


def check_reason(reason: str) -> None:
    """Refuse what a person could not read as the reason of what was done to their account.

    :raises NoReason: it is none, or too long.
    """
    if not reason.strip() or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise NoReason


def take_away(person_id: str) -> bool:
    """Delete the second step of a person and what is counted for it, as part of the caller's transaction.

    What was begun before ends, and every device is a new one. Return False if it was off.
    """
    people.change(person_id, forget_devices=True)
    sign_in.end_all(person_id)
    every = attempts.account_subject(person_id)
    attempts.reset((every, attempts.SECOND_STEP), (every, attempts.SECOND_STEP_FAILURES))
    return delete_second_step(person_id)


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


def _make_set(owner: Owner, pending: Pending, here: Here) -> _RecoverySet:
    cost = settings().recovery_cost
    salt = os.urandom(recovery_codes.SALT_BYTES)
    pepper, sealed_pepper = sealing.make_pepper(owner.id)
    codes = pending.recovery_codes(ring())
    with hashing.place(here.device, known=owner.known(here.device) is not None):
        digests = [recovery_codes.digest(code, salt=salt, cost=cost, pepper=pepper) for code in codes]
    return _RecoverySet(salt, str(cost), sealed_pepper, digests)


def _turn_on(person_id: str, recovery_set: _RecoverySet, now: datetime) -> None:
    if not insert_if_absent(SecondStep, person_id=person_id, activated_at=now, **recovery_set.columns()):
        raise Changed
    _insert_codes(person_id, recovery_set)
    people.has_enrolled(person_id)


def _replace_codes(person_id: str, recovery_set: _RecoverySet, *, limited_until: datetime | None) -> None:
    """Put new recovery codes in place of the old ones."""
    run(statements.DELETE_CODES, {"whose": person_id})
    changed = {**recovery_set.columns(), "codes_limited_until": limited_until}
    if not affected(statements.CHANGE_SECOND_STEP, {"whose": person_id, **changed}):
        raise Changed
    _insert_codes(person_id, recovery_set)


def _insert_codes(person_id: str, recovery_set: _RecoverySet) -> None:
    rows = [{"person_id": person_id, "digest": digest} for digest in recovery_set.digests]
    run(statements.INSERT_CODES, rows)
