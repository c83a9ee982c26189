"""`users list` and `users find`."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from click.testing import Result
from flask import Flask

from console.accounts.models import Account
from console.extensions import db
from console.operator import search
from console.operator.search import Filter
from mfa.database import transaction
from tests.support.person import EMAIL, Person

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["users", *words])


def found(app: Flask, *words: str) -> list[str]:
    """The addresses that a command finds."""
    lines = run(app, *words, "--json").stdout.splitlines()
    return [json.loads(line)["email"] for line in lines]


@pytest.fixture
def three(app: Flask) -> Flask:
    """Three accounts: Mina, Ada with a percent sign in her name, and Bob, who is locked."""
    with app.app_context(), transaction():
        for email, name, locked in (
            ("mina@example.com", "Mina", None),
            ("ada@other.example", "Ada 100%", None),
            ("bob@example.com", "Bob", NOW),
        ):
            db.session.add(
                Account(
                    email=email,
                    email_key=email,
                    name=name,
                    password_hash="$argon2id$secret",
                    created_at=NOW,
                    locked_at=locked,
                )
            )
    return app


def test_every_account_is_listed_in_the_order_of_ids(three: Flask) -> None:
    assert found(three, "list") == ["mina@example.com", "ada@other.example", "bob@example.com"]


@pytest.mark.parametrize(
    ("option", "emails"),
    [
        ("--locked", ["bob@example.com"]),
        ("--not-locked", ["mina@example.com", "ada@other.example"]),
        ("--two-step", []),
        ("--no-two-step", ["mina@example.com", "ada@other.example", "bob@example.com"]),
    ],
)
def test_a_filter_leaves_out_the_others(three: Flask, option: str, emails: list[str]) -> None:
    assert found(three, "list", option) == emails


def test_who_has_two_step_verification_is_found_with_its_date(protected: Person) -> None:
    (line,) = run(protected.app, "list", "--two-step", "--json").stdout.splitlines()
    assert json.loads(line)["two_step_since"].startswith("2026-11-24T12:00")
    assert found(protected.app, "list", "--no-two-step") == []


@pytest.mark.parametrize(
    ("text", "emails"),
    [
        ("MINA", ["mina@example.com"]),
        ("example.com", ["mina@example.com", "bob@example.com"]),
        ("0%", ["ada@other.example"]),
        ("_", []),
    ],
)
def test_a_part_of_address_or_name_finds_it(three: Flask, text: str, emails: list[str]) -> None:
    assert found(three, "find", text) == emails


def test_the_exit_status_says_whether_somebody_was_found(three: Flask) -> None:
    assert (run(three, "find", "bob").exit_code, run(three, "find", "nobody").exit_code) == (0, 1)


def test_the_list_for_people_has_dates_address_and_name(three: Flask) -> None:
    result = run(three, "find", "bob")
    assert result.stdout.splitlines()[1].split() == [
        "3",
        "2026-11-24",
        "2026-11-24",
        "-",
        "-",
        "bob@example.com",
        "Bob",
    ]
    assert result.stderr == "1 account\n"


@pytest.mark.parametrize("words", [("list",), ("list", "--json"), ("find", "mina")])
def test_nothing_secret_is_printed(protected: Person, words: tuple[str, ...]) -> None:
    output = run(protected.app, *words).output
    assert EMAIL in output
    assert protected.app_on_phone
    assert not any(secret in output for secret in (protected.app_on_phone.secret, "argon2", "password"))


def test_the_log_says_who_looked_and_not_for_whom(three: Flask, caplog: pytest.LogCaptureFixture) -> None:
    run(three, "find", "mina@example.com")
    logged = "".join(f"{record.__dict__!r}" for record in caplog.records)
    assert "accounts_searched" in logged
    assert "mina@" not in logged


@pytest.fixture
def crowd(app: Flask) -> Callable[[int], None]:
    """Makes accounts."""

    def make(count: int) -> None:
        rows = [
            {
                "email": f"person{number}@example.com",
                "email_key": f"person{number}@example.com",
                "name": "Somebody",
                "password_hash": "",
                "created_at": NOW,
            }
            for number in range(count)
        ]
        with app.app_context(), transaction():
            db.session.execute(Account.__table__.insert(), rows)  # type: ignore[attr-defined]

    return make


def test_a_list_holds_no_more_than_a_page_in_memory(app: Flask, crowd: Callable[[int], None]) -> None:
    """With 20 pages it takes less than four times what one page takes."""
    crowd(20 * search.PAGE)
    with app.app_context():
        next(search.accounts(Filter()))
        tracemalloc.start()
        next(search.accounts(Filter()))
        _, one_page = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        assert sum(1 for _ in search.accounts(Filter())) == 20 * search.PAGE
        _, all_pages = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert all_pages < 4 * one_page
