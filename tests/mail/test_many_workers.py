"""Several workers at one outbox: each mail leaves once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from flask import Flask

from console import create_app
from console.accounts.models import Account
from console.extensions import db
from console.mail import messages
from mfa.database import transaction
from mfa.notices import outbox
from tests.support.clock import Clock
from tests.support.crowd import at_once
from tests.support.smtp import Inbox

MAILS, WORKERS = 60, 4


def fill(app: Flask, clock: Clock) -> None:
    """Write *MAILS* notifications, each to a person of its own."""
    with app.app_context():
        for number in range(MAILS):
            with transaction():
                account = Account(id=number + 1, email=f"person{number}@example.com", name="Mina")
                outbox.post(messages.two_step_on, account, clock())


def deliver_at_once(config: dict[str, Any]) -> list[int]:
    """Deliver with several servers' applications; how many mails each sent."""
    servers = [create_app({**config, "MAIL_WORKER": "none"}) for _ in range(WORKERS)]

    def deliver(number: int) -> int:
        with servers[number].app_context():
            return outbox.deliver_due()

    sent = at_once(deliver, WORKERS)
    for server in servers:
        with server.app_context():
            db.engine.dispose()
    return sent


def recipients(inbox: Inbox) -> Counter[str]:
    return Counter(letter.recipients[0] for letter in inbox.take_all())


@pytest.fixture
def app(config: dict[str, Any]) -> Flask:
    """Without the worker: the tests deliver by hand."""
    return create_app({**config, "MAIL_WORKER": "none"})


def test_each_mail_leaves_once_however_many_deliver(
    app: Flask, config: dict[str, Any], inbox: Inbox, clock: Clock
) -> None:
    fill(app, clock)
    assert sum(deliver_at_once(config)) == MAILS
    assert recipients(inbox) == {f"person{number}@example.com": 1 for number in range(MAILS)}


def test_no_worker_is_left_without_work(
    app: Flask, config: dict[str, Any], inbox: Inbox, clock: Clock
) -> None:
    fill(app, clock)
    assert 0 not in deliver_at_once(config)
