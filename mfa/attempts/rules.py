"""Throttles: count first, then look.

An attempt is counted, in a transaction of its own, before anyone looks whether it is right: so
sixty-four attempts sent at once are sixty-four attempts, of which only the allowed few are looked at.
A success takes the count away.

Whose count it is: a device that signed in to the account before has a count of its own, everybody else
shares the account's. So an attacker makes only other strangers wait, and not the owner at a known device.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    String,
    cast,
    literal,
    select,
)

from mfa import words
from mfa.attempts import statements
from mfa.attempts.models import Spent, Throttle
from mfa.attempts.policy import LONGEST_MEMORY, Policy
from mfa.crypto import ages
from mfa.database import dialect, in_batches, insert_if_absent, run, session, transaction
from mfa.errors import NotNow, Refusal
from mfa.i18n import lazy_gettext as _
from mfa.settings import settings

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
LOST_SENDING = replace(EMAIL_SENDING, purpose="lost_sending")
LOST_NUMBER = Policy("lost_number", forget_after=24 * 3600)
"""At the second step of sign-in, of somebody who has lost everything: counted apart, so that a stranger who
knows the password does not make those wait who are signed in."""
BACK_SENDING = replace(EMAIL_SENDING, purpose="back_sending")
BACK_NUMBER = Policy("back_number", forget_after=24 * 3600)
"""On the page that leads back: counted apart, as only who has its link comes there."""
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
PASSKEYS = Policy(
    "passkeys",
    free=60,
    forget_after=3600,
    says=_("You used a passkey too often. Try again in %(wait)s."),
)
"""Right passkeys after a password: each leaves a row that says that its challenge was used."""
PROFILE_CHANGES = Policy("profile_changes", free=20, forget_after=3600, says=_TOO_MANY_CHANGES)
RECOVERY_WAITS = Policy(
    "recovery_waits", free=3, first_wait=24 * 3600, longest_wait=24 * 3600, forget_after=24 * 3600
)
"""Waits of somebody who has lost everything: each writes to every address of theirs."""
DATA_DOWNLOADS = Policy("data_downloads", forget_after=3600)
"""Files with all that a host stores about somebody: each reads much, and is told by mail."""
SECOND_STEP_FAILURES = Policy("second_step_failures", free=2**30)
"""Never waits: counts the failures of all devices since the account's last success (SP 800-63B-4 §3.2.2)."""
MOST_FAILURES = 100
"""After so many, codes are looked at only once the owner has confirmed by mail."""


REMEMBERED = timedelta(days=30)
"""How long a second use is refused: a single-use thing lives an hour at most, but a clock may be set back."""


class Throttled(NotNow):
    """Too many attempts.

    :param policy: of what.
    :param wait: seconds until the next one is looked at.
    """

    status = 429

    def __init__(self, policy: Policy, wait: int) -> None:
        super().__init__(f"{policy.purpose}: wait {wait} seconds", wait=wait)
        self.policy = policy

    @property
    def sentence(self) -> str:
        return str(self.policy.says) % {"wait": words.duration(self.wait)}


class AlreadySpent(Refusal):
    """A single-use thing that has been used."""


def count(subject: str, policy: Policy, now: datetime) -> int:
    """Count one attempt of *subject*, before it is looked at; return its number since the last success.

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

    :returns: the number of each since the last success; 0 where the subject has to wait.
    """
    seconds = int(now.timestamp())
    rows = [
        {
            "subject": subject,
            "purpose": policy.purpose,
            "attempts": 1,
            "blocked_until": statements.after_the_first(policy, seconds),
            "attempted_at": seconds,
        }
        for subject, policy in tries
    ]
    policies = tuple(policy for _, policy in tries)
    attempts: dict[str, int] = dict(iter(run(statements.counting(policies, dialect()), rows)))
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
    run(statements.FORGET, [_key(subject, policy) for subject, policy in counts])


def give_back(*counts: tuple[str, Policy]) -> None:
    """Count one attempt less of those subjects, as part of the caller's transaction."""
    run(statements.GIVE_BACK, [_key(subject, policy) for subject, policy in counts])


def end_wait(subject: str, policy: Policy) -> None:
    """Let *subject* try once more now, as part of the caller's transaction; nothing is forgotten."""
    run(statements.END_WAIT, _key(subject, policy))


def account_subject(account_id: object, device_id: str | None = None) -> str:
    """By what the attempts of an account are counted.

    :param device_id: the id of a device that is known to the account; it has a count of its own.
    """
    return f"account:{account_id}" if device_id is None else f"account:{account_id}:{device_id}"


def failures_of(account_id: SQLColumnExpression[Any]) -> ColumnElement[int | None]:
    """For the statement of another room: the :data:`SECOND_STEP_FAILURES` of an account; None is none."""
    subject = literal(account_subject("")) + cast(account_id, String)
    own = (Throttle.subject == subject, Throttle.purpose == SECOND_STEP_FAILURES.purpose)
    return select(Throttle.attempts).where(*own).scalar_subquery()


def counted(subject: str, policy: Policy) -> int:
    """Return how often *subject* has tried since its last success."""
    return run(statements.COUNTED, _key(subject, policy)).scalar() or 0


def wait(subject: str, policy: Policy, now: datetime) -> int:
    """Return the seconds until *subject* may try again: from 0, when it may now, to the policy's longest."""
    blocked = run(statements.BLOCKED_UNTIL, _key(subject, policy)).scalar()
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
    run(statements.UNSPEND, {"of": reference, "what": purpose})


def forget_spent(now: datetime) -> Iterator[int]:
    """Delete what need not be remembered any more, batch by batch: see :func:`mfa.database.in_batches`."""
    return in_batches(statements.FORGET_SPENT, {"now": now})


def forget_counts(now: datetime) -> Iterator[int]:
    """Delete, batch by batch, the counts that would start again at the next attempt.

    They are kept for ``MFA_THROTTLE_DAYS``, which is never shorter than the longest memory of a policy. A
    count of wrong codes is never forgotten in time: only a right code ends it.
    """
    kept = settings().throttle_days * LONGEST_MEMORY + ages.CLOCKS_APART
    return in_batches(statements.FORGET_COUNTS, {"before": int(now.timestamp()) - kept})


def is_spent(purpose: str, reference: str) -> bool:
    """Whether *reference* was used up."""
    if "\0" in reference:  # a form brought it; PostgreSQL takes none in a text
        return False
    return session().get(Spent, (purpose, reference)) is not None


def _key(subject: str, policy: Policy) -> dict[str, str]:
    return {"of": subject, "what": policy.purpose}
