"""How far the phones' clocks are from the server's: a difference that nearly all have is the server's own.

Kept in the memory of each process, of the last people who entered a code; nothing is decided by it.
"""

from __future__ import annotations

import statistics
import threading
from datetime import datetime

from flask import current_app

from mfa.activity import log
from mfa.here import Here

_PEOPLE = 20
"""Of so many people the last difference is kept."""
_ENOUGH = 5
_NEARLY_ALL = 0.8
_LEAST = 60
"""Seconds; less is the time that typing takes."""


class Drifts:
    """The last difference of each of some people."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[str, int] = {}

    def note(self, person_id: str, seconds: int) -> None:
        """Keep how many seconds ahead of the server a person's phone is (behind, if negative)."""
        with self._lock:
            self._last.pop(person_id, None)
            self._last[person_id] = seconds
            if len(self._last) > _PEOPLE:
                del self._last[next(iter(self._last))]

    def of_all(self) -> int | None:
        """Return the seconds that nearly all phones are ahead; None if most agree with the server."""
        with self._lock:
            kept = list(self._last.values())
        if len(kept) < _ENOUGH:
            return None
        middle = int(statistics.median_low(kept))
        near = [seconds for seconds in kept if abs(seconds - middle) <= _LEAST]
        return middle if abs(middle) > _LEAST and len(near) >= _NEARLY_ALL * len(kept) else None


def note(person_id: str, seconds: int, now: datetime) -> None:
    """Keep a person's difference; log it once when the server's own clock begins to look wrong."""
    drifts = _drifts()
    before = drifts.of_all()
    drifts.note(person_id, seconds)
    after = drifts.of_all()
    if after is not None and before is None:
        log.write("server_clock_off", Here(now), outcome="refused", account=None, seconds=after)


def server_is_off() -> int | None:
    """Return how many seconds the server's clock seems behind (ahead, if negative); None if it is right."""
    return _drifts().of_all()


def _drifts() -> Drifts:
    found: Drifts = current_app.extensions.setdefault("mfa_drifts", Drifts())
    return found
