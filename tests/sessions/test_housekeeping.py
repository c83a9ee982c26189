"""What is over is deleted in the background."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from console.extensions import db
from console.sessions.models import AccountSession
from mfa.attempts.models import Spent
from tests.support.clock import Clock
from tests.support.person import Person


def rows(app: Flask) -> int:
    with app.app_context():
        return db.session.query(AccountSession).count()


def keep_house(app: Flask) -> None:
    assert app.test_cli_runner().invoke(args=["mail", "deliver"]).exit_code == 0


def test_a_session_that_is_over_is_deleted(app: Flask, mina: Person, clock: Clock) -> None:
    assert rows(app) == 1
    clock.advance(days=31)
    keep_house(app)
    assert rows(app) == 0


def test_a_session_that_goes_on_is_kept(app: Flask, mina: Person, clock: Clock) -> None:
    clock.advance(hours=11)
    keep_house(app)
    assert rows(app) == 1
    assert mina.is_signed_in()


def test_half_a_session_that_nobody_finished_is_deleted_and_still_told(
    app: Flask, protected: Person, make_person: Callable[..., Person], clock: Clock
) -> None:
    protected.sign_out()
    protected.inbox.take_all()
    make_person().sign_in()
    assert rows(app) == 1
    clock.advance(minutes=11)
    keep_house(app)
    assert rows(app) == 0
    assert protected.inbox.wait_for("Somebody entered your Twostep password")


def test_what_was_used_up_is_remembered_for_a_month(app: Flask, mina: Person, clock: Clock) -> None:
    mina.activate()
    keep_house(app)
    with app.app_context():
        assert db.session.query(Spent).count() > 0
    clock.advance(days=29)
    keep_house(app)
    with app.app_context():
        assert db.session.query(Spent).count() > 0
    clock.advance(days=2)
    keep_house(app)
    with app.app_context():
        assert db.session.query(Spent).count() == 0
