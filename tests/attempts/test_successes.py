"""What succeeds is bounded too: sessions, mails of one kind, and changes, and nobody is locked out by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from console.extensions import db
from console.sessions import rules as sessions
from console.sessions.models import AccountSession
from mfa.activity.models import ActivityEvent
from mfa.attempts.models import Spent
from tests.support.clock import Clock
from tests.support.person import PASSWORD, Person, entered


def count(app: Flask, model: type[Any]) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.fixture
def stranger(app: Flask, mina: Person, make_person: Callable[..., Person]) -> Person:
    """Somebody elsewhere who knows the password."""
    app.extensions["mfa_mail_worker"].stop()
    mina.inbox.take_all()
    return make_person()


def sign_in_anew(person: Person, times: int) -> list[int]:
    """Sign in again and again, each time in a browser that never was here."""
    statuses = []
    for _ in range(times):
        for name in ("SESSION_COOKIE_NAME", "DEVICE_COOKIE_NAME"):
            person.client.delete_cookie(person.app.config[name], domain="127.0.0.1")
        statuses.append(person.sign_in().status_code)
    return statuses


def test_sign_ins_without_end_are_made_to_wait(stranger: Person) -> None:
    statuses = sign_in_anew(stranger, 34)
    assert statuses[29] != 429
    assert statuses[30:] == [429] * 4
    assert "You signed in too often. Try again in 30 seconds." in stranger.page


def test_owner_at_a_known_device_signs_in_all_the_same(stranger: Person, mina: Person) -> None:
    sign_in_anew(stranger, 32)
    mina.sign_out()
    assert entered(mina.sign_in())


def test_mails_of_one_kind_do_not_fill_the_mailbox(stranger: Person) -> None:
    sign_in_anew(stranger, 30)
    stranger.app.test_cli_runner().invoke(args=["mail", "deliver"])
    subjects = [letter.subject for letter in stranger.inbox.take_all()]
    assert subjects == ["New sign-in to Twostep"] * 10


def test_mails_go_on_after_a_pause(stranger: Person, clock: Clock) -> None:
    sign_in_anew(stranger, 12)
    clock.advance(seconds=61)
    sign_in_anew(stranger, 2)
    stranger.app.test_cli_runner().invoke(args=["mail", "deliver"])
    assert len(stranger.inbox.take_all()) == 11


def test_sessions_beyond_the_most_end_the_one_unseen_longest(
    app: Flask, stranger: Person, mina: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sessions.MOST_SESSIONS == 50
    for _ in range(4):
        clock.advance(hours=2)
        sign_in_anew(stranger, 14)
        assert mina.is_signed_in()
    assert count(app, AccountSession) == 50


def test_name_changes_without_end_are_made_to_wait(app: Flask, mina: Person, clock: Clock) -> None:
    statuses = []
    for number in range(24):
        mina.get("/account/profile")
        statuses.append(mina.post("/account/profile", {"name": f"Mina {number}"}).status_code)
    assert statuses == [200] * 20 + [429] * 4
    assert "Too many changes in a short time. Try again in 30 seconds." in mina.page
    clock.advance(seconds=31)
    mina.get("/account/profile")
    assert mina.post("/account/profile", {"name": "Mina"}).status_code == 200


def test_saving_the_same_profile_is_no_change(app: Flask, mina: Person) -> None:
    mina.get("/account/profile")
    mina.post("/account/profile", {"name": "Mina"})
    before = count(app, ActivityEvent)
    for _ in range(30):
        mina.get("/account/profile")
        assert mina.post("/account/profile", {"name": "Mina"}).status_code == 200
    assert count(app, ActivityEvent) == before


def test_password_changes_without_end_are_made_to_wait(mina: Person) -> None:
    passwords = [PASSWORD, "seven boats under glass"]
    statuses = []
    for number in range(23):
        mina.get("/account/password")
        fields = {"current_password": passwords[number % 2], "new_password": passwords[(number + 1) % 2]}
        if statuses[20:]:
            fields["current_password"] = passwords[0]
        statuses.append(mina.post("/account/password", fields).status_code)
    assert statuses == [200] * 20 + [429] * 3
    assert mina.is_signed_in()


def test_signing_nobody_out_is_no_event(app: Flask, mina: Person, make_person: Callable[..., Person]) -> None:
    assert entered(make_person().sign_in())
    before = count(app, ActivityEvent)
    for _ in range(30):
        mina.get("/account/profile")
        assert mina.post("/account/sessions/end-others").status_code == 200
    assert count(app, ActivityEvent) == before + 1


def test_begin_and_cancel_without_end_write_nothing(app: Flask, mina: Person) -> None:
    for _ in range(30):
        mina.begin()
        assert mina.post("/account/two-step/enroll/cancel").status_code in (200, 303)
    assert count(app, Spent) == 1  # the link of the sign-up


def test_an_enrollment_that_was_mailed_for_is_given_up_for_good(app: Flask, mina: Person) -> None:
    before = count(app, Spent)
    mina.begin().verify_email()
    mina.post("/account/two-step/enroll/cancel")
    assert count(app, Spent) > before
