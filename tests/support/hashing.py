"""The line for hashes as a test needs it: full, and telling when somebody has come."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mfa.attempts.hashing import Line
from tests.support import patience

ELSEWHERE = "192.0.2.0/24"


class Noticed(list[Any]):
    """Those that wait in a line, and a sign for each that comes: to be put in place of its list."""

    def __init__(self) -> None:
        super().__init__()
        self.came = threading.Semaphore(0)

    def append(self, each: Any) -> None:
        super().append(each)
        self.came.release()


@contextmanager
def taken(line: Line) -> Iterator[None]:
    """Somebody else hashes inside."""
    entered, over = threading.Event(), threading.Event()

    def hash_() -> None:
        with line.place(ELSEWHERE, known=True):
            entered.set()
            over.wait(patience.SECONDS)

    thread = threading.Thread(target=hash_)
    thread.start()
    assert entered.wait(patience.SECONDS)
    try:
        yield
    finally:
        over.set()
        thread.join()
