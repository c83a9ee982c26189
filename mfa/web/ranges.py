"""Throttles by network, beside those of each account: guessing at many accounts is slowed, too.

The library ``limits`` counts in moving windows: in the database, in Redis, or in the memory of each process.
A device that is known to the account is exempt: it has a count of its own, and its owner may share a network
with an attacker.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache, partial, wraps
from typing import Any, ParamSpec, TypeVar

from flask import Flask, Response, after_this_request, current_app, request
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from mfa import clock, devices, words
from mfa.attempts import networks
from mfa.database import transaction
from mfa.errors import NotNow
from mfa.i18n import gettext

_EXTENSION = "mfa_ranges"
_REFUSED, _MAILS = "refused", "mails"
_REFUSALS = (401, 403, 422, 429)
_PATIENCE = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
"""Seconds. A store that hangs is one that is away: nobody waits for it longer."""
_LONGEST_PAUSE = 32
"""Seconds between two questions whether a store that was away is back."""

P = ParamSpec("P")
R = TypeVar("R")
Whose = Callable[[], Any]
"""Returns the account that a route guesses at, in whatever form the app has it, or None for no account."""
IsKnown = Callable[[Whose | None], bool]


class TooManyFromNetwork(NotNow):
    """Too many refusals, or too many mails, of one network.

    :param wait: seconds until the next attempt is checked.
    """

    status = 429

    def __init__(self, wait: int) -> None:
        super().__init__(f"wait {wait} seconds", wait=wait)

    @property
    def heading(self) -> str:
        """Return what the sentence stands under."""
        return gettext("Too many attempts")

    @property
    def sentence(self) -> str:
        return gettext("They came from your network. Try again in %(wait)s.", wait=words.duration(self.wait))


def use(app: Flask, *, storage_uri: str, refused: str, mails: str, is_known: IsKnown) -> None:
    """Let *app* count by network.

    :param storage_uri: ``database://``, ``redis://…``, or ``memory://``, where each process counts alone.
    :param refused: how many refusals one network may have, like ``30 per minute; 300 per hour``.
    :param mails: how many mails one network may ask for.
    :param is_known: returns True if the device of the request is known to an account: to the one that the
        function it is given returns or, given None, to the one that is signed in. It is asked once a request.

    :raises limits.errors.ConfigurationError: no such store.
    :raises ValueError: a number of refusals or mails that can't be read.
    """
    rates = {_REFUSED: _parsed(refused), _MAILS: _parsed(mails)}
    app.extensions[_EXTENSION] = Ranges(storage_uri, rates, is_known)


@dataclass(frozen=True)
class Limit:
    """A decorator for routes whose posts are limited by network.

    Routes with the same scope are counted together. A route may have several limits.

    :param scope: names the limit in the store.
    :param rate: how many posts, like ``60 per minute``; if empty, what :func:`use` was given for the scope.
    :param of_refusals: count only posts that were checked and refused, and exempt known devices.
    """

    scope: str
    rate: str = ""
    of_refusals: bool = False

    def __call__(self, view: Callable[P, R]) -> Callable[P, R]:
        limits: list[Limit] = getattr(view, "network_limits", [])
        limits.append(self)
        if len(limits) > 1:
            return view

        @wraps(view)
        def limited(*args: P.args, **kwargs: P.kwargs) -> R:
            if request.method == "POST":
                _check(limits, getattr(limited, "guesses_at", None))
            return view(*args, **kwargs)

        limited.network_limits = limits  # type: ignore[attr-defined]  # a mark on the function
        return limited


guesses = Limit(_REFUSED, of_refusals=True)
"""For routes that take a password or a code: what they refuse counts against the network it came from."""

mails = Limit(_MAILS)
"""For routes that send a mail to an address that anybody may enter: each post counts."""


def at(whose: Whose) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Say at whose account a route guesses, where that is not the account that is signed in.

    :param whose: returns None for no account at all.
    """

    def mark(view: Callable[P, R]) -> Callable[P, R]:
        view.guesses_at = whose  # type: ignore[attr-defined]  # likewise
        return view

    return mark


def nobody() -> None:
    """Return no account: a route that an e-mailed link opens guesses at none that the browser could know."""


class Ranges:
    """What one app counts with: a store, and the memory of this process while the store is away."""

    def __init__(
        self, storage_uri: str, rates: Mapping[str, Sequence[RateLimitItem]], is_known: IsKnown
    ) -> None:
        self.storage = storage_from_string(storage_uri, **_PATIENCE)
        self.is_known = is_known
        self._rates = rates
        self._shared = MovingWindowRateLimiter(self.storage)
        self._alone: MovingWindowRateLimiter | None = None
        self._pause = 0
        self._ask_at = 0.0

    @property
    def is_away(self) -> bool:
        """Return True if the store failed and has not been seen since."""
        return self._pause > 0

    def rates(self, limit: Limit) -> Sequence[RateLimitItem]:
        """Return how much *limit* allows, the shortest window first."""
        return _parsed(limit.rate) if limit.rate else self._rates[limit.scope]

    def ask(self, question: Callable[[MovingWindowRateLimiter], R]) -> R:
        """Put *question* to the store; while that is away, to the memory of this process."""
        if not self.is_away or self._is_back():
            try:
                return question(self._shared)
            except Exception as error:  # each kind of store fails in its own way, and closes no door
                self._pause, self._ask_at = 1, time.monotonic() + 1
                current_app.logger.warning(
                    "The store of the limits by network failed (%s): each process counts alone.",
                    type(error).__name__,
                )
        if self._alone is None:
            self._alone = MovingWindowRateLimiter(MemoryStorage())
        return question(self._alone)

    def reset(self) -> None:
        """Forget all counts; for tests."""
        self.storage.reset()
        self._alone, self._pause = None, 0

    def _is_back(self) -> bool:
        now = time.monotonic()
        if now < self._ask_at:
            return False
        # Before it is asked: the requests of other threads don't wait for it, too.
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        self._ask_at = now + self._pause
        if not self.storage.check():
            return False
        self._pause = 0
        return True


@dataclass(frozen=True)
class _Applied:
    """One rate of a limit, as it applies to the network of a request."""

    limit: Limit
    rate: RateLimitItem
    network: str

    def hits(self, limiter: MovingWindowRateLimiter) -> int:
        """Return how many posts the window holds."""
        window = limiter.get_window_stats(self.rate, self.network, self.limit.scope)
        return self.rate.amount - window.remaining

    def count(self, limiter: MovingWindowRateLimiter) -> bool:
        """Count a post; return False if there is no room for it."""
        return limiter.hit(self.rate, self.network, self.limit.scope)

    def wait(self, limiter: MovingWindowRateLimiter) -> int:
        """Return the seconds until there is room, by the clock of the store."""
        window = limiter.get_window_stats(self.rate, self.network, self.limit.scope)
        own = isinstance(limiter.storage, networks.DatabaseStorage)
        now = clock.now().timestamp() if own else time.time()
        # A hit that a clock ahead of ours has dated makes nobody wait longer than its window is.
        return max(1, min(int(int(window.reset_time + 1) - now), self.rate.get_expiry()))


def _check(limits: Sequence[Limit], whose: Whose | None) -> None:
    """Count a post, now or once it is refused.

    :raises TooManyFromNetwork: its network has to wait. What this refuses was not checked: it costs no write.
    """
    ranges: Ranges = current_app.extensions[_EXTENSION]
    if any(limit.of_refusals for limit in limits) and ranges.is_known(whose):
        limits = [limit for limit in limits if not limit.of_refusals]
    if not limits:
        return
    network = devices.shorten(request.remote_addr or "") or "unknown"
    applied = [_Applied(limit, rate, network) for limit in limits for rate in ranges.rates(limit)]
    applied.sort(key=lambda each: each.rate.get_expiry())
    wait = ranges.ask(partial(_wait, applied))
    if wait is not None:
        raise TooManyFromNetwork(wait)
    refusals = [each for each in applied if each.limit.of_refusals]
    if refusals:
        after_this_request(partial(_count_refusal, ranges, refusals))


def _wait(applied: Sequence[_Applied], limiter: MovingWindowRateLimiter) -> int | None:
    """Return the seconds to wait for the first rate that is full; None if there is room.

    Where each post counts, this one is counted.
    """
    full = _full([each for each in applied if each.limit.of_refusals], limiter)
    for each in applied:
        has_room = each not in full if each.limit.of_refusals else each.count(limiter)
        if not has_room:
            return each.wait(limiter)
    return None


def _full(applied: Sequence[_Applied], limiter: MovingWindowRateLimiter) -> list[_Applied]:
    """Return those that are full.

    The longest window of a limit holds all that the others hold. If it has fewer hits than a shorter one may
    have, that one has room and the store is not asked again.
    """
    full, hits = [], dict[Limit, int]()
    for each in reversed(applied):
        if hits.get(each.limit, each.rate.amount) >= each.rate.amount:
            hits[each.limit] = each.hits(limiter)
            if hits[each.limit] >= each.rate.amount:
                full.append(each)
    return full


def _count_refusal(ranges: Ranges, applied: Sequence[_Applied], response: Response) -> Response:
    if response.status_code in _REFUSALS:
        ranges.ask(partial(_count, applied))
    return response


def _count(applied: Sequence[_Applied], limiter: MovingWindowRateLimiter) -> None:
    is_own = isinstance(limiter.storage, networks.DatabaseStorage)
    with transaction() if is_own else nullcontext():
        # The longest window first: at no moment it holds less than the others.
        for each in reversed(applied):
            each.count(limiter)


@lru_cache(maxsize=64)
def _parsed(rate: str) -> tuple[RateLimitItem, ...]:
    return tuple(sorted(parse_many(rate), key=RateLimitItem.get_expiry))
