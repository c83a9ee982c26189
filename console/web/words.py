"""Times and devices in words, in the language that is spoken."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from babel.dates import format_date, format_time
from flask_babel import gettext, ngettext

from console import languages

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


def duration(seconds: int) -> str:
    """``45`` → "45 seconds", ``61`` → "2 minutes": rounded up, so that the time has passed by then."""
    if seconds < 60:
        return ngettext("%(num)d second", "%(num)d seconds", seconds)
    if seconds < 3600:
        return _minutes(-(-seconds // 60))
    return ngettext("%(num)d hour", "%(num)d hours", -(-seconds // 3600))


def about(seconds: int) -> str:
    """``-400`` → "7 minutes": rounded to what a person would say."""
    return _minutes(max(1, round(abs(seconds) / 60)))


def moment(when: datetime) -> str:
    """A moment in UTC: "November 24, 2026, 12:00 PM UTC"."""
    language = languages.current()
    time = (
        _english_time(when) if language == languages.SOURCE else format_time(when, "short", locale=language)
    )
    return gettext("%(date)s, %(time)s UTC", date=day(when), time=time)


def day(when: datetime) -> str:
    """A day in UTC: "November 24, 2026"."""
    return _day(when.date(), languages.current())


@lru_cache(maxsize=1000)
def _day(when: date, language: str) -> str:
    if language == languages.SOURCE:
        # In the code, as all English: what babel knows of it is 4 MB, in each process.
        return f"{_MONTHS[when.month - 1]} {when.day}, {when.year}"
    return format_date(when, "long", locale=language)


def _english_time(when: datetime) -> str:
    half = "AM" if when.hour < 12 else "PM"
    return f"{(when.hour - 1) % 12 + 1}:{when.minute:02}\N{NARROW NO-BREAK SPACE}{half}"


def device(name: str) -> str:
    """What :func:`mfa.devices.name` gave and the database keeps, for the reader."""
    browser, _, system = name.partition(" on ")
    if system:
        return gettext("%(browser)s on %(system)s", browser=browser, system=system)
    return gettext("Unknown device") if name == "Unknown device" else name


def _minutes(count: int) -> str:
    return ngettext("%(num)d minute", "%(num)d minutes", count)
