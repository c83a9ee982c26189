"""The thread that posts events: beside the one that delivers mails, in a server or a process of its own."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from console import create_app
from console.accounts.models import Account
from console.extensions import db
from console.mail import messages
from console.webhooks import outbox as webhooks, sending
from deploy import serve
from mfa.database import transaction
from mfa.notices import outbox as mails, smtp
from tests.support import commands, patience
from tests.support.clock import Clock
from tests.support.hooks import OK, HookServer
from tests.support.smtp import Inbox

ROOT = Path(__file__).resolve().parent.parent.parent
MINA = Account(id=7, email="mina@example.com", name="Mina")


@pytest.fixture
def with_threads(config: dict[str, Any]) -> Iterator[Flask]:
    """With its threads, as a server has them."""
    app = create_app({**config, "MAIL_WORKER": "thread"})
    with app.app_context():
        yield app
        for name in ("mfa_mail_worker", "twostep_webhook_worker"):
            app.extensions[name].stop()
        db.session.remove()
        db.engine.dispose()


def write(clock: Clock) -> None:
    with transaction():
        webhooks.post("account.unlocked", {"account": "7"}, clock())


def test_an_event_is_posted_at_once_after_the_commit(
    with_threads: Flask, hooks: HookServer, clock: Clock
) -> None:
    write(clock)
    assert hooks.wait_for().event["data"] == {"account": "7"}


def test_what_an_earlier_process_left_leaves_with_the_first_request(
    app: Flask, with_threads: Flask, hooks: HookServer, clock: Clock
) -> None:
    write(clock)
    with_threads.test_client().get("/sign-in")
    assert hooks.wait_for().event["data"] == {"account": "7"}


def test_a_receiver_that_hangs_holds_no_mail_up(
    with_threads: Flask, hooks: HookServer, inbox: Inbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "WITHIN", patience.SECONDS)
    hooks.answer = hooks.hang
    write(clock)
    hooks.wait_for()
    for _ in range(3):
        with transaction():
            mails.post(messages.two_step_on, MINA, clock())
        assert inbox.wait_for().recipients == ["mina@example.com"]
    assert webhooks.counts().waiting == 1
    hooks.stop()


def test_both_are_done_before_a_server_that_stops_is_killed() -> None:
    """They are told at the same time: see `Worker.start`."""
    assert max(sending.WITHIN, smtp.WITHIN) < serve.KILL_AFTER
    assert webhooks.TAKEN_FOR.total_seconds() > 2 * sending.WITHIN


def run(app: Flask, *command: str) -> subprocess.Popen[bytes]:
    """Start a command, in the year of this machine."""
    make_due()
    names = ("WEBHOOK_URL", "WEBHOOK_SECRET", "WEBHOOK_CA_FILE")
    return commands.start(app, *command, **{f"MFA_{name}": app.config[name] for name in names})


def make_due() -> None:
    with transaction():
        db.session.execute(text("UPDATE webhook_events SET due_at = '2000-01-01'"))


@pytest.mark.process
def test_the_process_that_delivers_mails_posts_events_until_it_is_told_to_stop(
    app: Flask, hooks: HookServer, inbox: Inbox, clock: Clock
) -> None:
    write(clock)
    with transaction():
        mails.post(messages.two_step_on, MINA, clock())
    process = run(app, "mail", "deliver", "--forever")
    try:
        assert hooks.wait_for().event["data"] == {"account": "7"}
        assert inbox.wait_for().recipients == ["mina@example.com"]
    finally:
        process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=patience.SECONDS) == 0
    assert webhooks.counts().waiting == 0


@pytest.mark.process
def test_a_process_that_is_killed_before_it_hears_the_answer_has_it_posted_again(
    app: Flask, hooks: HookServer, clock: Clock
) -> None:
    write(clock)
    hooks.answer = hooks.hang
    process = run(app, "mail", "deliver")
    first = hooks.wait_for()
    process.kill()
    process.wait()
    make_due()
    hooks.answer = OK
    assert webhooks.deliver_due() == 1
    again = hooks.wait_for()
    assert (again.id, again.body) == (first.id, first.body)


def test_without_forever_events_are_posted_once_and_counted(
    app: Flask, hooks: HookServer, clock: Clock
) -> None:
    write(clock)
    result = app.test_cli_runner().invoke(args=["mail", "deliver"])
    assert result.output == "0 sent, 0 waiting\nwebhooks: 1 taken, 0 waiting\n"
