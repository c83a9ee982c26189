"""Lengths of time and devices in words, in the language that is spoken."""

from __future__ import annotations

from mfa.i18n import gettext, ngettext


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


def device(name: str) -> str:
    """What :func:`mfa.devices.name` gave and the database keeps, for the reader."""
    browser, _, system = name.partition(" on ")
    if system:
        return gettext("%(browser)s on %(system)s", browser=browser, system=system)
    return gettext("Unknown device") if name == "Unknown device" else name


def _minutes(count: int) -> str:
    return ngettext("%(num)d minute", "%(num)d minutes", count)
