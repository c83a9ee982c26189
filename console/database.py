"""Transactions, and SQLite set up to be shared by threads and processes."""

from __future__ import annotations

import select
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    event,
    text,
)
from sqlalchemy.exc import (
    DBAPIError,
    InvalidatePoolError,
    OperationalError,
)
from sqlalchemy.pool import Pool

from console import private
from console.extensions import db

BUSY_MILLISECONDS = 2_000
"""How long a write waits for another process that writes; then people are asked to try again."""
MAPPED_BYTES = 256 * 2**20
"""So much of a database of SQLite is read where the system holds it, and not copied for each connection.

A search among 100,000 members takes a fifth less.
"""
TRUSTED_SECONDS = 30
"""For how long a connection to a server that rests in the pool is taken to be there still."""


def keep_private(engine: Engine) -> None:
    """Let only the owner read the files of SQLite; those that it makes later get the mode of the database."""
    name = engine.url.database
    if engine.dialect.name != "sqlite" or not name or name == ":memory:" or name.startswith("file:"):
        return
    for path in (Path(name), Path(f"{name}-wal"), Path(f"{name}-shm")):
        if path == Path(name) or path.exists():
            # What is wrong with the database is said when it is asked something.
            with suppress(OSError):
                private.make(path)


def can_write() -> bool:
    """Write something that changes nothing; return False if the disk is full or the database read-only."""
    try:
        with db.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                return _write_on_sqlite(connection)
            # A number for a transaction, which a standby and a server without room for its log refuse.
            connection.exec_driver_sql("SELECT txid_current()")
            read_only = connection.exec_driver_sql("SHOW transaction_read_only").scalar()
            connection.commit()
            return read_only == "off"
    except DBAPIError:
        return False


def _write_on_sqlite(connection: Connection) -> bool:
    connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    try:
        number = connection.exec_driver_sql("PRAGMA user_version").scalar() or 0
        connection.exec_driver_sql(f"PRAGMA user_version = {(number + 1) % 2**31}")
    except OperationalError as error:
        # Somebody else writes at this moment, so it can be done.
        return getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    return True


def room() -> int | None:
    """Return how many connections PostgreSQL has for everybody but its owner.

    None for SQLite, and behind a pooler, whose own limits nobody can ask for in one of its databases.
    """
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite" or _is_pooled(connection.connection.dbapi_connection):
            return None
        limits = {name: int(setting) for name, setting in connection.execute(_LIMITS)}
    return limits.pop("max_connections") - sum(limits.values())


_LIMITS = text(
    "SELECT name, setting FROM pg_settings"
    " WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')"
)


@event.listens_for(Engine, "connect")
def _prepare_postgresql(connection: Any, _record: Any) -> None:
    """Prepare no statements behind a pooler: in transaction mode, the next one may run where it is unknown.

    Elsewhere they save a tenth of what a page costs.
    """
    if not hasattr(connection, "prepare_threshold"):
        return  # psycopg alone prepares statements by itself
    connection.autocommit = True
    if _is_pooled(connection):
        connection.prepare_threshold = None
    connection.autocommit = False


def _is_pooled(connection: Any) -> bool:
    """Return True if a pooler like PgBouncer stands between: its number of a process is not PostgreSQL's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        asked: int = cursor.fetchone()[0]
    told: int = connection.info.backend_pid
    return asked != told


@event.listens_for(Pool, "checkin")
def _note_idle(_connection: Any, record: Any) -> None:
    record.info["idle_since"] = time.monotonic()


@event.listens_for(Pool, "checkout")
def _replace_broken(connection: Any, record: Any, _proxy: Any) -> None:
    """A connection that broke while nobody used it, as when the database restarts, is nobody's error.

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
        cursor.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}")
        cursor.close()
