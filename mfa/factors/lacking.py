"""What somebody lacks of what is required of them: 2-step verification, or a passkey of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from mfa.accounts import Person
from mfa.database import run
from mfa.factors import statements
from mfa.people import required
from mfa.people.required import Due


def due(person: Person, now: datetime, *, may_have_to_enroll: bool = True) -> Due | None:
    """Return by when a person must have what they lack; None if they lack nothing, or nothing is required.

    Who asks this tells them, as with :func:`mfa.people.required.due`.

    :param may_have_to_enroll: False if no recovery took their second step away, as the caller knows: then the
        database is not asked about people of whom nothing is required.
    """
    wanted = required.of(person)
    if wanted is None and not may_have_to_enroll:
        return None
    is_on, has_passkey, noted, must_enroll_at = run(statements.HELD, {"whose": person.id}).one()
    if must_enroll_at and not is_on:
        return required.at_once(wanted, now)
    if wanted is None or (is_on and (has_passkey or not wanted.passkey)):
        return None
    return replace(required.due_of(person, wanted, noted, now), is_on=bool(is_on))


def watched(person: Person) -> tuple[datetime | None, bool]:
    """Return since when a person's 2-step verification is on, and whether they must turn it on at once."""
    since, must_enroll_at = run(statements.WATCHED, {"whose": person.id}).one()
    return since, since is None and must_enroll_at is not None
