"""Statements are compiled once in a run: each test has a database of its own, all of the same kind.

SQLAlchemy keeps what it has compiled by engine and by dialect, and both are made with the application. That
takes a fifth of the time of a test in a host.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

_compiled: LRUCache[object, object] = LRUCache(2000)


def compile_once() -> None:
    """Let the engines of this process share what SQLAlchemy makes of a statement."""
    for kind in (PGDialect_psycopg, SQLiteDialect_pysqlite):
        kind.__eq__ = lambda one, other: type(one) is type(other)
        kind.__hash__ = lambda one: hash(type(one))

    @event.listens_for(Engine, "engine_connect")
    def _share(connection: Connection) -> None:
        connection.engine._compiled_cache = _compiled
