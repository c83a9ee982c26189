"""The statements about attempts and things used up, each made once.

``of`` is the subject or the reference, ``what`` the purpose: an UPDATE takes a parameter with the name of a
column for a value to set.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Executable, bindparam, case, delete, false, literal, or_, select, update

from mfa.attempts.models import FORGOTTEN_IN_TIME, Spent, Throttle
from mfa.attempts.policy import Policy
from mfa.crypto import ages
from mfa.database import first, upsert

_SAME = (Throttle.subject == bindparam("of"), Throttle.purpose == bindparam("what"))
BLOCKED_UNTIL = select(Throttle.blocked_until).where(*_SAME)
COUNTED = select(Throttle.attempts).where(*_SAME)
FORGET = delete(Throttle).where(*_SAME)
END_WAIT = update(Throttle).where(*_SAME).values(blocked_until=0)
GIVE_BACK = update(Throttle).where(*_SAME).values(attempts=Throttle.attempts - 1, blocked_until=0)
UNSPEND = delete(Spent).where(Spent.purpose == bindparam("what"), Spent.reference == bindparam("of"))
FORGET_SPENT = delete(Spent).where(first(Spent.forget_at, Spent.forget_at < bindparam("now")))
FORGET_COUNTS = delete(Throttle).where(
    first(Throttle.attempted_at, Throttle.attempted_at < bindparam("before"), FORGOTTEN_IN_TIME)
)


@cache
def counting(policies: tuple[Policy, ...], dialect: str) -> Executable:
    """Return the statement that counts an attempt by each of *policies*; it returns those that need not wait.

    Run with a row each: ``subject``, ``purpose``, ``attempts`` (1), ``blocked_until`` and ``attempted_at``.
    """

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
    # As Policy.wait_after, for one attempt more.
    doublings = Throttle.attempts + (1 - policy.free)
    return {
        "attempts": case((forgotten, 1), else_=Throttle.attempts + 1),
        "blocked_until": case(
            (forgotten, after_the_first(policy, seconds)),
            (doublings < 0, 0),
            # Before the shift, which then never overflows.
            (doublings >= policy.most_doublings, seconds + policy.longest_wait),
            else_=seconds + literal(policy.first_wait).bitwise_lshift(doublings),
        ),
    }


def _forgotten(policy: Policy, seconds: ColumnElement[int]) -> ColumnElement[bool]:
    if policy.forget_after is None:
        return false()
    return Throttle.attempted_at < seconds - policy.forget_after


def _waits_too_long(policy: Policy, seconds: ColumnElement[int]) -> ColumnElement[bool]:
    """As :func:`ages.wait_until`: a clock that was wrong stored this, so it is no wait."""
    return Throttle.blocked_until > seconds + policy.longest_wait + ages.CLOCKS_APART


def after_the_first(policy: Policy, seconds: Any) -> Any:
    """Return until when the second attempt has to wait, for Unix time in Python or in the database."""
    return seconds + policy.wait_after(1) if policy.free == 1 else 0
