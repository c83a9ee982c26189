"""Throttles by address range in the console; what they do when their store is away."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from console import create_app
from console.extensions import db
from console.passwords.rules import Hasher
from console.web import headers
from tests.support.person import EMAIL, Person, entered
from tests.support.smtp import free_port

pytestmark = pytest.mark.slow

WRONG = "not my password at all"


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of something that lets people in and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture(params=["database://", "memory://", "a Redis that is down", "a Redis that hangs"])
def app(config: dict[str, Any], request: pytest.FixtureRequest, silent: int) -> Iterator[Flask]:
    """Three refusals and two mails an hour (by the real clock in memory), with and without its store."""
    stores = {
        "a Redis that is down": f"redis://127.0.0.1:{free_port()}",
        "a Redis that hangs": f"redis://127.0.0.1:{silent}",
    }
    app = create_app(
        {
            **config,
            "RATELIMIT_STORAGE_URI": stores.get(request.param, request.param),
            "RATELIMIT_REFUSED": "3 per hour",
            "RATELIMIT_MAILS": "2 per hour",
            "EVENT_LOG": "none",
        }
    )
    yield app
    app.extensions["mfa_mail_worker"].stop()
    with app.app_context():
        db.engine.dispose()


def guess(person: Person, email: str) -> int:
    return person.sign_in(email, WRONG).status_code


def test_guesses_at_many_accounts_are_made_to_wait(person: Person) -> None:
    assert [guess(person, f"person{number}@example.com") for number in range(5)] == [422] * 3 + [429] * 2


def test_a_network_that_must_wait_never_reaches_the_hash(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        guess(person, f"person{number}@example.com")
    hashed: list[str] = []
    monkeypatch.setattr(Hasher, "verify", lambda *given: hashed.append(given[2]))
    assert guess(person, "person4@example.com") == 429
    assert hashed == []


def test_pages_are_not_limited(person: Person) -> None:
    for number in range(5):
        guess(person, f"person{number}@example.com")
    assert person.get("/sign-in").status_code == 200


def test_reports_of_browsers_are_limited(person: Person) -> None:
    sent = [person.client.post(headers.REPORTS_PATH, json=[]).status_code for _ in range(62)]
    assert sent == [415] * 60 + [429] * 2


def test_the_answer_says_how_long_to_wait(person: Person) -> None:
    for number in range(3):
        guess(person, f"person{number}@example.com")
    response = person.sign_in("person4@example.com", WRONG)
    assert 0 < int(response.headers["Retry-After"]) <= 3600
    assert "Too many attempts. They came from your network. Try again in" in response.text
    assert response.headers["HX-Retarget"] == "#mfa-notice"


def test_without_htmx_it_is_a_page(make_person: Callable[..., Person]) -> None:
    person = make_person(htmx=False)
    for number in range(3):
        guess(person, f"person{number}@example.com")
    response = person.sign_in("person4@example.com", WRONG)
    assert response.status_code == 429
    assert "<html" in response.text


def test_a_new_accounts_refusals_are_counted(person: Person) -> None:
    person.get("/sign-up")
    person.post("/sign-up", {"email": "mina@example.com"})
    path = person.inbox.wait_for("Create your").path
    answers = [refused_at(person, path, {"name": "Mina", "password": "short"}) for _ in range(5)]
    assert answers == [422] * 3 + [429] * 2


def test_a_resets_refusals_are_counted(person: Person) -> None:
    """Also where somebody is signed in whose device is known: it is another account's link."""
    person.sign_up()
    person.get("/forgot-password")
    person.post("/forgot-password", {"email": EMAIL})
    path = person.inbox.wait_for("Set a new").path
    answers = [refused_at(person, path, {"new_password": "short"}) for _ in range(5)]
    assert answers == [422] * 3 + [429] * 2


def test_a_profiles_refusals_are_counted(person: Person) -> None:
    person.sign_up()
    person.forget_device()
    answers = [refused_at(person, "/account/profile", {"name": "M\0"}) for _ in range(5)]
    assert answers == [422] * 3 + [429] * 2


def refused_at(person: Person, path: str, fields: dict[str, str]) -> int:
    person.get(path)
    return person.post(path, fields).status_code


def test_another_range_goes_on(person: Person) -> None:
    for number in range(4):
        guess(person, f"person{number}@example.com")
    elsewhere = {"REMOTE_ADDR": "203.0.113.7"}
    person.get("/sign-in")
    fields = {"email": "person5@example.com", "password": WRONG}
    assert person.post("/sign-in", fields, environ_base=elsewhere).status_code == 422


def test_the_same_range_is_not_another(person: Person) -> None:
    for number in range(4):
        guess(person, f"person{number}@example.com")
    person.get("/sign-in")
    fields = {"email": "person5@example.com", "password": WRONG}
    assert person.post("/sign-in", fields, environ_base={"REMOTE_ADDR": "127.0.0.99"}).status_code == 429


def test_right_passwords_do_not_count(mina: Person) -> None:
    for _ in range(6):
        mina.sign_out()
        assert entered(mina.sign_in())


def test_the_owner_at_a_known_device_gets_in_from_the_same_range(
    mina: Person, make_person: Callable[..., Person]
) -> None:
    mina.sign_out()
    stranger = make_person()
    for number in range(4):
        guess(stranger, f"person{number}@example.com")
    assert entered(mina.sign_in())


def test_mails_to_whoever_is_named_are_counted_together(person: Person) -> None:
    statuses = []
    for url in ("/sign-up", "/forgot-password", "/sign-up"):
        person.get(url)
        statuses.append(person.post(url, {"email": f"person{len(statuses)}@example.com"}).status_code)
    assert statuses == [200, 200, 429]


def test_nobody_is_signed_out_by_it(mina: Person, make_person: Callable[..., Person]) -> None:
    stranger = make_person()
    for number in range(5):
        guess(stranger, f"person{number}@example.com")
    assert mina.is_signed_in()


def test_nobody_waits_long_for_a_store_that_does_not_answer(person: Person) -> None:
    began = time.monotonic()
    guess(person, "somebody@example.com")
    # Half a second each time that it is asked; without a limit, for ever.
    assert time.monotonic() - began < 20


def test_a_store_that_was_away_in_one_test_is_there_in_the_next(app: Flask) -> None:
    assert not app.extensions["mfa_ranges"].is_away
