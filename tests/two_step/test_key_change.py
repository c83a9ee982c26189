"""A changed master key: whoever was on the way, or has 2-step verification on, goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from console import create_app
from console.extensions import db
from tests.support.person import Person, entered

NEW_KEY = "fedcba9876543210" * 4


@pytest.fixture
def rotated(config: dict[str, Any]) -> Iterator[Flask]:
    """The same installation, restarted with a new key and the old one as a fallback."""
    app = create_app({**config, "SECRET_KEY": NEW_KEY, "SECRET_KEY_FALLBACKS": [config["SECRET_KEY"]]})
    yield app
    app.extensions["mfa_mail_worker"].stop()
    with app.app_context():
        db.engine.dispose()


def moved(person: Person, app: Flask) -> Person:
    """The same browser before the restarted server."""
    other = Person(app, person.inbox, person.clock)
    other.put_cookie(person.cookie())
    other.page, other.app_on_phone = person.page, person.app_on_phone
    other.recovery_codes = person.recovery_codes
    return other


def test_nobody_is_signed_out(mina: Person, rotated: Flask) -> None:
    assert moved(mina, rotated).is_signed_in()


def test_an_enrollment_goes_on_with_the_same_secret_and_codes(mina: Person, rotated: Flask) -> None:
    mina.begin().verify_email().scan().enter_code()
    other = moved(mina, rotated)
    other.get("/account/two-step/enroll")
    assert other.shown_codes() == mina.recovery_codes
    assert "2-step verification is on." in other.complete().text
    other.sign_out()
    other.sign_in()
    assert entered(other.verify(other.next_code()))


@pytest.mark.parametrize("by", ["code", "recovery code"])
def test_the_second_step_is_taken_as_before(protected: Person, rotated: Flask, by: str) -> None:
    other = moved(protected, rotated)
    other.sign_out()
    other.sign_in()
    passed = (
        other.verify(other.next_code())
        if by == "code"
        else other.verify_recovery_code(other.recovery_codes[0])
    )
    assert entered(passed)


def test_without_the_old_key_an_old_cookie_is_no_cookie(
    mina: Person, config: dict[str, Any], make_person: Callable[..., Person]
) -> None:
    app = create_app({**config, "SECRET_KEY": NEW_KEY, "MAIL_WORKER": "none"})
    assert not moved(mina, app).is_signed_in()
    with app.app_context():
        db.engine.dispose()
