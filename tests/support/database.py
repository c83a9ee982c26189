"""The whole database as text, for comparing it byte for byte."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask_migrate
from flask import Flask
from sqlalchemy import Connection, Engine, event, inspect

import console.database  # noqa: F401 (what it sets on a connection comes before what is set here)
from console.extensions import db


def make_empty(app: Flask) -> Path:
    """The file of *app*'s database, made by the migrations and closed, so that it can be copied."""
    with app.app_context():
        flask_migrate.upgrade()
        db.engine.dispose()
    return Path(app.instance_path) / "twostep.db"


def hurry(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Return *connection*, which from now on waits for no disk: no test cuts the power."""
    connection.execute("PRAGMA synchronous = OFF")
    return connection


@event.listens_for(Engine, "connect", insert=True)
def _hurry_to_begin(connection: Any, _record: object) -> None:
    """Set it before the console does what makes a new file, and once more after: the console sets it, too."""
    if isinstance(connection, sqlite3.Connection):
        hurry(connection)


@event.listens_for(Engine, "connect")
def _hurry_on(connection: Any, record: object) -> None:
    _hurry_to_begin(connection, record)


_connected: set[Engine] = set()


@event.listens_for(Engine, "engine_connect")
def _note(connection: Connection) -> None:
    _connected.add(connection.engine)


def hang_up() -> None:
    """Close what all applications of this process have open and do not use just now."""
    while _connected:
        _connected.pop().dispose()


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
    """Every row of every table, in a fixed order, as the driver of the database reads it.

    :param without: tables, or ``table.column``, to leave out.
    """
    lines = []
    with engine.connect() as connection:
        for table in sorted(set(inspect(connection).get_table_names()) - set(without)):
            found = connection.exec_driver_sql(f'SELECT * FROM "{table}"')  # noqa: S608 (a table's name)
            places = [place for place, name in enumerate(found.keys()) if f"{table}.{name}" not in without]
            rows = sorted((tuple(row[place] for place in places) for row in found), key=_by_value)
            lines += [f"{table}: {row!r}" for row in rows]
    return "\n".join(lines)


def _by_value(row: tuple[Any, ...]) -> list[tuple[str, Any]]:
    """Sort numbers as numbers, and what is not there before what is."""
    return [("" if value is None else type(value).__name__, value) for value in row]
