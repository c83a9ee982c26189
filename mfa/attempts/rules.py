"""Throttles: count first, then look.

An attempt is counted, in a transaction of its own, before anyone looks whether it is right: so
sixty-four attempts sent at once are sixty-four attempts, of which only the allowed few are looked at.
A success takes the count away.

Whose count it is: a device that signed in to the account before has a count of its own, everybody else
shares the account's. So whoever guesses makes himself wait, and not the owner at his own device.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString
from sqlalchemy import (
    ColumnElement,
    Executable,
    SQLColumnExpression,
    String,
    bindparam,
    case,
    cast,
    delete,
    false,
    literal,
    or_,
    select,
    update,
)

from mfa import words
from mfa.attempts.models import Spent, Throttle
from mfa.crypto import ages
from mfa.database import dialect, insert_if_absent, run, session, transaction, upsert
from mfa.errors import Refusal


@dataclass(frozen=True)
class Policy:
    """How often something may be tried.

    :param purpose: what is tried; each purpose has a count of its own.
    :param free: attempts before the first wait.
    :param first_wait: seconds after the last free attempt; each further one doubles it.
    :param longest_wait: seconds; never a permanent lock.
    :param forget_after: seconds without an attempt after which the count starts anew; None for never.
    :param says: the sentence for a person who has to wait ``%(wait)s``.
    """

    purpose: str
    free: int = 5
    first_wait: int = 30
    longest_wait: int = 900
    forget_after: int | None = None
    says: LazyString = field(default=_("Too many attempts. Try again in %(wait)s."), compare=False)

    def wait_after(self, attempts: int) -> int:
        """Seconds to wait after so many attempts without a success."""
        if attempts < self.free:
            return 0
        doublings = min(attempts - self.free, 30)
        return min(self.first_wait << doublings, self.longest_wait)


PASSWORD = Policy("password", forget_after=24 * 3600)
SECOND_STEP = Policy("second_step")
"""Codes of the app and recovery codes together: they guard one door."""
ENROLLMENT_CODE = Policy("enrollment_code")
EMAIL_NUMBER = Policy("email_number")
EMAIL_SENDING = Policy(
    "email_sending",
    free=1,
    forget_after=3600,
    says=_("A mail was sent a moment ago. Try again in %(wait)s."),
)
SIGN_UP_SENDING = Policy("sign_up_sending", forget_after=3600)
RESET_SENDING = Policy("reset_sending", forget_after=3600)
"""Counted apart: who makes an address wait for these has mailed its owner a link that is good meanwhile."""
EMAIL_CHANGE_SENDING = Policy("email_change_sending", forget_after=3600)
CONFIRM_SENDING = Policy("confirm_sending", free=3, forget_after=24 * 3600)
SIGN_INS = Policy(
    "sign_ins", free=30, forget_after=3600, says=_("You signed in too often. Try again in %(wait)s.")
)
"""Right passwords at sign-in: each makes a session, an event and perhaps a mail."""
_TOO_MANY_CHANGES = _("Too many changes in a short time. Try again in %(wait)s.")
PROOFS = Policy("proofs", free=20, forget_after=3600, says=_TOO_MANY_CHANGES)
"""Right passwords inside the account, each for one change."""
PROFILE_CHANGES = Policy("profile_changes", free=20, forget_after=3600, says=_TOO_MANY_CHANGES)
SECOND_STEP_FAILURES = Policy("second_step_failures", free=2**30)
"""Never waits: counts the failures of all devices since the account's last success (SP 800-63B-4 §3.2.2)."""
MOST_FAILURES = 100
"""After so many, codes are looked at only once the owner has confirmed by mail."""


REMEMBERED = timedelta(days=30)
"""How long a second use is refused: a single-use thing lives an hour at most, but a clock may be set back."""


class Throttled(Refusal):
    """Too many attempts.

    :param policy: of what.
    :param wait: seconds until the next one is looked at.
    """

    status = 429

    def __init__(self, policy: Policy, wait: int) -> None:
        super().__init__(f"{policy.purpose}: wait {wait} seconds")
        self.policy, self.wait = policy, wait

    @property
    def sentence(self) -> str:
        return str(self.policy.says) % {"wait": words.duration(self.wait)}


class AlreadySpent(Refusal):
    """A single-use thing that has been used."""


def count(subject: str, policy: Policy, now: datetime) -> int:
    """Count one attempt of *subject*, before it is looked at; the how manieth it is since the last success.

    :raises Throttled: it must not be looked at yet.
    """
    with transaction():
        attempts = count_together(now, (subject, policy))[policy]
    if not attempts:
        raise throttled(subject, policy, now)
    return attempts


def count_together(now: datetime, *tries: tuple[str, Policy]) -> dict[Policy, int]:
    """Count an attempt of each of those subjects, as part of the caller's transaction.

    One statement, so that many at once are counted one after the other.

    :returns: the how manieth each is since the last success; 0 where the subject has to wait.
    """
    seconds = int(now.timestamp())
    rows = [
        {
            "subject": subject,
            "purpose": policy.purpose,
            "attempts": 1,
            "blocked_until": _after_the_first(policy, seconds),
            "attempted_at": seconds,
        }
        for subject, policy in tries
    ]
    policies = tuple(policy for _, policy in tries)
    attempts: dict[str, int] = dict(iter(run(_counting(policies, dialect()), rows)))
    return {policy: attempts.get(policy.purpose, 0) for policy in policies}


def throttled(subject: str, policy: Policy, now: datetime) -> Throttled:
    """The refusal of a *subject* that has to wait."""
    return Throttled(policy, max(1, wait(subject, policy, now)))


def count_success(subject: str, policy: Policy, now: datetime) -> None:
    """Count something that was done, as part of the caller's transaction.

    :raises Throttled: it was done too often; the caller's transaction is rolled back.
    """
    if not count_together(now, (subject, policy))[policy]:
        raise throttled(subject, policy, now)


def begins_to_wait(attempts: int, policy: Policy) -> bool:
    """Whether the failed attempt of that number is the one after which *policy* makes the next ones wait."""
    return attempts == policy.free


def reset(*counts: tuple[str, Policy]) -> None:
    """Forget the counts of those subjects after a success, as part of the caller's transaction."""
    run(_FORGET, [_key(subject, policy) for subject, policy in counts])


def give_back(*counts: tuple[str, Policy]) -> None:
    """Count one attempt less of those subjects, as part of the caller's transaction."""
    run(_GIVE_BACK, [_key(subject, policy) for subject, policy in counts])


def end_wait(subject: str, policy: Policy) -> None:
    """Let *subject* try once more now, as part of the caller's transaction; nothing is forgotten."""
    run(_END_WAIT, _key(subject, policy))


def account_subject(account_id: object, device_id: str | None = None) -> str:
    """By what the attempts of an account are counted.

    :param device_id: the id of a device that is known to the account; it has a count of its own.
    """
    return f"account:{account_id}" if device_id is None else f"account:{account_id}:{device_id}"


def failures_of(account_id: SQLColumnExpression[int]) -> ColumnElement[int | None]:
    """For the statement of another room: the :data:`SECOND_STEP_FAILURES` of an account; None is none."""
    subject = literal(account_subject("")) + cast(account_id, String)
    own = (Throttle.subject == subject, Throttle.purpose == SECOND_STEP_FAILURES.purpose)
    return select(Throttle.attempts).where(*own).scalar_subquery()


def counted(subject: str, policy: Policy) -> int:
    """Return how often *subject* has tried since its last success."""
    return run(_COUNTED, _key(subject, policy)).scalar() or 0


def wait(subject: str, policy: Policy, now: datetime) -> int:
    """Return the seconds until *subject* may try again: from 0, when it may now, to the policy's longest."""
    blocked = run(_BLOCKED_UNTIL, _key(subject, policy)).scalar()
    return int(ages.wait_until(blocked or 0, int(now.timestamp()), policy.longest_wait))


@contextmanager
def returned_on(error: type[Exception], subject: str, policy: Policy) -> Iterator[None]:
    """Give an attempt back when it failed through no fault of the person (the mail server is down)."""
    try:
        yield
    except error:
        with transaction():
            give_back((subject, policy))
        raise


def spend(purpose: str, reference: str, now: datetime) -> None:
    """Use up *reference*, as part of the caller's transaction.

    :raises AlreadySpent: used before, by anyone, on any server.
    """
    if not insert_if_absent(Spent, purpose=purpose, reference=reference, forget_at=now + REMEMBERED):
        raise AlreadySpent


def spent_at(purpose: str, reference: str) -> datetime | None:
    """Return when *reference* was used up; None if it was not."""
    found = session().get(Spent, (purpose, reference), populate_existing=True)
    return found.forget_at - REMEMBERED if found else None


def unspend(purpose: str, reference: str) -> None:
    """Let *reference* be used after all, as part of the caller's transaction."""
    run(_UNSPEND, {"of": reference, "what": purpose})


def forget_spent(now: datetime) -> None:
    """Delete what need not be remembered any more; a worker's part, which nothing waits for."""
    with transaction():
        run(_FORGET_SPENT, {"now": now})


def is_spent(purpose: str, reference: str) -> bool:
    """Whether *reference* was used up."""
    return session().get(Spent, (purpose, reference)) is not None


# Each is run by every sign-in, so they are made once.
_SAME = (Throttle.subject == bindparam("of"), Throttle.purpose == bindparam("what"))
_BLOCKED_UNTIL = select(Throttle.blocked_until).where(*_SAME)
_COUNTED = select(Throttle.attempts).where(*_SAME)
_FORGET = delete(Throttle).where(*_SAME)
_END_WAIT = update(Throttle).where(*_SAME).values(blocked_until=0)
_GIVE_BACK = update(Throttle).where(*_SAME).values(attempts=Throttle.attempts - 1, blocked_until=0)
_UNSPEND = delete(Spent).where(Spent.purpose == bindparam("what"), Spent.reference == bindparam("of"))
_FORGET_SPENT = delete(Spent).where(Spent.forget_at < bindparam("now"))


def _key(subject: str, policy: Policy) -> dict[str, str]:
    return {"of": subject, "what": policy.purpose}


@cache
def _counting(policies: tuple[Policy, ...], dialect: str) -> Executable:
    def changes(new: Any) -> dict[str, Any]:
        each = [
            (Throttle.purpose == policy.purpose, _changes(policy, new.attempted_at)) for policy in policies
        ]
        return {
            "attempts": case(*((its, changed["attempts"]) for its, changed in each)),
            "blocked_until": case(*((its, changed["blocked_until"]) for its, changed in each)),
            "attempted_at": new.attempted_at,
        }

    def where(new: Any) -> ColumnElement[bool]:
        over = (
            (Throttle.purpose == policy.purpose)
            & (_forgotten(policy, new.attempted_at) | _waits_too_long(policy, new.attempted_at))
            for policy in policies
        )
        return or_(Throttle.blocked_until <= new.attempted_at, *over)

    return upsert(
        dialect,
        Throttle,
        changes=changes,
        where=where,
        returning=(Throttle.purpose, Throttle.attempts),
    )


def _changes(policy: Policy, seconds: ColumnElement[int]) -> dict[str, ColumnElement[int]]:
    """What becomes of the count of a subject that does not have to wait.

    :param seconds: Unix time.
    """
    forgotten = _forgotten(policy, seconds)
    waits = {
        attempts: seconds + policy.wait_after(attempts + 1)
        for attempts in range(policy.free - 1, policy.free + 16)
    }
    return {
        "attempts": case((forgotten, 1), else_=Throttle.attempts + 1),
        "blocked_until": case(
            (forgotten, _after_the_first(policy, seconds)),
            (Throttle.attempts < policy.free - 1, 0),
            *((Throttle.attempts == attempts, until) for attempts, until in waits.items()),
            else_=seconds + policy.longest_wait,
        ),
    }


def _forgotten(policy: Policy, seconds: ColumnElement[int]) -> ColumnElement[bool]:
    if policy.forget_after is None:
        return false()
    return Throttle.attempted_at < seconds - policy.forget_after


def _waits_too_long(policy: Policy, seconds: ColumnElement[int]) -> ColumnElement[bool]:
    """As :func:`ages.wait_until`: a clock that was wrong stored this, so it is no wait."""
    return Throttle.blocked_until > seconds + policy.longest_wait + ages.CLOCKS_APART


def _after_the_first(policy: Policy, seconds: Any) -> Any:
    return seconds + policy.wait_after(1) if policy.free == 1 else 0
