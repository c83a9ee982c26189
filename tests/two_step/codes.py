"""Codes of one of several authenticator apps."""

from __future__ import annotations

from tests.support.authenticator import Authenticator
from tests.support.person import Person, entered


def code_of(app: Authenticator, person: Person) -> str:
    """Wait for the next code of an app and return it."""
    person.clock.advance(seconds=30)
    return app.code(person.clock.seconds)


def sign_in_by(person: Person, code: str) -> bool:
    """Sign out and in; return True if *code* is taken."""
    person.sign_out()
    person.sign_in()
    return entered(person.verify(code))
