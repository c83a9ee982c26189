"""The whole database as text, for comparing it byte for byte."""

from __future__ import annotations

import functools
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask_migrate
from flask import Flask
from sqlalchemy import Connection, Engine, MetaData, Table, event, select

from console.extensions import db


def make_empty(app: Flask) -> Path:
    """The file of *app*'s database, made by the migrations and closed, so that it can be copied."""
    with app.app_context():
        flask_migrate.upgrade()
        db.engine.dispose()
    return Path(app.instance_path) / "twostep.db"


_connected: set[Engine] = set()


@event.listens_for(Engine, "engine_connect")
def _note(connection: Connection) -> None:
    _connected.add(connection.engine)


def hang_up() -> None:
    """Close what all applications of this process have open and do not use just now."""
    while _connected:
        _connected.pop().dispose()
    # The next test may find other tables there.
    _tables.cache_clear()


@contextmanager
def noting_statements(engine: Engine) -> Iterator[list[str]]:
    """The statements that this thread runs inside; the one that sends mails asks besides."""
    ran: list[str] = []
    here = threading.get_ident()

    def note(*given: Any) -> None:
        if threading.get_ident() == here:
            ran.append(given[2])

    event.listen(engine, "before_cursor_execute", note)
    yield ran
    event.remove(engine, "before_cursor_execute", note)


def dump(engine: Engine, *, without: Collection[str] = ()) -> str:
    """Every row of every table, in a fixed order.

    :param without: tables, or ``table.column``, to leave out.
    """
    lines = []
    with engine.connect() as connection:
        for table in _tables(engine):
            if table.name in without:
                continue
            columns = [c for c in table.columns if f"{table.name}.{c.name}" not in without]
            rows = connection.execute(select(*columns).order_by(*table.primary_key)).all()
            lines += [f"{table.name}: {row!r}" for row in map(tuple, rows)]
    return "\n".join(lines)


@functools.lru_cache(maxsize=8)
def _tables(engine: Engine) -> Sequence[Table]:
    """Those that are really there, looked up once: no test changes them between two dumps."""
    found = MetaData()
    found.reflect(engine)
    return found.sorted_tables
