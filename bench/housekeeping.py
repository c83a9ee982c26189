"""A look into the outbox, and the deletion of all that is over; printed as JSON.

Run in the environment of Twostep, as ``bench.grow`` is, while nothing serves.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Self
from unittest import mock

from sqlalchemy import Engine, insert

from bench.served import twostep
from console.extensions import db
from console.sessions import rules as sessions
from mfa import clock, database
from mfa.activity import rules as activity
from mfa.attempts import rules as attempts
from mfa.database import session, transaction
from mfa.factors.models import SealingKey
from mfa.notices import outbox, statements

OVER: dict[str, Callable[[datetime], Iterator[int]]] = {
    "activity": activity.forget_old,
    "throttles": attempts.forget_counts,
    "spent": attempts.forget_spent,
    "sessions": sessions.forget_expired,
}
_LOOKS = 50
_EVERY = 0.002
"""Seconds between two writes of another."""


def main() -> None:
    now = clock.now()
    found = {
        "look, none due": _seconds(lambda: _look(now)),
        "look, all due": _seconds(lambda: _look(now + timedelta(hours=1))),
        "waiting (/metrics)": _seconds(outbox.waiting),
        "oldest (/metrics)": _seconds(outbox.oldest),
    }
    json.dump(
        {"looks": found, "deleted": {name: _delete(forget(now)) for name, forget in OVER.items()}},
        sys.stdout,
    )


def _look(until: datetime) -> None:
    """As the worker does; a mail that is due is taken."""
    with transaction():
        taken = until + timedelta(hours=1)
        session().scalar(statements.TAKE_NEXT, {"until": until, "taken_until": taken})


def _seconds(act: Callable[[], object]) -> float:
    """The median."""
    took = []
    for _ in range(_LOOKS):
        began = time.perf_counter()
        act()
        took.append(time.perf_counter() - began)
    return median(took)


def _delete(batches: Iterator[int]) -> dict[str, Any]:
    """Delete all of it: rows, rows a second with the rests, the seconds of batches and of others' waits."""
    took: list[float] = []
    real = database.transaction

    @contextmanager
    def timed() -> Iterator[None]:
        began = time.perf_counter()
        with real():
            yield
        took.append(time.perf_counter() - began)

    with mock.patch.object(database, "transaction", timed), _Writer() as writer:
        began = time.perf_counter()
        rows = sum(batches)
        seconds = time.perf_counter() - began
    took, waits = sorted(took), sorted(writer.waits)
    return {
        "rows": rows,
        "rate": rows / seconds,
        "median": median(took),
        "p99": took[int(len(took) * 0.99)],
        "wait_p99": waits[int(len(waits) * 0.99)],
        "longest_wait": waits[-1],
    }


class _Writer:
    """Somebody else who writes to the same database all the time, and how long that takes.

    On SQLite one writes at a time, so these are the waits for a batch. SQLite also copies its log into the
    file now and then, after a commit: that takes time, and no other writer waits for it.
    """

    def __init__(self) -> None:
        self.waits: list[float] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._write, args=(db.engine,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _write(self, engine: Engine) -> None:
        key = {"id": "bench", "first_used_at": clock.now()}
        with engine.connect() as connection:
            while not self.waits or not self._is_over.wait(_EVERY):
                began = time.perf_counter()
                connection.execute(insert(SealingKey), [key])
                self.waits.append(time.perf_counter() - began)
                connection.rollback()


if __name__ == "__main__":
    with twostep.flask.app_context():
        main()
