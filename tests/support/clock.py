"""Clocks that tests move."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path


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


class SharedClock(Clock):
    """One clock of several processes: what it shows stands in a small file, which is replaced as a whole."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        if not path.exists():
            self._write(self._now)

    def __call__(self) -> datetime:
        return datetime.fromisoformat(self.path.read_text())

    def advance(self, **duration: float) -> None:
        with self._lock:
            self._write(self() + timedelta(**duration))

    def _write(self, now: datetime) -> None:
        new = self.path.with_suffix(".new")
        new.write_text(now.isoformat())
        new.replace(self.path)
