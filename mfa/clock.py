"""The one source of time. Everything that asks what time it is asks here, so that tests can move it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime


def _system() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system


def now() -> datetime:
    """The current time, aware, in UTC."""
    return _source()


def install(source: Callable[[], datetime]) -> None:
    """Take the time from *source* (which must return aware UTC datetimes) from now on."""
    global _source  # noqa: PLW0603 (the one source, on purpose)
    _source = source


def reset() -> None:
    """Take the time from the system again."""
    install(_system)
