"""Notifications: with the change they tell of, after it stands, and not lost when the server is down."""

from __future__ import annotations

import inspect
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from console import create_app
from console.accounts.models import Account
from console.activity import events
from console.extensions import db
from console.mail import messages
from mfa.database import transaction
from mfa.notices import delivery, outbox
from mfa.notices.models import OutboxMail
from mfa.notices.worker import Worker
from tests.support import commands, patience
from tests.support.applications import Applications
from tests.support.clock import Clock
from tests.support.smtp import Inbox
from tests.support.stores import Stores

TO = "mina@example.com"
MINA = Account(email=TO, name="Mina")


@pytest.fixture
def app(config: dict[str, Any], applications: Applications) -> Iterator[Flask]:
    """Without the worker: the tests deliver by hand."""
    app = applications.get({**config, "MAIL_WORKER": "none"})
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def post(clock: Clock) -> None:
    with transaction():
        outbox.post(messages.two_step_on, MINA, clock())


def waiting() -> int:
    return db.session.query(OutboxMail).count()


def test_a_notification_leaves_once(app: Flask, inbox: Inbox, clock: Clock) -> None:
    post(clock)
    assert outbox.deliver_due() == 1
    assert outbox.deliver_due() == 0
    assert [letter.recipients for letter in inbox.take_all()] == [[TO]]


def test_nothing_is_kept_of_a_mail_that_left(app: Flask, clock: Clock) -> None:
    post(clock)
    outbox.deliver_due()
    assert waiting() == 0


def test_a_change_that_was_rolled_back_sends_nothing(app: Flask, inbox: Inbox, clock: Clock) -> None:
    with pytest.raises(RuntimeError), transaction():
        outbox.post(messages.two_step_on, MINA, clock())
        raise RuntimeError
    outbox.deliver_due()
    assert inbox.take_all() == []


def test_a_mail_server_that_is_down_for_an_hour_delays_the_mail(
    app: Flask, inbox: Inbox, clock: Clock
) -> None:
    post(clock)
    inbox.stop()
    for _ in range(12):
        assert outbox.deliver_due() == 0
        clock.advance(minutes=5)
    inbox.start()
    clock.advance(hours=1)
    assert outbox.deliver_due() == 1
    assert "is on" in inbox.wait_for().subject


class MovedAway(Inbox):
    """A mail server that knows no mailbox, and says so with the address."""

    async def handle_RCPT(self, *said: Any) -> str:  # noqa: N802
        return f"550 no mailbox {said[3]}"


def test_the_log_has_the_number_that_the_mail_server_gave_and_no_address(
    config: dict[str, Any], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    server = MovedAway()
    app = create_app({**config, "MAIL_WORKER": "none", "MAIL_PORT": server.port})
    with app.app_context():
        post(clock)
        assert outbox.deliver_due() == 0
        db.engine.dispose()
    server.stop()
    assert caplog.messages == [f"mail not sent: SMTPRecipientsRefused 550 (127.0.0.1:{server.port})"]


def test_a_database_that_is_away_is_one_line_of_the_worker(
    app: Flask, stores: Stores, caplog: pytest.LogCaptureFixture
) -> None:
    def look(_stopped: Callable[[], bool]) -> None:
        worker.stop()
        outbox.deliver_due()

    worker = Worker(app, look, lambda: iter(()))
    stores.lose(app)
    worker.run()
    (line,) = caplog.records
    assert line.getMessage().startswith("the outbox could not be delivered: ")
    assert line.exc_info is None


def test_a_mail_that_did_not_leave_is_not_tried_again_at_once(app: Flask, inbox: Inbox, clock: Clock) -> None:
    post(clock)
    inbox.stop()
    outbox.deliver_due()
    inbox.start()
    assert outbox.deliver_due() == 0
    clock.advance(minutes=1)
    assert outbox.deliver_due() == 1


def test_mails_leave_in_the_order_in_which_they_became_due(app: Flask, inbox: Inbox, clock: Clock) -> None:
    for minutes in (3, 1, 2):
        with transaction():
            account = Account(email=f"due{minutes}@example.com", name="Mina")
            outbox.post(messages.two_step_on, account, clock() + timedelta(minutes=minutes))
    clock.advance(minutes=5)
    assert outbox.deliver_due() == 3
    assert [letter.recipients for letter in inbox.take_all()] == [
        [f"due{minutes}@example.com"] for minutes in (1, 2, 3)
    ]


def test_a_look_tries_each_mail_once_however_long_that_takes(
    app: Flask, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mail that is due again before the others were tried waits for the next look."""
    tried = []

    def send(message: Any, **_: Any) -> bool:
        tried.append(message)
        clock.advance(minutes=10)
        raise delivery.MailNotSent

    for _ in range(3):
        post(clock)
    monkeypatch.setattr(delivery, "send", send)
    assert outbox.deliver_due() == 0
    assert len(tried) == 3


def test_a_mail_that_a_killed_worker_had_taken_is_sent_by_the_next(
    app: Flask, inbox: Inbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(clock)
    monkeypatch.setattr(outbox, "_deliver", lambda *_: 0)  # dies between taking and sending
    outbox.deliver_due()
    monkeypatch.undo()
    assert outbox.deliver_due() == 0
    clock.advance(minutes=3)
    assert outbox.deliver_due() == 1


@pytest.mark.parametrize("name", ["Mina\r\nBcc: x@example.com", "<b>Mina</b>", "Mína 박"])
def test_a_name_can_not_change_the_mail_around_it(app: Flask, inbox: Inbox, clock: Clock, name: str) -> None:
    with transaction():
        outbox.post(messages.password_changed, Account(email=TO, name=name), clock())
    outbox.deliver_due()
    letter = inbox.wait_for()
    assert letter.recipients == [TO]
    assert "<b>" not in letter.html


def test_a_mail_that_can_not_be_made_does_not_keep_the_others(app: Flask, inbox: Inbox, clock: Clock) -> None:
    with transaction():
        db.session.add(
            OutboxMail(message="no such", recipient=TO, details={}, created_at=clock(), due_at=clock())
        )
    post(clock)
    assert outbox.deliver_due() == 1
    assert waiting() == 1


def test_every_mail_that_is_due_leaves_however_many(app: Flask, inbox: Inbox, clock: Clock) -> None:
    for _ in range(130):
        # Slowly: of one kind no more than ten are written at once.
        clock.advance(minutes=16)
        post(clock)
    assert outbox.deliver_due() == 130


def test_a_mail_that_nobody_takes_for_a_month_is_given_up(app: Flask, inbox: Inbox, clock: Clock) -> None:
    post(clock)
    inbox.refusing = True
    for _ in range(3):
        clock.advance(days=11)
        outbox.deliver_due()
    assert waiting() == 0


def test_a_batch_that_takes_long_is_not_sent_twice(
    app: Flask, inbox: Inbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mfa.notices import delivery

    real, calls = delivery.send, []

    def slow(message: messages.Message, **options: Any) -> bool:
        calls.append(message)
        clock.advance(minutes=1)
        if len(calls) == 3:
            outbox.deliver_due()  # another worker, while this one is at its third mail
        return real(message, **options)

    for _ in range(4):
        post(clock)
    monkeypatch.setattr(delivery, "send", slow)
    outbox.deliver_due()
    assert len(inbox.take_all()) == 4


def test_the_command_delivers_what_is_due_and_says_so(app: Flask, inbox: Inbox, clock: Clock) -> None:
    post(clock)
    result = app.test_cli_runner().invoke(args=["mail", "deliver"])
    assert result.output == "1 sent, 0 waiting\n"
    assert inbox.wait_for().recipients == [TO]


def test_the_command_says_what_could_not_be_sent(app: Flask, inbox: Inbox, clock: Clock) -> None:
    post(clock)
    inbox.stop()
    assert app.test_cli_runner().invoke(args=["mail", "deliver"]).output == "0 sent, 1 waiting\n"


@pytest.mark.process
def test_a_process_of_its_own_delivers_until_it_is_told_to_stop(
    app: Flask, inbox: Inbox, clock: Clock
) -> None:
    post(clock)
    process = commands.start(app, "mail", "deliver", "--forever")
    try:
        assert inbox.wait_for().recipients == [TO]
    finally:
        process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=patience.SECONDS) == 0
    assert waiting() == 0


EXAMPLES = {
    "grace_days": 7,
    "codes_left": 1,
    "kind": "app",
    "at": "2026-11-24T12:00:10+00:00",
    "device": "Chrome on Windows",
    "network": "203.0.113.0/24",
    "failures": 4,
    "new_device": True,
    "new_email": "mina@new.example",
    "change": 7,
    "what": events.SUPPORT_LOCKED,
    "reason": "asked for on the phone",
    "delete_at": "2026-12-08T12:00:00+00:00",
    "former": True,
    "days": 30,
    "email": "mina@new.example",
    "invitation": 7,
    "recovery": 7,
    "begun": "2026-11-24T12:00:10+00:00",
    "ready": "2026-12-01T12:00:10+00:00",
    "ends": "2026-12-08T12:00:10+00:00",
    "sent": "2026-12-01T12:00:10+00:00",
    "phase": "middle",
    "by": "owner",
    "member": "Jun Lee",
    "member_email": "jun@example.com",
    "account": 8,
    "asker": "Ada Owner",
    "approver": "",
    "decider": "Ada Owner",
    "approved": True,
    "ends_at": "2026-11-27T12:00:10+00:00",
    "stopped_at": "2026-11-25T12:00:10+00:00",
}


OF_THE_ORGANIZATION = {
    messages.two_step_required,
    messages.turn_on_two_step,
    messages.invitation,
    messages.reset_waits,
    messages.reset_decided,
    messages.reset_stopped,
}
"""What tells of nothing that anybody did to the account of who reads it."""


def test_every_notification_can_be_rendered_in_text_and_html(app: Flask) -> None:
    for make in messages.NOTICES:
        needed = set(inspect.signature(make).parameters) & set(EXAMPLES)
        message = make(TO, name="Mina", **{name: EXAMPLES[name] for name in needed})
        asks = make not in OF_THE_ORGANIZATION
        assert ("If this was not you" in message.text) == asks
        assert ("If this was not you" in message.html) == asks
