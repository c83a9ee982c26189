"""Times in words, in the language that is spoken."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from babel.dates import format_date, format_time

from mfa.i18n import SOURCE, gettext, language

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def moment(when: datetime) -> str:
    """A moment in UTC: "November 24, 2026, 12:00 PM UTC"."""
    code = language()
    time = _english_time(when) if code == SOURCE else format_time(when, "short", locale=code)
    return gettext("%(date)s, %(time)s UTC", date=day(when), time=time)


def day(when: datetime) -> str:
    """A day in UTC: "November 24, 2026"."""
    return _day(when.date(), language())


@lru_cache(maxsize=1000)
def _day(when: date, code: str) -> str:
    if code == SOURCE:
        # In the code, as all English: what babel knows of it is 4 MB, in each process.
        return f"{_MONTHS[when.month - 1]} {when.day}, {when.year}"
    return format_date(when, "long", locale=code)


def _english_time(when: datetime) -> str:
    half = "AM" if when.hour < 12 else "PM"
    return f"{(when.hour - 1) % 12 + 1}:{when.minute:02}\N{NARROW NO-BREAK SPACE}{half}"
