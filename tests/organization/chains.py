"""A chain of the organization's activity, written and verified."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from click.testing import Result
from flask import Flask
from sqlalchemy import Engine, column, table, text, update

from console.organization import audit
from mfa import clock
from mfa.database import transaction

ROWS = 6


def write(app: Flask, *, event: str = "role_changed", now: datetime | None = None, **row: Any) -> None:
    """Add one row in a transaction of its own."""
    values = {"actor": 1, "subject": 2, "reason": "asked by phone", "detail": {"role": "owner"}, **row}
    with app.app_context(), transaction():
        audit.write_down(event, now=now or clock.now(), **values)


def write_some(app: Flask, count: int = ROWS) -> None:
    """Add *count* rows, each about another account."""
    for number in range(count):
        write(app, subject=100 + number)


def verify(app: Flask, *options: str) -> Result:
    """Run the operator's command."""
    return app.test_cli_runner().invoke(args=["audit", "verify", *options])


def findings(app: Flask, *options: str) -> list[str]:
    """Return what the command says is wrong."""
    result = verify(app, *options)
    assert result.exit_code == (1 if result.stdout.startswith("row") else 0), result.output
    return result.stdout.splitlines() if result.exit_code else []


def head(app: Flask) -> str:
    """Return what ``audit head`` prints."""
    return app.test_cli_runner().invoke(args=["audit", "head"]).output.strip()


def put(engine: Engine, name: str, value: Any) -> None:
    """Write *value* into a column of row 3, whatever type that has."""
    events = table("audit_events", column("id"), column(name))
    with engine.begin() as connection:
        connection.execute(update(events).where(events.c.id == 3).values({name: value}))


def change(engine: Engine, *statements: str, **values: Any) -> None:
    """Do to the tables what somebody with the database in their hands could do."""
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement), values)
