"""Times in words."""

from __future__ import annotations

from datetime import datetime


def duration(seconds: int) -> str:
    """``45`` → "45 seconds", ``61`` → "2 minutes": rounded up, so that the time has passed by then."""
    if seconds < 60:
        return _plural(seconds, "second")
    if seconds < 3600:
        return _plural(-(-seconds // 60), "minute")
    return _plural(-(-seconds // 3600), "hour")


def about(seconds: int) -> str:
    """``-400`` → "about 7 minutes": rounded to what a person would say."""
    seconds = abs(seconds)
    return f"about {_plural(max(1, round(seconds / 60)), 'minute')}"


def moment(when: datetime) -> str:
    """A moment in UTC: "24 November 2026, 12:00 UTC"."""
    return f"{when.day} {when:%B %Y, %H:%M} UTC"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
