"""What a request costs inside the server: statements, wall and processor time, told in response headers.

Imported by every contender, so it needs nothing but the standard library. Each worker answers one request at
a time, so a plain number counts.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from typing import Any

SWITCH = "BENCH_METER"
STATEMENTS, WALL, PROCESSOR = "X-Bench-Statements", "X-Bench-Wall", "X-Bench-Processor"
_CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class _Count:
    statements = 0


def count(sql: str) -> None:
    """Count a statement; what only begins and ends transactions is none."""
    if not sql.lstrip().upper().startswith(_CONTROL):
        _Count.statements += 1


def count_of_sqlalchemy(engine: Any) -> None:
    """Count what *engine* is asked."""
    from sqlalchemy import event

    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, sql, *_: count(sql))


def wrap(app: Wsgi) -> Wsgi:
    """*app*, measured where the environment has the switch."""
    if not os.environ.get(SWITCH):
        return app

    def measured(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        begun: list[Any] = []

        def keep(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            begun[:] = [status, headers]

        _Count.statements = 0
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
            (WALL, f"{wall:.6f}"),
            (PROCESSOR, f"{processor:.6f}"),
        ]
        start(status, [*headers, *told])
        return [body]

    return measured
