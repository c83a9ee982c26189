"""The check-up: four weeks after activation the owner is asked once whether they can still get in.

It is answered by a factor, by new recovery codes, by a move, or by being dismissed; it never blocks anything.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from mfa.database import affected, transaction
from mfa.factors import kinds as factors, statements
from mfa.people import rules as people
from mfa.people.rules import Owner

AFTER = timedelta(days=28)
"""So long after activation it is asked."""


def prove(attempt: factors.Attempt, factor: str, typed: str) -> None:
    """Answer it by a factor, which is used up.

    :raises Refusal: see :func:`factors.check`.
    :raises Changed: the second step was changed meanwhile.
    """
    right = factors.check(factor, attempt, typed)
    owner, now = attempt.owner, attempt.here.now
    with transaction():
        people.hold(owner)
        left = right.use_up()
        if left is not None:
            factors.tell_used(owner, left, now)
        answer(owner.id, now)


def dismiss(owner: Owner, now: datetime) -> None:
    """Answer it by nothing: it is not asked again."""
    with transaction():
        answer(owner.id, now)


def answer(person_id: str, now: datetime) -> None:
    """Note that it is answered, as part of the caller's transaction; before it is asked nothing is noted."""
    given = {"whose": person_id, "activated_before": now - AFTER, "now": now}
    affected(statements.ANSWER_CHECK_UP, given)
