"""A mail server that takes its time: a mail is sent, or refused, or perhaps sent."""

from __future__ import annotations

import email
import email.policy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from console import create_app
from console.accounts.models import Account
from console.extensions import db
from console.mail import messages
from deploy import serve
from mfa.database import transaction
from mfa.notices import delivery, outbox, smtp
from mfa.notices.models import OutboxMail
from tests.support.clock import Clock
from tests.support.person import Person
from tests.support.slow_smtp import SlowServer
from tests.support.smtp import Inbox, Letter

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent
MINA = Account(email="mina@example.com", name="Mina")
AFTER_THE_MAIL = {"silent_at": ".", "reply": 1.5, "within": 2.0}
"""What comes before must have come within these seconds, also where the machine is busy."""
BEFORE_THE_MAIL = ["connect", "EHLO", "MAIL", "RCPT", "DATA"]

Served = Callable[..., SlowServer]


@pytest.fixture
def serve_slowly(config: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Put a slow mail server in place of the other, and shorten what we wait for it."""
    servers: list[SlowServer] = []

    def start(silent_at: str = "", *, reply: float = 0.4, within: float = 1.0, **how: Any) -> SlowServer:
        servers.append(SlowServer(silent_at, **how))
        monkeypatch.setattr(smtp, "WITHIN", within)
        config.update(MAIL_PORT=servers[-1].port, MAIL_TIMEOUT=reply, MAIL_WORKER="none")
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def make_app(config: dict[str, Any]) -> Iterator[Callable[[], Flask]]:
    made: list[Flask] = []

    def make() -> Flask:
        made.append(create_app(config))
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def send(app: Flask) -> bool:
    with app.app_context():
        return delivery.send(messages.two_step_on("mina@example.com", name="Mina"))


@pytest.mark.parametrize("command", BEFORE_THE_MAIL)
def test_silence_before_the_mail_was_handed_over_is_a_refusal(
    serve_slowly: Served, make_app: Callable[[], Flask], command: str
) -> None:
    server = serve_slowly(command)
    with pytest.raises(delivery.MailNotSent):
        send(make_app())
    assert server.received == []


@pytest.mark.parametrize("command", BEFORE_THE_MAIL)
def test_an_answer_that_comes_drop_by_drop_does_not_hold_us(
    serve_slowly: Served, make_app: Callable[[], Flask], command: str
) -> None:
    """A time-out of the socket alone would begin again with each byte, for ever."""
    serve_slowly(command, dripping=True)
    with pytest.raises(delivery.MailNotSent):
        send(make_app())


def test_silence_after_the_mail_is_perhaps_sent(
    serve_slowly: Served, make_app: Callable[[], Flask], caplog: pytest.LogCaptureFixture
) -> None:
    server = serve_slowly(**AFTER_THE_MAIL)
    assert send(make_app()) is False
    assert len(server.received) == 1
    assert caplog.messages == ["mail perhaps sent: the mail server took it and did not answer"]


def test_the_answer_to_the_mail_may_take_longer_than_others(
    serve_slowly: Served, make_app: Callable[[], Flask]
) -> None:
    serve_slowly(late=1.5, reply=1.0, within=30)
    assert send(make_app()) is True


@pytest.mark.parametrize("dripping", [False, True])
def test_silence_at_the_goodbye_changes_nothing(
    serve_slowly: Served, make_app: Callable[[], Flask], dripping: bool
) -> None:
    serve_slowly("QUIT", dripping=dripping, reply=20, within=30)
    assert send(make_app()) is True


def test_silence_after_a_refusal_leaves_it_a_refusal(
    serve_slowly: Served, make_app: Callable[[], Flask]
) -> None:
    serve_slowly("RSET", refuses=True)
    with pytest.raises(delivery.MailNotSent):
        send(make_app())


# Notifications


def test_a_notification_without_an_answer_is_tried_three_times_under_one_id(
    serve_slowly: Served, make_app: Callable[[], Flask], clock: Clock
) -> None:
    server = serve_slowly(**AFTER_THE_MAIL)
    with make_app().app_context():
        for _ in range(2):
            with transaction():
                outbox.post(messages.two_step_on, MINA, clock())
        for _ in range(10):
            assert outbox.deliver_due() == 0
            clock.advance(hours=1)
        assert db.session.query(OutboxMail).count() == 0
    ids = [
        email.message_from_bytes(raw, policy=email.policy.default)["Message-ID"] for raw in server.received
    ]
    assert [ids.count(one) for one in dict.fromkeys(ids)] == [3, 3]


def test_a_refused_notification_keeps_its_id_for_the_next_try(
    config: dict[str, Any], make_app: Callable[[], Flask], inbox: Inbox, clock: Clock
) -> None:
    refusing = SlowServer(refuses=True)
    config.update(MAIL_PORT=refusing.port, MAIL_WORKER="none")
    with make_app().app_context():
        with transaction():
            outbox.post(messages.two_step_on, MINA, clock())
        assert outbox.deliver_due() == 0
    refusing.stop()
    clock.advance(hours=1)
    config["MAIL_PORT"] = inbox.port
    with make_app().app_context():
        assert outbox.deliver_due() == 1
    refused = email.message_from_bytes(refusing.received[0], policy=email.policy.default)
    assert inbox.wait_for().message["Message-ID"] == refused["Message-ID"]


# Who waits for a number


@pytest.mark.parametrize("htmx", [True, False])
def test_a_number_that_was_perhaps_mailed_is_asked_for_and_good(
    serve_slowly: Served, config: dict[str, Any], inbox: Inbox, clock: Clock, htmx: bool
) -> None:
    app = create_app(config)
    mina = Person(app, inbox, clock, htmx=htmx).sign_up()
    app.extensions["mfa_mail_worker"].stop()
    server = serve_slowly(**AFTER_THE_MAIL)
    app.config.update(MAIL_TIMEOUT=config["MAIL_TIMEOUT"])
    app.extensions["mail"].port = server.port
    mina.begin()
    mina.post("/account/two-step/enroll/email/send", follow_redirects=True)
    assert 'name="number"' in mina.page
    (raw,) = server.received
    number = Letter(raw, []).number
    assert 'name="number"' in mina.get("/account/two-step/enroll/email").text
    mina.post("/account/two-step/enroll/email", {"number": number}, follow_redirects=True)
    assert "Scan the QR code" in mina.page


# How the waits fit together


def test_the_page_waits_longer_than_the_mail_may_take() -> None:
    config = re.search(r"name=\"htmx-config\" content='(.*?)'", (ROOT / "templates/base.html").read_text())
    assert config
    given_up = re.search(r"GIVEN_UP = ([0-9_]+);", (ROOT / "mfa/static/mfa/js/busy.js").read_text())
    assert given_up
    page_waits = json.loads(config[1])["defaultTimeout"]
    assert int(given_up[1]) == page_waits
    # Between them: connecting to the database, a hash, and the way there and back.
    assert page_waits / 1000 >= smtp.WITHIN + 10
    assert serve.KILL_AFTER > smtp.WITHIN
    assert outbox._TAKEN_FOR.total_seconds() > 2 * smtp.WITHIN
