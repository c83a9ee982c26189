"""How old something is, where another server's clock, or this one before it was set back, dated it."""

from __future__ import annotations

CLOCKS_APART = 5
"""Seconds by which the clock that dated something may be ahead of this one."""


def is_current(made: float, now: float, lifetime: float) -> bool:
    """Return True if something made at *made* is younger than *lifetime*, all in seconds.

    Something dated up to :data:`CLOCKS_APART` seconds from now is new; what is dated later is not current.
    """
    return -CLOCKS_APART <= now - made < lifetime


def wait_until(moment: float, now: float, longest: float) -> float:
    """Return the seconds until *moment*, from 0 to *longest*.

    A moment further away than a wait can be long was stored by a clock that was wrong: it is no wait.
    """
    left = moment - now
    return 0 if left > longest + CLOCKS_APART else max(0, min(left, longest))
