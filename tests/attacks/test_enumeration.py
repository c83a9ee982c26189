"""Whether an address has an account: not to be told by words, status, time or mail."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from console import create_app
from console.extensions import db
from tests.support.pages import lasting
from tests.support.person import PASSWORD, Person
from tests.support.smtp import Inbox

KNOWN, UNKNOWN = "known@example.com", "nobody@example.com"
WRONG = "not my password at all"
PAIRS = 60
ALLOWED = 0.10
"""The share of a request's time by which the medians may differ; a missing hash is more than 80 % of it."""
LOOKS = 4
"""So often at most it is measured: what tells addresses apart shows each time, other work does not."""


@pytest.fixture
def app(config: dict[str, Any]) -> Iterator[Flask]:
    """With a password hash that costs enough to be seen, and no limits by range: they stop both alike."""
    app = create_app(
        {
            **config,
            "PASSWORD_HASH_COST": "t=2,m=8192,p=1",
            "EVENT_LOG": "none",
            "RATELIMIT_REFUSED": "100000 per minute",
            "RATELIMIT_MAILS": "100000 per minute",
        }
    )
    yield app
    app.extensions["mfa_mail_worker"].stop()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def stranger(make_person: Callable[..., Person]) -> Person:
    """Somebody at a new device; there is an account for KNOWN."""
    make_person().sign_up(KNOWN)
    return make_person()


def asked(person: Person, url: str, **fields: str) -> tuple[int, str]:
    """Status and page of the answer, with the address that was asked for left out."""
    person.get(url)
    response = person.post(url, fields)
    return response.status_code, lasting(response.text).replace(fields["email"], "EMAIL")


@pytest.mark.parametrize(
    ("url", "fields"),
    [("/sign-in", {"password": WRONG}), ("/sign-up", {}), ("/forgot-password", {})],
)
def test_the_answer_is_the_same(stranger: Person, url: str, fields: dict[str, str]) -> None:
    assert asked(stranger, url, email=KNOWN, **fields) == asked(stranger, url, email=UNKNOWN, **fields)


@pytest.mark.parametrize(
    ("url", "fields"),
    [("/sign-in", {"password": WRONG}), ("/sign-up", {}), ("/forgot-password", {})],
)
def test_the_throttle_begins_at_the_same_attempt_with_the_same_words(
    stranger: Person, url: str, fields: dict[str, str]
) -> None:
    answers = [[asked(stranger, url, email=email, **fields) for _ in range(7)] for email in (KNOWN, UNKNOWN)]
    assert answers[0] == answers[1]
    assert answers[0][-1][0] == 429


@pytest.mark.parametrize("url", ["/sign-up", "/forgot-password"])
@pytest.mark.parametrize("email", [KNOWN, UNKNOWN])
def test_one_mail_leaves_either_way(stranger: Person, inbox: Inbox, url: str, email: str) -> None:
    inbox.take_all()
    asked(stranger, url, email=email)
    assert [letter.recipients for letter in inbox.take_all()] == [[email]]


@pytest.mark.parametrize("url", ["/sign-up", "/forgot-password"])
def test_a_dead_mail_server_is_said_alike(stranger: Person, inbox: Inbox, url: str) -> None:
    inbox.stop()
    assert asked(stranger, url, email=KNOWN) == asked(stranger, url, email=UNKNOWN)


def test_the_second_step_is_shown_to_nobody_without_the_password(
    protected: Person, make_person: Callable[..., Person]
) -> None:
    """So it tells nobody else that there is an account, or that its 2-step verification is on."""
    stranger = make_person()
    first = asked(stranger, "/sign-in", email="mina.park@example.com", password=WRONG)
    assert first == asked(stranger, "/sign-in", email=UNKNOWN, password=WRONG)


# Time


def difference(person: Person, url: str, numbers: Sequence[int], **fields: str) -> float:
    """By which share of its median time an answer differs for known and unknown addresses, asked for in turn.

    Each pair has addresses of its own, so that no throttle stops one of them, and the order within a pair
    changes, so that whatever slows the machine slows both.

    :param numbers: of the pairs.
    """
    took: dict[str, list[float]] = {"known": [], "unknown": []}
    for number in numbers:
        kinds = ("known", "unknown") if number % 2 else ("unknown", "known")
        for kind in kinds:
            person.get(url)
            email = f"{kind}{number}@example.com"
            begun = time.perf_counter()
            person.post(url, {"email": email, **fields})
            took[kind].append(time.perf_counter() - begun)
    known, unknown = map(statistics.median, took.values())
    return abs(known - unknown) / max(known, unknown)


@pytest.fixture
def many_known(app: Flask, person: Person) -> Person:
    """A stranger; there are accounts for known0@example.com and so on."""
    from datetime import UTC, datetime

    from console.accounts.models import Account
    from console.toolbox import toolbox
    from mfa.attempts import hashing
    from mfa.database import transaction
    from mfa.devices import NO_DEVICE

    with app.app_context(), transaction():
        with hashing.place(NO_DEVICE, known=False):
            hashed = toolbox().hasher.hash(PASSWORD)
        for number in range(LOOKS * PAIRS):
            email = f"known{number}@example.com"
            db.session.add(
                Account(
                    email=email,
                    email_key=email,
                    name="Mina",
                    password_hash=hashed,
                    created_at=datetime(2026, 1, 1, tzinfo=UTC),
                )
            )
    return person


@pytest.mark.slow
@pytest.mark.parametrize(
    ("url", "fields"),
    [("/sign-in", {"password": WRONG}), ("/sign-up", {}), ("/forgot-password", {})],
)
def test_the_answer_takes_the_same_time(many_known: Person, url: str, fields: dict[str, str]) -> None:
    looks = [range(first, first + PAIRS) for first in range(0, LOOKS * PAIRS, PAIRS)]
    assert any(difference(many_known, url, numbers, **fields) < ALLOWED for numbers in looks)


@pytest.mark.slow
def test_a_door_that_hashes_for_accounts_alone_would_be_found(
    many_known: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The measure itself is tried: with the leak that everybody writes first, it speaks."""
    from console.auth import password as rules
    from console.passwords.rules import Hasher

    seek, real = rules.seek, Hasher.verify
    monkeypatch.setattr(rules, "seek", lambda email: replace(seek(email), stand_in=None))
    monkeypatch.setattr(
        Hasher, "verify", lambda self, hashed, password: bool(hashed) and real(self, hashed, password)
    )
    assert difference(many_known, "/sign-in", range(PAIRS), password=WRONG) > 3 * ALLOWED
