"""What a request costs is counted: each row, commits of what was written, and round trips to PostgreSQL."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Engine, Executable, MetaData, String, Table, create_engine, insert, text

from bench import meter
from tests.support.postgresql import PostgreSQL

WORDS = Table("words", MetaData(), Column("word", String(9)))
INSERT = text("INSERT INTO words VALUES (:word)")
ROWS = [{"word": "a"}, {"word": "b"}, {"word": "c"}]


def told(act: Callable[[], None]) -> tuple[int, int, int]:
    """Return statements, commits and round trips of a request that does *act*."""
    headers: dict[str, str] = {}

    def app(_environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        act()
        start("200 OK", [])
        return [b""]

    meter.wrap(app)({"wsgi.input": io.BytesIO()}, lambda _status, sent: headers.update(sent))
    statements, commits, trips = (
        int(headers[name]) for name in (meter.STATEMENTS, meter.COMMITS, meter.TRIPS)
    )
    return statements, commits, trips


def counted(engine: Engine) -> list[tuple[int, int, int]]:
    """Return the same for: three rows, three in one INSERT, a read, one in autocommit, a rollback."""
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE words (word VARCHAR(9))"))

    def write(statement: Executable) -> None:
        with engine.begin() as connection:
            connection.execute(statement, ROWS)

    def read(bound: Engine) -> None:
        with bound.connect() as connection:
            connection.execute(text("SELECT * FROM words")).all()

    def roll_back() -> None:
        with engine.connect() as connection:
            connection.execute(INSERT, ROWS[0])
            connection.rollback()

    autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")
    at_once = insert(WORDS).returning(WORDS.c.word)
    return [
        told(lambda: write(INSERT)),
        told(lambda: write(at_once)),
        told(lambda: read(engine)),
        told(lambda: read(autocommit)),
        told(roll_back),
    ]


@pytest.fixture(autouse=True)
def switched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(meter.SWITCH, "1")


def test_rows_and_commits_are_counted_on_sqlite(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'words.db'}")
    meter.count_of_sqlalchemy(engine)
    assert counted(engine) == [(3, 1, 0), (1, 1, 0), (1, 0, 0), (1, 0, 0), (1, 0, 0)]
    engine.dispose()


def test_what_another_thread_asks_is_not_the_requests(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'words.db'}")
    meter.count_of_sqlalchemy(engine)

    def ask() -> None:
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE words (word VARCHAR(9))"))
            connection.execute(INSERT, ROWS)

    def elsewhere() -> None:
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()

    assert told(elsewhere) == (0, 0, 0)
    engine.dispose()


@pytest.mark.process
def test_round_trips_are_counted_on_durable_postgresql(tmp_path: Path) -> None:
    server = PostgreSQL(tmp_path / "postgresql", durable=True)
    try:
        engine = create_engine(server.create())
        meter.count_of_sqlalchemy(engine)
        assert counted(engine) == [(3, 1, 3), (1, 1, 3), (1, 0, 3), (1, 0, 1), (1, 0, 3)]
        with engine.connect() as connection:
            for name in ("fsync", "full_page_writes", "synchronous_commit"):
                assert connection.execute(text(f"SHOW {name}")).scalar_one() == "on"
        engine.dispose()
    finally:
        server.stop()
