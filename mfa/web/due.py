"""By when the visitor must have what they lack of what is required of them."""

from __future__ import annotations

from flask import session

from mfa import at_work, clock
from mfa.accounts import Person
from mfa.factors import lacking
from mfa.people.required import Due

_READS = ("GET", "HEAD")
_MUST_ENROLL = "two_step_must_enroll"
"""The key in the host's session; it says where to ask the database, which decides."""


def due(person: Person) -> Due | None:
    """Return it; None if they lack nothing. A request that only reads asks the database once."""
    if at_work.request().method not in _READS:
        return _ask(person)
    kept = at_work.kept()
    found: tuple[str, Due | None] | None = kept.get("mfa_due")
    if found is None or found[0] != person.id:
        found = kept.mfa_due = person.id, _ask(person)
    return found[1]


def note_must_enroll(person_id: str) -> None:
    """Note in this session that a recovery took the second step of its person away."""
    if session.get(_MUST_ENROLL) != person_id:
        session[_MUST_ENROLL] = person_id


def note_enrolled() -> None:
    """Note in this session that its person has a second step again."""
    session.pop(_MUST_ENROLL, None)


def _ask(person: Person) -> Due | None:
    may_have_to = at_work.session().get(_MUST_ENROLL) == person.id
    return lacking.due(person, clock.now(), may_have_to_enroll=may_have_to)
