"""What each setting may be, and the sentence that says so."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import limits
import limits.errors
from email_validator import validate_email
from limits.storage import storage_from_string
from sqlalchemy import create_engine
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from werkzeug.datastructures import Authorization

from console import branding
from console.config.defaults import DEFAULTS
from console.config.hosts import HOST_LIST, is_texts
from console.passwords import rules as passwords
from mfa import hosts
from mfa.crypto.cost import Cost
from mfa.crypto.keys import MASTER_KEY_BYTES

_ROOT = re.compile(r"/|(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)+/?")
"""Characters that are spelled alike in addresses, headers and cookies."""
_DIFFERENT_CHARACTERS = 8
_LONGEST_NAME = 40
_SHORTEST_TOKEN = 16
_MOST_WORKERS = 256
_MOST_THREADS = 12
"""Each may hold a connection to the database, and the pool of a process has 15 (SQLAlchemy's default)."""
_LONGEST_TIMEOUT = 60
_LONGEST_DRAIN = 300
_MOST_MEMORY = 1024 * 1024
"""KiB; a gigabyte for each password that is checked at a time."""
_MOST_WORK = 16 * _MOST_MEMORY
"""Passes times KiB; some ten seconds."""
_YEAR = 366 * 24 * 3600


def is_key(value: object) -> bool:
    """Return True for a text that can be a master key."""
    if not isinstance(value, str):
        return False
    return len(value) >= MASTER_KEY_BYTES and len(set(value)) >= _DIFFERENT_CHARACTERS


def _whole(least: int, most: int) -> Callable[[object], bool]:
    def good(value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

    return good


def _seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= _LONGEST_TIMEOUT


def _database(value: object) -> bool:
    try:
        create_engine(str(value))
    except (ArgumentError, NoSuchModuleError, ImportError):
        return False
    return True


def _storage(value: object) -> bool:
    if value == DEFAULTS["RATELIMIT_STORAGE_URI"]:
        return True  # our own, which Flask-Limiter learns of when the application is put together
    try:
        storage_from_string(str(value))
    except (limits.errors.ConfigurationError, ValueError):
        return False
    return True


def _limits(value: object) -> bool:
    try:
        parsed = limits.parse_many(str(value))
    except ValueError:
        return False
    # With none per minute nobody gets in; in no time at all there is no limit.
    return bool(parsed) and all(limit.amount > 0 and limit.get_expiry() > 0 for limit in parsed)


def _cost(value: object) -> bool:
    try:
        cost = Cost.parse(str(value))
    except ValueError:
        return False
    return cost.memory_kib <= _MOST_MEMORY and cost.passes * cost.memory_kib <= _MOST_WORK


def _name(value: object) -> bool:
    return (
        isinstance(value, str)
        and value.isprintable()
        and ":" not in value
        and 0 < len(value.strip()) <= len(value) <= _LONGEST_NAME
    )


def _token(value: object) -> bool:
    return (
        isinstance(value, str)
        and len(value) >= _SHORTEST_TOKEN
        and value.isascii()
        and value.isprintable()
        # As the header is read: a text with "=" in its middle would be taken for something else.
        and getattr(Authorization.from_header(f"Bearer {value}"), "token", None) == value
    )


def _email_address(value: object) -> bool:
    """Return whether it is an address; the operator knows better than a list which domains get mail."""
    local, _, domain = str(value).rpartition("@")
    try:
        validate_email(f"{local}@example.com", check_deliverability=False)
        return hosts.parse(domain).port is None
    except ValueError:
        return False


def _mail_server(value: object) -> bool:
    # Names with an underscore are in use between containers. Two colons or more are an IPv6 address.
    return isinstance(value, str) and not re.search(r"[\s/@\[]", value) and value.count(":") != 1


def _picture(value: object) -> bool:
    try:
        content = Path(str(value)).read_bytes()
    except OSError:
        return False
    return len(content) <= branding.LOGO_MAX_BYTES and branding.logo_suffix(content) is not None


_LIFETIME = (_whole(60, _YEAR), "must be a number of seconds, from 60 to a year.")
_SWITCH = (lambda value: isinstance(value, bool), "must be true or false.")
_LIMITS = (_limits, "must be one or more limits of at least 1, like 30 per minute; 300 per hour.")
_HASH_COST = (
    _cost,
    "must be a cost of argon2id, like t=3,m=65536,p=4, of at most a gigabyte and some seconds.",
)
CHECKS: dict[str, tuple[Callable[[Any], object], str]] = {
    "APPLICATION_ROOT": (
        lambda value: isinstance(value, str) and _ROOT.fullmatch(value),
        "must be a path like /two-step, of letters, digits and . _ ~ -, or / for the whole host.",
    ),
    "PREFERRED_URL_SCHEME": (lambda value: value in ("https", "http"), 'must be "https" or "http".'),
    "PASSWORD_MIN_LENGTH": (
        _whole(passwords.MIN_LENGTH_FLOOR, passwords.MAX_LENGTH),
        f"must be a number from {passwords.MIN_LENGTH_FLOOR} to {passwords.MAX_LENGTH}.",
    ),
    "PASSWORD_HASH_COST": _HASH_COST,
    "RECOVERY_HASH_COST": _HASH_COST,
    "SESSION_IDLE_SECONDS": _LIFETIME,
    "SESSION_ABSOLUTE_SECONDS": _LIFETIME,
    "MAIL_PORT": (_whole(1, 65535), "must be a port number."),
    "MAIL_TIMEOUT": (_seconds, f"must be a number of seconds, above 0 and up to {_LONGEST_TIMEOUT}."),
    "SQLALCHEMY_DATABASE_URI": (
        lambda value: value is None or _database(value),
        "must be the address of a database whose driver is installed, like postgresql+psycopg://user@host/name.",
    ),
    "TRUSTED_HOSTS": (lambda value: value is None or (is_texts(value) and value), HOST_LIST),
    "MAIL_DOMAINS": (is_texts, "must be a JSON list of mail domains, like corp.local."),
    "MAIL_SERVER": (
        lambda value: not value or _mail_server(value),
        "must be the name of a host; its port is MFA_MAIL_PORT.",
    ),
    "MAIL_DEFAULT_SENDER": (
        lambda value: value is None or _email_address(parseaddr(str(value))[1]),
        "must be an e-mail address, like no-reply@console.example.",
    ),
    "MAIL_USE_TLS": _SWITCH,
    "MAIL_USE_SSL": _SWITCH,
    "TRUSTED_PROXIES": (_whole(0, 9), "must be the number of proxies before the server, from 0 to 9."),
    "RATELIMIT_STORAGE_URI": (
        _storage,
        "must be database://, memory:// or the address of a Redis, like redis://host:6379.",
    ),
    "RATELIMIT_REFUSED": _LIMITS,
    "RATELIMIT_MAILS": _LIMITS,
    "PRODUCT_NAME": (
        _name,
        f"must be a name of 1 to {_LONGEST_NAME} printable characters, without the colon that apps refuse.",
    ),
    "SUPPORT_ADDRESS": (
        lambda value: value == "" or _email_address(value),
        "must be an e-mail address, or empty.",
    ),
    "ACCENT_COLOR": (branding.is_color, "must be a color like #3552bc."),
    "LOGO": (
        lambda value: not value or _picture(value),
        f"must be the path of an SVG, PNG or WebP file of at most {branding.LOGO_MAX_BYTES // 1024} KB.",
    ),
    "WORKERS": (
        lambda value: value is None or _whole(1, _MOST_WORKERS)(value),
        f"must be a number of processes, from 1 to {_MOST_WORKERS}.",
    ),
    "THREADS": (_whole(1, _MOST_THREADS), f"must be a number of threads, from 1 to {_MOST_THREADS}."),
    "DRAIN_SECONDS": (_whole(0, _LONGEST_DRAIN), f"must be a number of seconds, from 0 to {_LONGEST_DRAIN}."),
    "METRICS_TOKEN": (
        lambda value: value is None or _token(value),
        f"must be a text of at least {_SHORTEST_TOKEN} printable ASCII characters.",
    ),
    "MAIL_WORKER": (lambda value: value in ("thread", "none"), 'must be "thread" or "none".'),
}
