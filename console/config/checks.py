"""What each setting may be, and the sentence that says so."""

from __future__ import annotations

import re
from email.utils import parseaddr
from pathlib import Path

from email_validator import validate_email
from werkzeug.datastructures import Authorization

from console.config import webhooks
from console.config.hosts import HOST_LIST, is_texts
from console.passwords import rules as passwords
from mfa import checks, hosts, logo
from mfa.checks import Check
from mfa.crypto.keys import MASTER_KEY_BYTES

_ROOT = re.compile(r"/|(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)+/?")
"""Characters that are spelled alike in addresses, headers and cookies."""
_DIFFERENT_CHARACTERS = 8
_SHORTEST_TOKEN = 16
_MOST_WORKERS = 256
_MOST_THREADS = 64
_LONGEST_TIMEOUT = 60
_LONGEST_READ = 300
_LONGEST_DRAIN = 300
_MOST_DELETION_DAYS = 90
_YEAR = 366 * 24 * 3600


def is_key(value: object) -> bool:
    """Return True for a text that can be a master key."""
    if not isinstance(value, str):
        return False
    return len(value) >= MASTER_KEY_BYTES and len(set(value)) >= _DIFFERENT_CHARACTERS


def _seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= _LONGEST_TIMEOUT


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


_LIFETIME = (checks.whole(60, _YEAR), "must be a number of seconds, from 60 to a year.")
CHECKS: dict[str, Check] = {
    "APPLICATION_ROOT": (
        lambda value: isinstance(value, str) and _ROOT.fullmatch(value),
        "must be a path like /two-step, of letters, digits and . _ ~ -, or / for the whole host.",
    ),
    "PREFERRED_URL_SCHEME": (lambda value: value in ("https", "http"), 'must be "https" or "http".'),
    "PASSWORD_MIN_LENGTH": (
        checks.whole(passwords.MIN_LENGTH_FLOOR, passwords.MAX_LENGTH),
        f"must be a number from {passwords.MIN_LENGTH_FLOOR} to {passwords.MAX_LENGTH}.",
    ),
    "PASSWORD_HASH_COST": checks.COST,
    "RECOVERY_HASH_COST": checks.COST,
    "SESSION_IDLE_SECONDS": _LIFETIME,
    "SESSION_ABSOLUTE_SECONDS": _LIFETIME,
    "MAIL_PORT": (checks.whole(1, 65535), "must be a port number."),
    "MAIL_TIMEOUT": (_seconds, f"must be a number of seconds, above 0 and up to {_LONGEST_TIMEOUT}."),
    "SQLALCHEMY_DATABASE_URI": (
        lambda value: value is None or checks.DATABASE[0](value),
        checks.DATABASE[1],
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
    "MAIL_USE_TLS": checks.SWITCH,
    "MAIL_USE_SSL": checks.SWITCH,
    "WEBHOOK_URL": (lambda value: not value or webhooks.is_address(value), webhooks.URL),
    "WEBHOOK_SECRET": (lambda value: not value or webhooks.is_secrets(value), webhooks.SECRETS),
    "WEBHOOK_PRIVATE_NETWORKS": (webhooks.is_networks, webhooks.NETWORKS),
    "WEBHOOK_CA_FILE": (lambda value: not value or webhooks.is_ca_file(value), webhooks.CA_FILE),
    "TRUSTED_PROXIES": (checks.whole(0, 9), "must be the number of proxies before the server, from 0 to 9."),
    "RATELIMIT_STORAGE_URI": checks.STORAGE,
    "RATELIMIT_REFUSED": checks.LIMITS,
    "RATELIMIT_MAILS": checks.LIMITS,
    "PRODUCT_NAME": checks.NAME,
    "SUPPORT_ADDRESS": (
        lambda value: value == "" or _email_address(value),
        "must be an e-mail address, or empty.",
    ),
    "ACCENT_COLOR": checks.COLOR,
    "DELETION_DAYS": (
        checks.whole(0, _MOST_DELETION_DAYS),
        f"must be a number of days, from 0 to {_MOST_DELETION_DAYS}.",
    ),
    "ACTIVITY_DAYS": checks.ACTIVITY_DAYS,
    "THROTTLE_DAYS": checks.THROTTLE_DAYS,
    "PASSKEY_RP_ID": (lambda value: not value or checks.RP_ID[0](value), checks.RP_ID[1]),
    "PASSKEY_ORIGINS": checks.ORIGINS,
    "PASSKEY_SIGN_IN": checks.SWITCH,
    "PASSKEY_AAGUIDS": checks.AAGUIDS,
    "REMEMBER_DAYS": checks.REMEMBER_DAYS,
    "RECOVERY_DAYS": checks.RECOVERY_DAYS,
    "LOGO": (lambda value: not value or logo.Logo.read(Path(str(value))), logo.MUST),
    "WORKERS": (
        lambda value: value is None or checks.whole(1, _MOST_WORKERS)(value),
        f"must be a number of processes, from 1 to {_MOST_WORKERS}.",
    ),
    "THREADS": (checks.whole(1, _MOST_THREADS), f"must be a number of threads, from 1 to {_MOST_THREADS}."),
    "HASHES_AT_ONCE": (lambda value: value is None or checks.PLACES[0](value), checks.PLACES[1]),
    "READ_SECONDS": (
        checks.whole(1, _LONGEST_READ),
        f"must be a number of seconds, from 1 to {_LONGEST_READ}.",
    ),
    "DRAIN_SECONDS": (
        checks.whole(0, _LONGEST_DRAIN),
        f"must be a number of seconds, from 0 to {_LONGEST_DRAIN}.",
    ),
    "METRICS_TOKEN": (
        lambda value: value is None or _token(value),
        f"must be a text of at least {_SHORTEST_TOKEN} printable ASCII characters.",
    ),
    "MAIL_WORKER": (lambda value: value in ("thread", "none"), 'must be "thread" or "none".'),
}
