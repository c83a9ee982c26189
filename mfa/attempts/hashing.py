"""The line for hashes: a password or a recovery code takes a core and much memory for a moment.

In one process so many are hashed at once, a few requests more wait for a place, and the rest are asked at
once to come again. So pages are served, and memory is bounded, while hundreds sign in. A place is taken
before an attempt is counted: who is sent away has not tried.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import cast

from flask import Flask, current_app

from mfa.devices import Device
from mfa.errors import NotNow
from mfa.i18n import lazy_gettext as _

LONGEST_WAIT = 3.0
"""Seconds that a request waits for a place."""
SOONEST, LATEST = 2, 10
"""Seconds after which who was sent away is to come again."""
_LATELY = 0.1
"""How much the last hash counts in how long a hash takes."""
_LINE = "mfa_hashing"


class Busy(NotNow):
    """The line is full, or nobody left it for too long."""

    status = 503
    says = _("Many people are signing in. Try again in a few seconds.")

    def __init__(self, wait: int) -> None:
        super().__init__("the line for hashes is full", wait=wait)


@dataclass(eq=False)
class _Turn:
    """A request that hashes or waits to.

    :param since: when it was given a place.
    :param decided: set once it has a place or is sent away.
    """

    network: str
    known: bool
    has_place: bool = False
    since: float = 0.0
    decided: threading.Event = field(default_factory=threading.Event)


class Line:
    """Places for hashes, and those who wait for one.

    Known devices come first, and then those that wait longest. Where too many wait, an unknown device is sent
    away before a known one, then one of the network that most come from, then the last to come: so one
    network can't fill the line.

    Who is sent away is told when to come again: later, the more are still to come again, so that a crowd
    spends the server's time on hashes and not on refusals.

    :param places: hashes at once.
    :param waiting: requests that may wait; each of them holds a thread of the server.
    :param longest_wait: seconds.
    :param now: a clock in seconds that is never set back.
    """

    def __init__(
        self,
        places: int,
        *,
        waiting: int,
        longest_wait: float = LONGEST_WAIT,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.places, self.room, self._longest_wait, self._now = places, waiting, longest_wait, now
        self._hashing: list[_Turn] = []
        self._waiting: list[_Turn] = []
        self._away: Counter[int] = Counter()
        self._hash_takes = 0.0
        self._lock = threading.Lock()
        self._held = threading.local()

    @property
    def is_held(self) -> bool:
        """Return True if this thread has a place."""
        return getattr(self._held, "place", False)

    @property
    def waiting(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    @contextmanager
    def place(self, network: str, *, known: bool) -> Iterator[None]:
        """Hash inside; a thread that has a place keeps it.

        :param network: where the request comes from.
        :param known: its device is known to the account.
        :raises Busy: there is none, and too many wait.
        """
        if self.is_held:
            yield
            return
        turn = _Turn(network, known)
        self._take(turn)
        self._held.place = True
        try:
            yield
        finally:
            self._held.place = False
            self._leave(turn)

    def _come_again(self) -> int:
        """Note one more who is sent away.

        :returns: seconds after which to come again: those that it takes to serve all who are away, or fewer,
            at random, so that they don't all come at once.
        """
        with self._lock:
            now = int(self._now())
            for moment in [moment for moment in self._away if moment <= now]:
                del self._away[moment]
            busy_for = self._away.total() * self._hash_takes / self.places
            latest = min(max(2 * SOONEST, int(busy_for)), LATEST)
            wait = secrets.choice(range(latest // 2, latest + 1))
            self._away[now + wait] += 1
            return wait

    def _take(self, turn: _Turn) -> None:
        with self._lock:
            if len(self._hashing) < self.places:
                self._let_in(turn)
            else:
                self._waiting.append(turn)
                if len(self._waiting) > self.room:
                    self._send_away(self._last())
        if not turn.decided.wait(self._longest_wait):
            with self._lock:
                # The decision may have been made after all.
                if turn in self._waiting:
                    self._send_away(turn)
        if not turn.has_place:
            raise Busy(self._come_again())

    def _leave(self, turn: _Turn) -> None:
        with self._lock:
            self._hashing.remove(turn)
            took = self._now() - turn.since
            self._hash_takes += (took - self._hash_takes) * (_LATELY if self._hash_takes else 1)
            if self._waiting:
                first = next((each for each in self._waiting if each.known), self._waiting[0])
                self._waiting.remove(first)
                self._let_in(first)

    def _let_in(self, turn: _Turn) -> None:
        self._hashing.append(turn)
        turn.since, turn.has_place = self._now(), True
        turn.decided.set()

    def _send_away(self, turn: _Turn) -> None:
        self._waiting.remove(turn)
        turn.decided.set()

    def _last(self) -> _Turn:
        """Return who has to go."""
        networks = [each.network for each in (*self._hashing, *self._waiting)]
        # Of equals, max returns the first: so the last to come is looked at first.
        return max(reversed(self._waiting), key=lambda each: (not each.known, networks.count(each.network)))


def use(app: Flask, line: Line) -> None:
    """Let *app* hash in *line*."""
    app.extensions[_LINE] = line


def line() -> Line:
    """Return the line of the application at work."""
    return cast("Line", current_app.extensions[_LINE])


def place(device: Device, *, known: bool) -> AbstractContextManager[None]:
    """Hash inside, in the line of the application at work.

    :param known: *device* is known to whose password or code it is.
    :raises Busy: there is no place, and too many wait.
    """
    return line().place(device.address, known=known)
