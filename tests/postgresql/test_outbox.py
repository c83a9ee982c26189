"""The outbox on PostgreSQL, with worker threads and with worker processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine, select, text

from console.extensions import db
from mfa.database import transaction
from mfa.notices import outbox
from mfa.notices.models import OutboxMail
from tests.mail.test_many_workers import MAILS, WORKERS, deliver_at_once, fill, recipients
from tests.support import commands
from tests.support.clock import Clock
from tests.support.smtp import Inbox

ROOT = Path(__file__).resolve().parent.parent.parent
ONCE_EACH = {f"person{number}@example.com": 1 for number in range(MAILS)}


def test_each_mail_leaves_once_however_many_deliver(
    app: Flask, config: dict[str, Any], inbox: Inbox, clock: Clock
) -> None:
    fill(app, clock)
    assert sum(deliver_at_once(config)) == MAILS
    assert recipients(inbox) == ONCE_EACH


def test_each_mail_leaves_once_however_many_processes_deliver(app: Flask, inbox: Inbox, clock: Clock) -> None:
    fill(app, clock)
    # The processes live in the year of this machine, so what was written in the tests' is due.
    with app.app_context(), transaction():
        db.session.execute(text("UPDATE mfa_outbox SET due_at = '2000-01-01'"))
    workers = [commands.start(app, "mail", "deliver") for _ in range(WORKERS)]
    assert [worker.wait(timeout=120) for worker in workers] == [0] * WORKERS
    assert recipients(inbox) == ONCE_EACH


def test_a_mail_that_another_server_is_taking_is_passed_over(
    app: Flask, engine: Engine, inbox: Inbox, clock: Clock
) -> None:
    fill(app, clock)
    with engine.begin() as other:
        taken = select(OutboxMail.recipient).order_by(OutboxMail.id).limit(1).with_for_update()
        first = other.scalar(taken)
        with app.app_context():
            assert outbox.deliver_due() == MAILS - 1
    assert first not in recipients(inbox)
