"""What is over, deleted by several servers at once."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select, text

from console.extensions import db
from mfa import database
from tests.sessions.test_housekeeping import OVER, kind, left
from tests.support.clock import Clock

__all__ = ["kind"]  # a fixture


@pytest.fixture(autouse=True)
def _impatient(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of two; who waits for a lock is an error."""
    monkeypatch.setattr(database, "BATCH", 2)
    real = database.affected

    def affected(statement: Any, values: Any = None) -> int:
        database.run(text("SET LOCAL lock_timeout = '1ms'"))
        return real(statement, values)

    monkeypatch.setattr(database, "affected", affected)


def test_rows_that_another_server_is_deleting_are_passed_over(
    app: Flask, engine: Engine, kind: str, clock: Clock
) -> None:
    forget, model, _ = OVER[kind]
    oldest = select(model).order_by(*model.__table__.primary_key).limit(2).with_for_update()
    with engine.begin() as other:
        assert len(other.execute(oldest).all()) == 2
        with app.app_context():
            assert sum(forget(clock())) == 3
            db.session.remove()
    with app.app_context():
        assert sum(forget(clock())) == 2
    assert left(app, model) == 3
