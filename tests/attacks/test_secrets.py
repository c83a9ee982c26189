"""What a thief of the database, of its files, or of every log would find: none of a journey's secrets."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from console.extensions import db
from tests.support.applications import Applications
from tests.support.cookies import read_cookie
from tests.support.person import EMAIL, PASSWORD, Person
from tests.support.smtp import Inbox
from tests.support.stores import Stores

NEW_PASSWORD = "seven boats under glass"
NEW_EMAIL = "mina@new.example"


class Careless(Person):
    """Somebody whose every secret is written down."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.secrets: set[str] = {PASSWORD, NEW_PASSWORD}
        super().__init__(*args, **options)

    def _keep(self, response: Any) -> Any:
        kept = super()._keep(response)
        for name in ("twostep-session", "twostep-device"):
            cookie = self.client.get_cookie(name, domain="127.0.0.1")
            if cookie:
                self.secrets.add(cookie.value)
        said = read_cookie(self.cookie()) if self.cookie() else {}
        self.secrets |= {said[key] for key in ("_user_id", "two_step_challenge", "csrf_token") if key in said}
        return kept

    def code(self, *, seconds: float = 0) -> str:
        code = super().code(seconds=seconds)
        self.secrets.add(code)
        return code

    def read(self, subject: str, to: str = EMAIL) -> Any:
        """A mail, whose link and number are secrets."""
        letter = self.inbox.wait_for(subject, to=to)
        self.secrets.add(letter.path.rsplit("/", 1)[1])
        return letter


@pytest.fixture
def app(config: dict[str, Any], applications: Applications) -> Iterator[Flask]:
    app = applications.get({**config, "EVENT_LOG": "events.log"})
    yield app
    app.extensions["mfa_mail_worker"].stop()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def journey(
    app: Flask,
    inbox: Inbox,
    clock: Any,
    make_person: Callable[..., Person],
    caplog: pytest.LogCaptureFixture,
) -> Careless:
    """Somebody who has done everything that one can do."""
    caplog.set_level(logging.DEBUG)
    mina = Careless(app, inbox, clock)

    mina.get("/sign-up")
    mina.post("/sign-up", {"email": EMAIL})
    path = mina.read("Create your").path
    mina.get(path)
    mina.post(path, {"name": "Mina Park", "password": PASSWORD})

    mina.begin()
    mina.post("/account/two-step/enroll/email/send")
    letter = mina.read("authentication number")
    mina.secrets.add(letter.number)
    mina.post("/account/two-step/enroll/email", {"number": letter.number})
    mina.scan().enter_code()
    codes = list(mina.recovery_codes)
    mina.complete()
    assert mina.app_on_phone
    mina.secrets.add(mina.app_on_phone.secret)

    mina.sign_out()
    mina.sign_in(password="wrong words entirely")
    mina.secrets.add("wrong words entirely")
    mina.sign_in()
    for _ in range(5):
        mina.verify("135790")
    mina.secrets.add("135790")
    clock.advance(minutes=1)
    mina.verify(mina.next_code())
    mina.sign_out()
    mina.sign_in()
    mina.verify_recovery_code(codes[0])

    mina.prove_password("reissue")
    codes += mina.shown_codes()
    mina.post("/account/two-step/reissue/recovery-codes", {"saved": "y"})

    mina.move()
    mina.secrets.add(mina.app_on_phone.secret)
    codes += mina.recovery_codes
    mina.secrets |= {*codes, *(code.replace("-", "") for code in codes)}

    mina.get("/account/profile/email")
    mina.post(
        "/account/profile/email",
        {"email": NEW_EMAIL, "password": PASSWORD, "factor": "code", "code": mina.next_code()},
    )
    path = mina.read("Confirm your new", to=NEW_EMAIL).path
    mina.get(path)
    mina.post(path)
    mina.read("address was changed")

    mina.get("/forgot-password")
    mina.post("/forgot-password", {"email": NEW_EMAIL})
    path = mina.read("Set a new", to=NEW_EMAIL).path
    mina.get(path)
    mina.post(path, {"new_password": NEW_PASSWORD})
    mina.verify(mina.next_code())
    mina.prove_password("disable", NEW_PASSWORD)
    mina.disable(code=mina.next_code())
    assert len(mina.secrets) > 60
    return mina


def everything_logged(app: Flask, caplog: pytest.LogCaptureFixture) -> str:
    own = (Path(app.instance_path) / "events.log").read_text()
    others = "\n".join(f"{record.getMessage()} {record.__dict__!r}" for record in caplog.records)
    return own + others


def test_no_log_holds_a_secret(journey: Careless, app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    logged = everything_logged(app, caplog)
    assert [secret for secret in journey.secrets if secret in logged] == []


@pytest.mark.parametrize("personal", [EMAIL, NEW_EMAIL, "mina.park", "Mina Park", "127.0.0.1"])
def test_the_security_log_holds_no_name_and_no_full_address(
    journey: Careless, app: Flask, personal: str
) -> None:
    assert personal not in (Path(app.instance_path) / "events.log").read_text()


def test_every_line_of_the_security_log_is_an_object(journey: Careless, app: Flask) -> None:
    lines = (Path(app.instance_path) / "events.log").read_text().splitlines()
    events = [json.loads(line)["event"] for line in lines]
    assert {"signed_in", "second_step_failed", "throttled", "email_changed", "two_step_off"} <= set(events)


def test_the_files_of_the_database_hold_no_secret(journey: Careless, app: Flask, stores: Stores) -> None:
    files = stores.files(app)
    assert b"mina@new.example" in files  # the right files were looked at
    assert [secret for secret in journey.secrets if secret.encode() in files] == []


def test_the_files_of_the_database_hold_no_key_of_the_app_in_any_form(
    journey: Careless, app: Flask, stores: Stores
) -> None:
    assert journey.app_on_phone
    key = journey.app_on_phone.secret
    raw = base64.b32decode(key + "=" * (-len(key) % 8))
    files = stores.files(app)
    assert not [form for form in (raw, base64.b64encode(raw), raw.hex().encode()) if form in files]


def test_the_files_of_the_database_hold_no_full_ip_address(
    journey: Careless, app: Flask, stores: Stores
) -> None:
    files = stores.files(app)
    assert b"127.0.0.1" not in files


def test_an_error_of_the_database_does_not_say_what_was_being_written(
    app: Flask, person: Person, caplog: pytest.LogCaptureFixture
) -> None:
    from sqlalchemy import text

    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("DROP TABLE mfa_throttles"))
    person.get("/sign-in")
    assert person.post("/sign-in", {"email": EMAIL, "password": PASSWORD}).status_code == 500
    logged = caplog.text
    assert "SQL parameters hidden" in logged  # the error was looked at
    assert EMAIL not in logged
    assert PASSWORD not in logged
