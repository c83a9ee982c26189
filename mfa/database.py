"""Transactions, and SQLite set up to be shared by threads and processes."""

from __future__ import annotations

import functools
import importlib
import select
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Delete, Engine, Executable, Update, event, inspect
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import Pool

from mfa.extensions import db

BUSY_MILLISECONDS = 10_000
TRUSTED_SECONDS = 30
"""For how long a connection to a server that rests in the pool is taken to be there still."""


@contextmanager
def transaction() -> Iterator[None]:
    """Everything inside is committed together, or nothing is."""
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


def affected(statement: Update | Delete) -> int:
    """Run a conditional UPDATE or DELETE; how many rows it found."""
    result = db.session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", result).rowcount


def insert_if_absent(model: type[Any], **values: Any) -> bool:
    """Insert a row unless one with its key is there; whether it was inserted."""
    key = inspect(model).primary_key
    statement = _dialect_insert()(model).values(**values).on_conflict_do_nothing().returning(*key)
    return db.session.execute(statement).first() is not None


def insert_absent(model: type[Any], rows: Sequence[dict[str, Any]], *returning: Any) -> Sequence[Any]:
    """Insert those of some rows whose keys are not there; *returning* of each that was inserted."""
    statement = _dialect_insert()(model.__table__).on_conflict_do_nothing().returning(*returning)
    return db.session.execute(statement, rows).all()


def upsert(
    dialect: str,
    model: type[Any],
    values: dict[str, Any],
    *,
    changes: dict[str, Any],
    where: ColumnElement[bool],
    returning: Any,
) -> Executable:
    """The statement that inserts a row, or applies *changes* to that of its key if *where* holds.

    It gives *returning* of the row, or nothing. Made once and kept, it costs a request nothing to make.
    """
    changed = (
        _insert(dialect)(model)
        .values(values)
        .on_conflict_do_update(index_elements=list(inspect(model).primary_key), set_=changes, where=where)
    )
    made: Executable = changed.returning(returning)
    return made


def dialect() -> str:
    """``sqlite`` or ``postgresql``."""
    return db.session.get_bind().dialect.name


def _dialect_insert() -> Callable[[Any], Any]:
    return _insert(dialect())


@functools.cache
def _insert(dialect: str) -> Callable[[Any], Any]:
    # Only the one that is used is loaded: PostgreSQL's takes 2 MB.
    made: Callable[[Any], Any] = importlib.import_module(f"sqlalchemy.dialects.{dialect}").insert
    return made


@event.listens_for(Pool, "checkin")
def _note_idle(_connection: Any, record: Any) -> None:
    record.info["idle_since"] = time.monotonic()


@event.listens_for(Pool, "checkout")
def _replace_broken(connection: Any, record: Any, _proxy: Any) -> None:
    """A connection that broke while nobody used it, as when the database is started anew, is nobody's error.

    A server that ends a connection says so, and what it said waits to be read. To look takes 2 µs; to ask it
    before each request, as SQLAlchemy's pre-ping does, is one more way there and back. So it is asked after a
    longer rest alone: what lies between may have forgotten the connection without a word.
    """
    idle_since = record.info.get("idle_since")
    if idle_since is None or isinstance(connection, sqlite3.Connection):
        return
    try:
        if _has_unasked_answer(connection.fileno()):
            raise InvalidatePoolError
        if time.monotonic() - idle_since > TRUSTED_SECONDS:
            connection.execute("SELECT 1")
            connection.rollback()
    except connection.Error as error:
        raise InvalidatePoolError from error


def _has_unasked_answer(socket: int) -> bool:
    waiting = select.poll()
    waiting.register(socket, select.POLLIN)
    return bool(waiting.poll(0))


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()
