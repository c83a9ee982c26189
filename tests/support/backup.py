"""People who sign in while a back-up is made of their database, and after it was brought back elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from console import create_app
from console.extensions import db
from tests.support.crowd import at_once
from tests.support.person import Person, entered

PEOPLE = 3
SIGN_INS = 3


def make_people(make_person: Callable[..., Person]) -> list[Person]:
    """Some with 2-step verification, signed in."""
    return [make_person(email=f"person{number}@example.com").sign_up().activate() for number in range(PEOPLE)]


def sign_in_meanwhile(people: list[Person], dump: Callable[[], None]) -> None:
    """Let all of *people* sign in again and again, by recovery codes, while *dump* is called."""

    def act(number: int) -> None:
        if number == PEOPLE:
            dump()
            return
        person = people[number]
        for code in person.recovery_codes[:SIGN_INS]:
            person.sign_out()
            person.sign_in()
            assert entered(person.verify_recovery_code(code))

    at_once(act, PEOPLE + 1)


def restored(config: dict[str, Any], **changes: Any) -> Flask:
    """The application with the database that was brought back, and what the guide says done to it."""
    app = create_app({**config, **changes, "MAIL_WORKER": "none", "EVENT_LOG": "none"})
    result = app.test_cli_runner().invoke(args=["backup", "restored"])
    assert " ended" in result.output
    return app


def signs_in(person: Person, app: Flask) -> bool:
    """Whether *person* signs in to *app* with the app on the phone, in a browser that is new to it."""
    again = Person(app, person.inbox, person.clock, email=person.email)
    again.app_on_phone = person.app_on_phone
    again.sign_in()
    return entered(again.verify(again.next_code()))


def close(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()
