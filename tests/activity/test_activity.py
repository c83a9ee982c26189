"""The tab Activity: what happened to the account, newest first, and only to it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine

from console import create_app
from console.activity import events as console_events, words
from console.extensions import db
from mfa.activity import rules
from mfa.activity.models import ActivityEvent
from tests.support.applications import Applications
from tests.support.clock import Clock
from tests.support.database import dump
from tests.support.person import PASSWORD, Person
from tests.support.smtp import Inbox

NEW_PASSWORD = "seven boats under glass"


Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def app(
    request: pytest.FixtureRequest, config: dict[str, Any], applications: Applications
) -> Iterator[Flask]:
    """With its log in a file if the test reads that."""
    log = {"EVENT_LOG": "events.log"} if "lines" in request.fixturenames else {}
    app = applications.get({**config, **log})
    yield app
    app.extensions["mfa_mail_worker"].stop()


@pytest.fixture
def lines(app: Flask) -> Lines:
    """Returns the lines of the log."""
    path = Path(app.instance_path) / "events.log"
    return lambda: [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def events(person: Person, url: str = "/account/activity") -> list[str]:
    text = person.client.get(url).text
    return [unescape(what) for what in re.findall(r'class="events__what">([^<]*)<', text)]


def wrong_code(person: Person) -> None:
    person.activate()
    person.sign_out()
    person.sign_in()
    person.verify("000000")
    person.verify(person.next_code())


def throttled_codes(person: Person) -> None:
    person.activate()
    person.prove_password("disable")
    for _ in range(5):
        person.disable(code="000000")


def throttled_passwords(person: Person) -> None:
    person.get("/account/password")
    for _ in range(5):
        person.post("/account/password", {"current_password": "x" * 15, "new_password": NEW_PASSWORD})


def recovery_code(person: Person) -> None:
    person.activate()
    person.sign_out()
    person.sign_in()
    person.verify_recovery_code(person.recovery_codes[0])


def reissue(person: Person) -> None:
    person.activate()
    person.prove_password("reissue")
    person.post("/account/two-step/reissue/recovery-codes", {"saved": "y"})


def move(person: Person) -> None:
    person.activate().move()


def disable(person: Person) -> None:
    person.activate()
    person.prove_password("disable")
    person.disable(code=person.next_code())


def change_password(person: Person) -> None:
    person.get("/account/password")
    person.post("/account/password", {"current_password": PASSWORD, "new_password": NEW_PASSWORD})


def reset_password(person: Person) -> None:
    person.get("/forgot-password")
    person.post("/forgot-password", {"email": "mina.park@example.com"})
    path = person.inbox.wait_for("Set a new").path
    person.get(path)
    person.post(path, {"new_password": NEW_PASSWORD})


def change_name(person: Person) -> None:
    person.get("/account/profile")
    person.post("/account/profile", {"name": "Mina K. Park"})


def sign_out_elsewhere(person: Person) -> None:
    other = Person(person.app, person.inbox, person.clock)
    other.sign_in()
    person.get("/account/sessions")
    person.post("/account/sessions/end")


def sign_out_everywhere_else(person: Person) -> None:
    Person(person.app, person.inbox, person.clock).sign_in()
    person.get("/account/sessions")
    person.post("/account/sessions/end-others")


def sign_out_and_in(person: Person) -> None:
    person.sign_out()
    person.sign_in()


def sign_in_after_failures(person: Person) -> None:
    person.sign_out()
    for _ in range(2):
        person.sign_in(password="x" * 15)
    person.sign_in()


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda _: None, "Signed in on a new device"),
        (lambda _: None, "Account created"),
        (sign_out_and_in, "Signed out"),
        (sign_out_and_in, "Signed in"),
        (sign_in_after_failures, "Signed in, after 2 failed attempts"),
        (wrong_code, "Wrong authentication code entered"),
        (wrong_code, "Signed in with a code from your app, after 1 failed attempt"),
        (throttled_codes, "Too many wrong codes: further ones have to wait"),
        (throttled_passwords, "Too many wrong passwords: further ones have to wait"),
        (lambda person: person.activate(), "2-step verification turned on"),
        (disable, "2-step verification turned off"),
        (move, "Moved to a new authenticator app"),
        (reissue, "Recovery codes reissued"),
        (recovery_code, "Recovery code used, 9 left"),
        (recovery_code, "Signed in with a recovery code"),
        (change_name, "Name changed"),
        (change_password, "Password changed"),
        (reset_password, "New password set by an e-mailed link"),
        (sign_out_elsewhere, "Signed out another device: Unknown device"),
        (sign_out_everywhere_else, "Signed out every other device"),
    ],
)
def test_the_owner_reads_what_happened(mina: Person, act: Callable[[Person], object], said: str) -> None:
    act(mina)
    assert said in events(mina)


def test_every_event_is_put_into_words() -> None:
    named = {**vars(rules), **vars(console_events)}
    kinds = {value for name, value in named.items() if name.isupper() and isinstance(value, str)}
    for kind in kinds:
        assert words.sentence(ActivityEvent(event=kind, details={}))


def test_the_newest_event_comes_first(mina: Person) -> None:
    change_name(mina)
    change_password(mina)
    assert events(mina)[:2] == ["Password changed", "Name changed"]


def test_the_device_and_the_network_stand_beside_it(mina: Person) -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    mina.get("/account/profile")
    mina.post("/account/profile", {"name": "Mina K."}, headers={"User-Agent": firefox})
    text = mina.client.get("/account/activity").text
    assert "Firefox on Linux" in text
    assert "127.0.0.0/24" in text
    assert "127.0.0.1" not in text


def test_nobody_reads_the_events_of_another_account(mina: Person, make_person: Callable[..., Person]) -> None:
    change_name(mina)
    other = make_person().sign_up("other@example.com")
    assert "Name changed" not in events(other)


def test_what_was_typed_can_not_put_markup_on_the_page(mina: Person) -> None:
    mina.get("/account/profile")
    mina.post("/account/profile", {"name": "M"}, headers={"User-Agent": "<script>alert(1)</script>/1.0"})
    assert "<script>alert" not in mina.client.get("/account/activity").text


@pytest.fixture
def busy(mina: Person) -> Person:
    """Somebody with 52 events."""

    def change(person: Person) -> None:
        person.get("/account/profile")
        for number in range(50):
            # Slowly: many changes in a short time are made to wait.
            person.clock.advance(minutes=16)
            person.post("/account/profile", {"name": f"Mina {number}"})

    return mina.reach("change the name 50 times", change)


def test_older_events_are_on_the_next_pages(busy: Person) -> None:
    seen, url = [], "/account/activity"
    for _ in range(3):
        seen += events(busy, url)
        older = re.findall(r'href="(/account/activity\?before=[0-9]+)"', busy.client.get(url).text)
        url = older[0] if older else ""
    assert len(seen) == 52
    assert seen[-2:] == ["Signed in on a new device", "Account created"]
    assert url == ""


def test_a_page_does_not_move_when_something_new_happens(busy: Person) -> None:
    (url,) = re.findall(
        r'href="(/account/activity\?before=[0-9]+)"', busy.client.get("/account/activity").text
    )
    before = busy.client.get(url).text
    busy.post("/account/profile", {"name": "Mina the newest"})
    assert events(busy, url) == [unescape(w) for w in re.findall(r'class="events__what">([^<]*)<', before)]


@pytest.mark.parametrize("before", ["0", "-1", "x", "9" * 30, "1.5", ""])
def test_a_page_that_can_not_be_is_the_first(busy: Person, before: str) -> None:
    assert events(busy, f"/account/activity?before={before}") == events(busy)


def test_a_change_that_breaks_leaves_no_event(
    mina: Person, lines: Lines, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the power went out")

    mina.begin().verify_email().scan().enter_code()
    before = lines()
    monkeypatch.setattr("console.sessions.rules.renew", broken)
    assert mina.complete().status_code == 500
    assert "two_step_on" not in dump(engine)
    assert lines() == before


# The log


def test_the_log_says_the_same_as_the_tab(protected: Person, lines: Lines) -> None:
    said = [line["event"] for line in lines()]
    assert said == ["account_created", "signed_in", "two_step_on"]


def test_a_line_is_an_object_with_time_event_outcome_account_device_and_network(
    mina: Person, lines: Lines
) -> None:
    line = lines()[-1]
    assert line == {
        "event": "signed_in",
        "level": "INFO",
        "time": "2026-11-24T12:00:10+00:00",
        "outcome": "done",
        "account": "1",
        "device": "Unknown device",
        "network": "127.0.0.0/24",
        "by": "password",
        "failures": 0,
        "new_device": True,
    }


def test_a_refused_password_is_logged_without_its_address(person: Person, lines: Lines) -> None:
    person.sign_in("nobody@example.com", "x" * 15)
    line = lines()[-1]
    assert (line["event"], line["outcome"], line["account"]) == ("password_refused", "refused", None)
    assert "nobody" not in json.dumps(line)


def test_nobody_can_write_a_line_of_his_own(mina: Person, lines: Lines) -> None:
    mina.get("/account/profile")
    before = len(lines())
    mina.post(
        "/account/profile",
        {"name": "Mina two"},
        headers={"User-Agent": 'Firefox/1.0", "event": "two_step_off", "x": "\u2028{"event": "forged"}'},
    )
    after = lines()
    assert len(after) == before + 1
    assert after[-1]["event"] == "name_changed"


def test_guesses_at_an_unknown_address_are_nobodys_events_and_forgotten(
    person: Person, engine: Engine, inbox: Inbox
) -> None:
    for _ in range(5):
        person.sign_in("nobody@example.com", "x" * 15)
    assert "None, 'throttled'" in dump(engine)
    with person.app.app_context():
        person.clock.advance(hours=23)
        list(rules.forget_strangers(person.clock()))
        assert "None, 'throttled'" in dump(engine)
        person.clock.advance(hours=2)
        list(rules.forget_strangers(person.clock()))
    assert "None, 'throttled'" not in dump(engine)


def test_events_are_kept_for_a_year(busy: Person) -> None:
    busy.clock.advance(days=364)
    with busy.app.app_context():
        assert sum(rules.forget_old(busy.clock())) == 0
        busy.clock.advance(days=1, hours=1)
        assert sum(rules.forget_old(busy.clock())) > 40
        busy.clock.advance(days=1)
        list(rules.forget_old(busy.clock()))
    busy.sign_in()
    assert events(busy) == ["Signed in on a new device"]


def test_events_are_kept_for_as_long_as_the_setting_says(
    config: dict[str, Any], inbox: Inbox, clock: Clock
) -> None:
    app = create_app({**config, "ACTIVITY_DAYS": 30, "MAIL_WORKER": "none"})
    Person(app, inbox, clock).sign_up()
    with app.app_context():
        clock.advance(days=29)
        assert sum(rules.forget_old(clock())) == 0
        clock.advance(days=2)
        assert sum(rules.forget_old(clock())) == 2
        db.engine.dispose()
