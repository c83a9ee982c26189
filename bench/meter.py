"""What a request costs inside the server: statements, commits, round trips, wall and processor time.

It is told in response headers. Imported by every contender, so it needs nothing but the standard library.
Each worker answers one request at a time, so plain numbers count; what other threads ask meanwhile, such as
one that sends mails, is not the request's.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

SWITCH = "BENCH_METER"
STATEMENTS, COMMITS, TRIPS = "X-Bench-Statements", "X-Bench-Commits", "X-Bench-Trips"
WALL, PROCESSOR = "X-Bench-Wall", "X-Bench-Processor"
OWN = {STATEMENTS, COMMITS, TRIPS, WALL, PROCESSOR}
_CONTROL = ("BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA", "SET", "SHOW")
_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
_WROTE = "bench_wrote"

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class _Count:
    statements = commits = trips = thread = 0

    @classmethod
    def add(cls, *, statements: int = 0, commits: int = 0, trips: int = 0) -> None:
        if threading.get_ident() == cls.thread:
            cls.statements += statements
            cls.commits += commits
            cls.trips += trips


def trace(connection: Any) -> None:
    """Count what a connection of :mod:`sqlite3` does, where the environment has the switch.

    It tells of each row of an executemany by itself.
    """
    if not os.environ.get(SWITCH):
        return
    open_, wrote = False, False

    def count(sql: str) -> None:
        nonlocal open_, wrote
        said = sql.lstrip().upper()
        if said.startswith("BEGIN"):
            open_ = True
        elif said.startswith(("COMMIT", "END")):
            _Count.add(commits=int(wrote))
            open_ = wrote = False
        elif said.startswith("ROLLBACK") and not said.startswith("ROLLBACK TO"):
            open_ = wrote = False
        elif not said.startswith((*_CONTROL, "--")):
            writes = _writes(said)
            # Outside of a transaction, a statement is one.
            _Count.add(statements=1, commits=int(writes and not open_))
            wrote = wrote or (writes and open_)

    connection.set_trace_callback(count)


def count_of_sqlalchemy(engine: Any) -> None:
    """Count what *engine* is asked, on SQLite or on PostgreSQL by psycopg."""
    if not os.environ.get(SWITCH):
        return
    from sqlalchemy import event

    if engine.dialect.name == "sqlite":
        # Not "connect": there may be connections by now.
        event.listen(engine, "checkout", lambda connection, *_: trace(connection))
        return

    def before(connection: Any, _cursor: Any, sql: str, parameters: Any, _context: Any, many: bool) -> None:
        said = sql.lstrip().upper()
        # Rows that SQLAlchemy has put into one INSERT come as one set of parameters.
        rows = len(parameters) if many and isinstance(parameters, list) else 1
        _Count.add(statements=0 if said.startswith(_CONTROL) else rows)
        if connection.connection.dbapi_connection.autocommit:
            _Count.add(trips=1, commits=int(_writes(said)))
        else:
            # psycopg sends BEGIN by itself, and waits.
            _Count.add(trips=1 if _in_transaction(connection) else 2)
            connection.info[_WROTE] = connection.info.get(_WROTE, False) or _writes(said)

    def end(connection: Any, *, committed: bool) -> None:
        if _in_transaction(connection):
            _Count.add(trips=1, commits=int(committed and connection.info.get(_WROTE, False)))
        connection.info[_WROTE] = False

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "commit", lambda connection: end(connection, committed=True))
    event.listen(engine, "rollback", lambda connection: end(connection, committed=False))


def _writes(said: str) -> bool:
    if said.startswith("WITH"):
        return any(f"{word} " in said for word in _WRITES)
    return said.startswith(_WRITES) or "FOR UPDATE" in said or "FOR NO KEY UPDATE" in said


def _in_transaction(connection: Any) -> bool:
    """Return True if the server has a transaction open for a connection of SQLAlchemy's with psycopg's."""
    status = connection.connection.dbapi_connection.info.transaction_status
    return bool(status)  # 0 is IDLE


def wrap(app: Wsgi) -> Wsgi:
    """*app*, measured where the environment has the switch."""
    if not os.environ.get(SWITCH):
        return app

    def measured(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        begun: list[Any] = []

        def keep(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            begun[:] = [status, headers]

        _Count.statements = _Count.commits = _Count.trips = 0
        _Count.thread = threading.get_ident()
        wall, processor = time.perf_counter(), time.process_time()
        answer = app(environ, keep)
        try:
            body = b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        status, headers = begun
        told = [
            (STATEMENTS, str(_Count.statements)),
            (COMMITS, str(_Count.commits)),
            (TRIPS, str(_Count.trips)),
            (WALL, f"{wall:.6f}"),
            (PROCESSOR, f"{processor:.6f}"),
        ]
        start(status, [*headers, *told])
        return [body]

    return measured
