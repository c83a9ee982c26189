"""A clock that tests move."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class Clock:
    """Stands still until it is moved; begins at a real-looking moment in the middle of a time step."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = datetime(2026, 11, 24, 12, 0, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        with self._lock:
            return self._now

    def advance(self, **duration: float) -> None:
        """``advance(minutes=5)``; the words of ``timedelta``."""
        with self._lock:
            self._now += timedelta(**duration)

    @property
    def seconds(self) -> float:
        return self().timestamp()
