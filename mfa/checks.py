"""What the value of a setting may be, each with the sentence that a refusal says of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import limits
import limits.errors
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy import create_engine
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from mfa import colors, hosts
from mfa.crypto.cost import Cost

Check = tuple[Callable[[Any], object], str]
OUR_STORAGE = "database://"
"""The storage of counts in the extension's own tables, which the library of limits doesn't know yet."""
_LONGEST_NAME = 40
_MOST_MEMORY = 1024 * 1024
"""KiB; a gigabyte for each password or code that is checked at a time."""
_MOST_WORK = 16 * _MOST_MEMORY
"""Passes times KiB; some ten seconds."""
_MOST_PLACES = 64
_MOST_DAYS = 3660
_LOCAL_PART = re.compile(r"[^\s@,;:<>()\[\]\"\\]{1,64}")
_COOKIE_NAME = re.compile(r"[A-Za-z0-9_.-]+")


def whole(least: int, most: int) -> Callable[[object], bool]:
    """Return what is True for a whole number from *least* to *most*."""

    def good(value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

    return good


def _name(value: object) -> bool:
    return (
        isinstance(value, str)
        and value.isprintable()
        and ":" not in value
        and 0 < len(value.strip()) <= len(value) <= _LONGEST_NAME
    )


def _cost(value: object) -> bool:
    try:
        cost = Cost.parse(str(value))
    except ValueError:
        return False
    return cost.memory_kib <= _MOST_MEMORY and cost.passes * cost.memory_kib <= _MOST_WORK


def _limits(value: object) -> bool:
    try:
        parsed = limits.parse_many(str(value))
    except ValueError:
        return False
    # With none per minute nobody gets in; in no time at all there is no limit.
    return bool(parsed) and all(limit.amount > 0 and limit.get_expiry() > 0 for limit in parsed)


def _storage(value: object) -> bool:
    if value == OUR_STORAGE:
        return True
    try:
        MovingWindowRateLimiter(storage_from_string(str(value)))
    except (limits.errors.ConfigurationError, NotImplementedError, ValueError):
        return False
    return True


def _database(value: object) -> bool:
    try:
        create_engine(str(value))
    except (ArgumentError, NoSuchModuleError, ImportError):
        return False
    return True


def _host(value: object) -> bool:
    try:
        hosts.parse(str(value))
    except ValueError:
        return False
    return True


def _domain(value: object) -> bool:
    try:
        host = hosts.parse(str(value))
    except ValueError:
        return False
    return host.port is None and not host.is_address


def is_list(value: object, is_good: Callable[[str], bool]) -> bool:
    """Return whether *value* is a list of texts that are all good."""
    return isinstance(value, list | tuple) and all(isinstance(each, str) and is_good(each) for each in value)


def is_origin(text: str) -> bool:
    """Return whether *text* is an origin as browsers write it, whose pages may use passkeys."""
    scheme, _, rest = text.partition("://")
    try:
        host = hosts.parse(rest)
    except ValueError:
        return False
    secure = scheme == "https" or (scheme == "http" and host.name == "localhost")
    return secure and hosts.origin(scheme, host) == text


def _aaguid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _days(least: int, most: int = _MOST_DAYS) -> Check:
    return whole(least, most), f"must be a number of days, from {least} to {most}."


def _address(value: object) -> bool:
    local, _, domain = str(value).rpartition("@")
    try:
        return bool(_LOCAL_PART.fullmatch(local)) and hosts.parse(domain).port is None
    except ValueError:
        return False


NAME: Check = (
    _name,
    f"must be a name of 1 to {_LONGEST_NAME} printable characters, without the colon that apps refuse.",
)
COLOR: Check = (colors.is_color, "must be a color like #3552bc.")
COST: Check = (
    _cost,
    "must be a cost of argon2id, like t=3,m=65536,p=1, of at most a gigabyte and some seconds.",
)
LIMITS: Check = (_limits, "must be one or more limits of at least 1, like 30 per minute; 300 per hour.")
STORAGE: Check = (
    _storage,
    f"must be {OUR_STORAGE}, memory:// or the address of a Redis, like redis://host:6379.",
)
DATABASE: Check = (
    _database,
    "must be the address of a database whose driver is installed, like postgresql+psycopg://user@host/name.",
)
HOST: Check = (_host, "must be the host that people open, like shop.example.")
RP_ID: Check = (_domain, "must be a domain, like shop.example, without a port.")
ORIGINS: Check = (
    lambda value: is_list(value, is_origin),
    "must be a list of origins, like https://shop.example, without a path.",
)
AAGUIDS: Check = (lambda value: is_list(value, _aaguid), "must be a list of AAGUIDs.")
ACTIVITY_DAYS = _days(30)
"""Not shorter than a session lasts by default: who is signed in shall see how."""
REMEMBER_DAYS = _days(0, 365)
"""No browser keeps a cookie for much longer."""
RECOVERY_DAYS: Check = (
    lambda value: whole(0, 0)(value) or whole(3, 30)(value),
    "must be a number of days, from 3 to 30, or 0.",
)
"""Shorter, people who don't look into their mail each day would not hear of it in time."""
THROTTLE_DAYS = _days(1)
"""Not shorter than the memory of a count."""
ADDRESS: Check = (_address, "must be an e-mail address.")
COOKIE_NAME: Check = (
    lambda value: isinstance(value, str) and _COOKIE_NAME.fullmatch(value),
    "must be of letters, digits and _ . - alone.",
)
PLACES: Check = (whole(1, _MOST_PLACES), f"must be a number from 1 to {_MOST_PLACES}.")
WAITING: Check = (whole(0, _MOST_PLACES), f"must be a number from 0 to {_MOST_PLACES}.")
SWITCH: Check = (lambda value: isinstance(value, bool), "must be true or false.")
