"""A database that can be read and not written: `/readyz` says so."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from console import create_app, database, readiness
from tests.support.clock import Clock
from tests.support.database import hang_up
from tests.support.disk import SmallDisk
from tests.support.pages import csrf_token

pytestmark = pytest.mark.process
UNWRITABLE = (503, {"ready": False, "reason": "unwritable"})
READY = (200, {"ready": True})
MOST_WRITES = 5000
"""More than what has room in a log that is full at 1000 pages of 4 KiB."""


def asked(app: Flask) -> tuple[int, Any]:
    answer = app.test_client().get("/readyz")
    return answer.status_code, answer.get_json()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    small = SmallDisk(tmp_path / "disk")
    yield small
    hang_up()
    small.stop()


@pytest.fixture
def on_disk(disk: SmallDisk, config: dict[str, Any]) -> Flask:
    """The application with its database on the small disk."""
    shutil.copy(config["INSTANCE_PATH"] / "twostep.db", disk.folder / "twostep.db")
    return create_app({**config, "INSTANCE_PATH": disk.folder, "MAIL_WORKER": "none"})


def asked_later(app: Flask, clock: Clock) -> tuple[int, Any]:
    clock.advance(seconds=readiness.WRITE_EVERY.total_seconds())
    return asked(app)


@pytest.mark.sqlite
def test_while_the_disk_is_full_it_is_not_ready(on_disk: Flask, disk: SmallDisk, clock: Clock) -> None:
    assert asked(on_disk) == READY
    disk.fill()
    # The room that the log of the database has already is used up first.
    assert any(asked_later(on_disk, clock) != READY for _ in range(MOST_WRITES))
    assert asked(on_disk) == UNWRITABLE
    disk.empty()
    assert asked_later(on_disk, clock) == READY


@pytest.fixture
def read_only(app: Flask, engine: Engine, config: dict[str, Any]) -> Iterator[Flask]:
    """The application with a database that it may read only."""
    if engine.dialect.name == "sqlite":
        address = f"sqlite:///file:{engine.url.database}?mode=ro&uri=true"
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
            yield create_app({**config, "MAIL_WORKER": "none", "SQLALCHEMY_DATABASE_URI": address})
        return
    with engine.begin() as connection:
        connection.execute(
            text(f'ALTER DATABASE "{engine.url.database}" SET default_transaction_read_only = on')
        )
    engine.dispose()
    yield app
    with engine.begin() as connection:
        connection.execute(text("SET TRANSACTION READ WRITE"))
        connection.execute(text(f'ALTER DATABASE "{engine.url.database}" RESET ALL'))
    engine.dispose()


def test_with_a_read_only_database_it_is_not_ready(read_only: Flask) -> None:
    assert asked(read_only) == UNWRITABLE


def test_with_a_read_only_database_people_are_asked_to_try_again(read_only: Flask) -> None:
    client = read_only.test_client()
    token = csrf_token(client.get("/sign-up").text)
    answer = client.post("/sign-up", data={"csrf_token": token, "email": "mina@example.com"})
    assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "10")
    assert "Try again in a moment." in answer.text


def test_it_tries_to_write_every_few_seconds_only(
    app: Flask, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []
    monkeypatch.setattr(database, "can_write", lambda: tries.append(1) or True)
    for _ in range(10):
        asked(app)
    clock.advance(seconds=readiness.WRITE_EVERY.total_seconds())
    asked(app)
    assert len(tries) == 2


@pytest.mark.sqlite
def test_while_somebody_else_writes_it_is_ready(app: Flask, engine: Engine) -> None:
    with engine.connect() as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        assert asked(app) == READY
        other.rollback()


@pytest.mark.sqlite
def test_the_wait_for_a_lock_is_as_long_as_before(app: Flask, engine: Engine) -> None:
    asked(app)
    with engine.connect() as connection:
        wait = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
    assert wait == database.BUSY_MILLISECONDS
