"""What the tests of a deletion do: ask for it, keep house, and look for what is left."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import select

from console import housekeeping
from console.accounts.models import Account
from console.deletion import rules
from console.extensions import db
from mfa.database import Model
from mfa.notices import outbox
from tests.support.person import EMAIL, Person, Response

DELETE = "/account/profile/delete"
CONFIRM = "/account/two-step/confirm"


def ask(person: Person) -> Response:
    """Press **Delete my account** on its page."""
    person.get(DELETE)
    return person.post(DELETE)


def account(app: Flask, email: str = EMAIL) -> Account | None:
    with app.app_context():
        found = db.session.scalar(select(Account).where(Account.email == email))
        db.session.remove()
    return found


def delete_at(app: Flask, email: str = EMAIL) -> datetime:
    found = account(app, email)
    assert found
    assert found.delete_at
    return found.delete_at


def keep_house(app: Flask) -> None:
    """One round of housekeeping, and the mails that it brings."""
    with app.app_context():
        for _ in housekeeping.tidy():
            pass
        db.session.remove()
    deliver(app)


def deliver(app: Flask) -> None:
    """Send the mails that wait."""
    with app.app_context():
        outbox.deliver_due()
        db.session.remove()


def delete_due(app: Flask, now: datetime) -> int:
    """One round of deletions, by a server whose clock says *now*."""
    with app.app_context():
        try:
            return sum(rules.delete_due(now))
        finally:
            db.session.remove()


def traces(app: Flask, *told: str) -> list[tuple[str, Any]]:
    """Every row of every table, ours and the extension's, that holds one of the texts."""
    with app.app_context():
        tables = [*db.metadata.sorted_tables, *Model.metadata.sorted_tables]
        rows = [(table.name, tuple(row)) for table in tables for row in db.session.execute(select(table))]
        db.session.remove()
    return [row for row in rows if any(text in f"{value!r}" for value in row[1] for text in told)]
