"""The operator's commands: each with a reason, written to Activity, mailed to the owner."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Engine

from tests.support.database import dump
from tests.support.person import EMAIL, Person, entered
from tests.support.smtp import Inbox
from tests.support.stores import Stores

REASON = "She lost her phone; passport seen on a call"
COMMANDS = ["show", "disable-2sv", "sign-out", "lock"]


def run(app: Flask, command: str, email: str = EMAIL, reason: str = REASON) -> Result:
    return app.test_cli_runner().invoke(args=["users", command, email, "--reason", reason])


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("show", "Support looked at your account"),
        ("disable-2sv", "Support turned 2-step verification off"),
        ("sign-out", "Support signed you out everywhere"),
        ("lock", "Support locked your account"),
    ],
)
def test_the_owner_reads_in_activity_what_support_did_and_why(
    protected: Person, command: str, what: str
) -> None:
    assert run(protected.app, command).exit_code == 0
    if command == "lock":
        run(protected.app, "unlock")
    if command != "show":
        protected.sign_in()
        if command != "disable-2sv":
            protected.verify(protected.next_code())
    assert f"{what}: {REASON}" in protected.client.get("/account/activity").text


@pytest.mark.parametrize("command", COMMANDS)
def test_the_owner_is_told_by_mail_with_the_reason(protected: Person, inbox: Inbox, command: str) -> None:
    run(protected.app, command)
    assert REASON in inbox.wait_for("support worked on your account", to=EMAIL).text


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "two\nlines"])
@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_reason_nothing_is_done(
    protected: Person, engine: Engine, command: str, reason: str
) -> None:
    before = dump(engine, without={"mfa_outbox"})
    result = run(protected.app, command, reason=reason)
    assert result.exit_code == 1
    assert "Give a reason" in result.output
    assert dump(engine, without={"mfa_outbox"}) == before


@pytest.mark.parametrize("command", COMMANDS)
def test_the_reason_is_asked_for_where_none_is_given(protected: Person, command: str) -> None:
    result = protected.app.test_cli_runner().invoke(args=["users", command, EMAIL], input=f"{REASON}\n")
    assert "Reason (the owner reads it)" in result.output
    assert result.exit_code == 0


@pytest.mark.parametrize("email", ["nobody@example.com", "not an address"])
@pytest.mark.parametrize("command", COMMANDS)
def test_an_address_without_an_account_is_said(protected: Person, command: str, email: str) -> None:
    result = run(protected.app, command, email)
    assert result.exit_code == 1
    assert "There is no account with this address." in result.output


def test_show_says_what_support_needs_and_nothing_secret(protected: Person) -> None:
    output = run(protected.app, "show").output
    assert "two-step    on since 2026-11-24 12:00 UTC" in output
    assert "codes left  10" in output
    assert "sessions    1" in output
    assert protected.app_on_phone
    assert not any(secret in output for secret in (protected.app_on_phone.secret, "argon2"))


def test_after_disable_2sv_the_password_alone_opens_the_account(protected: Person) -> None:
    run(protected.app, "disable-2sv")
    assert not protected.is_signed_in()
    assert entered(protected.sign_in())


def test_disable_2sv_leaves_nothing_of_the_second_step(protected: Person, engine: Engine) -> None:
    run(protected.app, "disable-2sv")
    kept = dump(engine)
    assert "authenticators:" not in kept
    assert "recovery_codes:" not in kept


def test_disable_2sv_of_an_account_without_it_does_nothing(mina: Person, engine: Engine) -> None:
    before = dump(engine, without={"mfa_outbox"})
    assert run(mina.app, "disable-2sv").exit_code == 1
    assert dump(engine, without={"mfa_outbox"}) == before


def test_sign_out_ends_every_session_and_half_session(
    protected: Person, make_person: Callable[..., Person]
) -> None:
    half = make_person()
    half.sign_in()
    run(protected.app, "sign-out")
    assert not protected.is_signed_in()
    assert not entered(half.verify(protected.next_code()))


def test_a_locked_account_lets_nobody_in(protected: Person) -> None:
    run(protected.app, "lock")
    assert not protected.is_signed_in()
    assert protected.sign_in().status_code == 422
    assert "This account is locked." in protected.page


def test_a_lock_is_said_only_to_whoever_has_the_password(protected: Person) -> None:
    run(protected.app, "lock")
    protected.sign_in(password="not my password at all")
    assert "The e-mail address or the password is not right." in protected.page


def test_a_locked_account_is_not_opened_by_a_reset(mina: Person, inbox: Inbox) -> None:
    run(mina.app, "lock")
    mina.get("/forgot-password")
    mina.post("/forgot-password", {"email": EMAIL})
    path = inbox.wait_for("Set a new").path
    mina.get(path)
    assert mina.post(path, {"new_password": "seven boats under glass"}).status_code == 422
    assert not mina.is_signed_in()


def test_unlock_lets_the_owner_in_again(protected: Person) -> None:
    run(protected.app, "lock")
    run(protected.app, "unlock")
    protected.sign_in()
    assert entered(protected.verify(protected.next_code()))


@pytest.mark.parametrize(("first", "again"), [("lock", "lock"), ("show", "unlock")])
def test_what_is_so_already_is_said(mina: Person, first: str, again: str) -> None:
    run(mina.app, first)
    result = run(mina.app, again)
    assert result.exit_code == 1
    assert "Nothing to do" in result.output


def test_the_log_says_who_did_it_and_nothing_of_the_reason(
    protected: Person, caplog: pytest.LogCaptureFixture
) -> None:
    run(protected.app, "sign-out", reason="she wrote from mina.secret@example.com")
    logged = "".join(f"{record.__dict__!r}" for record in caplog.records)
    assert "support_signed_out" in logged
    assert "mina.secret" not in logged


def test_a_database_that_is_away_is_one_sentence_with_what_the_driver_says(
    app: Flask, stores: Stores
) -> None:
    stores.lose(app)
    result = run(app, "show")
    assert result.exit_code == 1
    assert re.fullmatch(
        r"Error: The database that MFA_SQLALCHEMY_DATABASE_URI names can't be used:"
        r".*(unable to open database file|does not exist)\n",
        result.output,
    )
