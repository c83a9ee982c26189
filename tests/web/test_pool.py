"""The connections of a process: as many as its threads need, and one for mails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import TimeoutError as PoolTimeout

from console import create_app
from console.extensions import db
from tests.support.person import Person, entered

PAGES = [
    "/readyz",
    "/metrics",
    "/account/two-step",
    "/account/profile",
    "/account/sessions",
    "/account/activity",
]


@pytest.fixture
def config(config: dict[str, Any]) -> dict[str, Any]:
    """Without the thread that sends mails, which has a connection of its own."""
    return {**config, "MAIL_WORKER": "none"}


@pytest.fixture
def most(engine: Engine) -> Iterator[list[int]]:
    """How many connections were in use whenever one was taken."""
    counts: list[int] = []

    def count(*_: object) -> None:
        counts.append(engine.pool.checkedout())  # type: ignore[attr-defined]

    event.listen(engine, "checkout", count)
    yield counts
    event.remove(engine, "checkout", count)


def test_request_needs_one_connection(protected: Person, most: list[int]) -> None:
    for path in PAGES:
        protected.client.get(path, headers={"Authorization": "Bearer none"})
    protected.sign_out()
    protected.sign_in()
    assert entered(protected.verify(protected.next_code()))
    assert set(most) == {1}


@pytest.mark.parametrize("threads", [1, 4, 20])
def test_pool_has_one_connection_more_than_there_are_threads(config: dict[str, Any], threads: int) -> None:
    production = {"MODE": "production", "SERVER_NAME": "console.example", "MAIL_WORKER": "none"}
    app = create_app({**config, **production, "THREADS": threads})
    with app.app_context():
        taken = [db.engine.connect() for _ in range(threads + 1)]
        # Nobody waits for one that is too many: this is about how many there are.
        db.engine.pool._timeout = 0  # type: ignore[attr-defined]
        with pytest.raises(PoolTimeout):
            db.engine.connect()
        for connection in taken:
            connection.close()
        db.engine.dispose()


def test_database_in_memory_has_the_pool_that_it_needs(tmp_path: Path) -> None:
    settings = {"MODE": "development", "MAIL_WORKER": "none", "INSTANCE_PATH": tmp_path}
    app = create_app({**settings, "SQLALCHEMY_DATABASE_URI": "sqlite://"})
    with app.app_context(), db.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
