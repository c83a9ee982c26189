"""Every setting once: its name, its default, and what makes it invalid.

Settings come from the environment with the prefix ``MFA_`` (``MFA_SECRET_KEY``), or from the mapping
given to ``create_app``, in Flask's own key names. A setting that can't work stops the start with one
sentence that names it.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import limits
import limits.errors
from email_validator import validate_email
from flask import Config
from limits.storage import storage_from_string
from sqlalchemy import URL, create_engine
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from werkzeug.datastructures import Authorization

from console import branding, private
from console.passwords import rules as passwords
from mfa import hosts
from mfa.crypto.cost import Cost
from mfa.crypto.keys import MASTER_KEY_BYTES

DEFAULTS: dict[str, Any] = {
    # How it runs
    "MODE": "production",  # or "development": keys, database and mailbox made by themselves
    "SECRET_KEY": None,  # at least 32 characters of randomness
    "SECRET_KEY_FALLBACKS": [],  # other keys that are read: older ones, and one to come
    "SERVER_NAME": None,  # host[:port] that the e-mailed links lead to
    "APPLICATION_ROOT": "/",  # the path below which the application stands, like /two-step
    "PREFERRED_URL_SCHEME": None,  # https; http in development
    "TRUSTED_HOSTS": None,  # hosts that requests may name; SERVER_NAME's in production
    "TRUSTED_PROXIES": 0,  # how many proxies stand before the server and set X-Forwarded-For and -Proto
    "SQLALCHEMY_DATABASE_URI": None,  # sqlite in the instance folder
    # The server of `make serve`
    "WORKERS": None,  # processes; twice the processor's cores
    "THREADS": 4,  # requests that each process has under way at once
    "DRAIN_SECONDS": 10,  # after SIGTERM, for balancers to see /readyz at 503 before the port closes
    # The token that opens /metrics; without it, nobody can read them
    "METRICS_TOKEN": None,
    # Mail
    "MAIL_SERVER": None,
    "MAIL_PORT": 25,
    "MAIL_USE_TLS": False,
    "MAIL_USE_SSL": False,
    "MAIL_USERNAME": None,
    "MAIL_PASSWORD": None,
    "MAIL_DEFAULT_SENDER": None,  # no-reply@ the host of SERVER_NAME
    "MAIL_TIMEOUT": 5,  # seconds
    "MAIL_DOMAINS": [],  # internal domains, like corp.local, whose addresses are accepted all the same
    "MAIL_WORKER": "thread",  # "thread" delivers inside the server, "none" leaves it to `mail deliver`
    # What is written down, and what is limited by address range
    "EVENT_LOG": "stderr",  # or "none", or a file in the instance folder
    "RATELIMIT_STORAGE_URI": "database://",  # or redis://…; with memory:// each process counts alone
    "RATELIMIT_REFUSED": "30 per minute; 300 per hour",  # refused passwords and codes of one range
    "RATELIMIT_MAILS": "20 per minute; 200 per hour",  # asked-for mails of one range
    # What people see
    "PRODUCT_NAME": "Twostep",
    "SUPPORT_ADDRESS": "",
    "ACCENT_COLOR": "#3552bc",  # #rrggbb; the tones for light, dark and more contrast are made from it
    "LOGO": None,  # path of an SVG, PNG or WebP file that stands in place of the shield
    # Passwords
    "PASSWORD_MIN_LENGTH": 15,  # characters
    "PASSWORD_HASH_COST": "t=3,m=65536,p=4",
    "RECOVERY_HASH_COST": "t=2,m=19456,p=1",
    # Sessions
    "SESSION_IDLE_SECONDS": 12 * 3600,
    "SESSION_ABSOLUTE_SECONDS": 30 * 24 * 3600,
}

TEXTS = (
    "SECRET_KEY",
    "SERVER_NAME",
    "APPLICATION_ROOT",
    "MAIL_SERVER",
    "MAIL_USERNAME",
    "MAIL_PASSWORD",
    "METRICS_TOKEN",
    "PRODUCT_NAME",
    "LOGO",
)
"""Taken from the environment as they stand: a password of digits must not become a number."""

SWITCHES = ("MAIL_USE_TLS", "MAIL_USE_SSL")
"""On or off; the environment may say so in any of the usual words."""
_WORDS = dict.fromkeys(("true", "yes", "on", "1"), True) | dict.fromkeys(("false", "no", "off", "0"), False)

FROM_FILES = (
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "MAIL_PASSWORD",
    "METRICS_TOKEN",
    "SQLALCHEMY_DATABASE_URI",
    "RATELIMIT_STORAGE_URI",
)
"""Secrets that may also be named by a file: ``MFA_SECRET_KEY_FILE`` holds the path."""

FIXED: dict[str, Any] = {
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    # A poll must not write the cookie: it would overwrite what another request has just put there.
    "SESSION_REFRESH_EACH_REQUEST": False,
    "MAX_CONTENT_LENGTH": 64 * 1024,
    "MAX_FORM_MEMORY_SIZE": 64 * 1024,
    "WTF_CSRF_TIME_LIMIT": None,
    # Pages reached by a token send no Referer; the guard looks at Sec-Fetch-Site instead.
    "WTF_CSRF_SSL_STRICT": False,
    "WTF_CSRF_ENABLED": True,
    "WTF_CSRF_CHECK_DEFAULT": True,
    "RATELIMIT_ENABLED": True,
    "SQLALCHEMY_TRACK_MODIFICATIONS": False,
    # An error of the database must not carry what was being written into a log.
    "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True},
    "RATELIMIT_STRATEGY": "moving-window",
    "RATELIMIT_HEADERS_ENABLED": False,
    # Without its store the ranges are counted by each process alone; codes are counted in the database.
    "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
    "RATELIMIT_SWALLOW_ERRORS": True,
    # A store that hangs is one that is away: nobody waits for it longer than this, in seconds.
    "RATELIMIT_STORAGE_OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
}

_CONNECT_SECONDS = 5
"""For how long a request waits for a database whose host says nothing; without it, minutes."""
_ROOT = re.compile(r"/|(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)+/?")
"""Characters that are spelled alike in addresses, headers and cookies."""


class BadSetting(ValueError):
    """A setting that is missing, weak or makes no sense; its text is one sentence for the operator."""


def instance_path(given: Mapping[str, Any], root: Path) -> Path:
    """The folder for what the installation keeps: ``MFA_INSTANCE_PATH``, or ``instance/``."""
    return Path(given.get("INSTANCE_PATH") or os.environ.get("MFA_INSTANCE_PATH") or root / "instance")


def load(config: Config, given: Mapping[str, Any], instance: Path) -> None:
    """Fill *config*: defaults, then the environment, then *given*; check all of it.

    :raises BadSetting: the first setting that can't work.
    """
    config.from_mapping(DEFAULTS)
    _refuse_misspelt(known={*config, *FIXED, "INSTANCE_PATH", *(f"{name}_FILE" for name in FROM_FILES)})
    config.from_prefixed_env("MFA")
    config.from_mapping({name: os.environ[f"MFA_{name}"] for name in TEXTS if f"MFA_{name}" in os.environ})
    config.from_mapping(_from_files())
    config.from_mapping(given)
    config.from_mapping(FIXED)
    for name in SWITCHES:
        config[name] = _WORDS.get(str(config[name]).lower(), config[name])

    if config["MODE"] not in ("production", "development"):
        raise BadSetting('MFA_MODE must be "production" or "development".')
    for name in ("SERVER_NAME", "TRUSTED_HOSTS", "MAIL_DOMAINS"):
        config[name] = _in_one_form(name, config[name])
    if config["MODE"] == "development":
        _fill_development(config, instance)
    else:
        _check_production(config)
    _check(config)
    _derive(config, instance)


def _refuse_misspelt(known: set[str]) -> None:
    # What resembles no setting may be there for another reason: Kubernetes names its services so.
    for variable in sorted(os.environ):
        name = variable.removeprefix("MFA_")
        if name == variable or name.partition("__")[0] in known:
            continue
        for meant in difflib.get_close_matches(name, sorted(known), n=1, cutoff=_RESEMBLANCE):
            raise BadSetting(f"{variable} is not a setting. Did you mean MFA_{meant}?")


def _fill_development(config: Config, instance: Path) -> None:
    config["SERVER_NAME"] = config["SERVER_NAME"] or "127.0.0.1:5000"
    config["PREFERRED_URL_SCHEME"] = config["PREFERRED_URL_SCHEME"] or "http"
    if not config["SECRET_KEY"]:
        config["SECRET_KEY"] = _development_key(instance)


def _check_production(config: Config) -> None:
    if not config["SECRET_KEY"]:
        raise BadSetting(
            "MFA_SECRET_KEY is not set: give it at least 32 random characters, for example from"
            ' `python3 -c "import secrets; print(secrets.token_hex(32))"`.'
        )
    if not config["SERVER_NAME"]:
        raise BadSetting("MFA_SERVER_NAME is not set: give the host that mailed links lead to.")
    if not config["MAIL_SERVER"]:
        raise BadSetting("MFA_MAIL_SERVER is not set: nobody can sign up without mail.")
    config["PREFERRED_URL_SCHEME"] = config["PREFERRED_URL_SCHEME"] or "https"
    host = hosts.parse(config["SERVER_NAME"])
    if host.is_ipv6:
        # Werkzeug finds no IPv6 address among TRUSTED_HOSTS.
        raise BadSetting(
            "MFA_SERVER_NAME is an IPv6 address, which only development serves: give a host name."
        )
    if config["TRUSTED_HOSTS"] is None:
        config["TRUSTED_HOSTS"] = [host.name]


def _check(config: Config) -> None:
    if not _texts(config["SECRET_KEY_FALLBACKS"]):
        raise BadSetting("MFA_SECRET_KEY_FALLBACKS must be a JSON list of keys.")
    fallbacks = [("SECRET_KEY_FALLBACKS", key) for key in config["SECRET_KEY_FALLBACKS"]]
    for name, key in [("SECRET_KEY", config["SECRET_KEY"]), *fallbacks]:
        if not isinstance(key, str) or len(key) < MASTER_KEY_BYTES or len(set(key)) < _DIFFERENT_CHARACTERS:
            raise BadSetting(
                f"MFA_{name} holds a key that is too weak: it needs at least {MASTER_KEY_BYTES} random"
                " characters."
            )
    for name, (good, sentence) in _CHECKS.items():
        if not good(config[name]):
            raise BadSetting(f"MFA_{name} {sentence}")
    trusted = config["TRUSTED_HOSTS"]
    own = hosts.name_of(config["SERVER_NAME"])
    if trusted and not any(own == one or (one[0] == "." and f".{own}".endswith(one)) for one in trusted):
        raise BadSetting(
            "MFA_TRUSTED_HOSTS must contain the host of MFA_SERVER_NAME, because mailed links lead there."
        )
    if config["MAIL_USERNAME"] and not config["MAIL_PASSWORD"]:
        raise BadSetting("MFA_MAIL_PASSWORD is not set, which MFA_MAIL_USERNAME needs.")
    if config["MAIL_USE_TLS"] and config["MAIL_USE_SSL"]:
        raise BadSetting(
            "MFA_MAIL_USE_TLS and MFA_MAIL_USE_SSL can't both be set: set the first for STARTTLS (port"
            " 587), the second for TLS from the start (port 465)."
        )


def _in_one_form(name: str, value: Any) -> Any:
    """Return the hosts that a setting names as browsers name them; other values are refused later."""
    if name == "SERVER_NAME":
        return _host(name, str(value), _WITH_PORT) if value else value
    if not _texts(value):
        return value
    if name == "TRUSTED_HOSTS":
        return [_trusted_host(text) for text in value]
    return [_host(name, text, "is a JSON list of mail domains, like corp.local.") for text in value]


def _host(name: str, text: str, sentence: str) -> str:
    try:
        found = hosts.parse(text)
    except ValueError as error:
        raise BadSetting(f"MFA_{name} {sentence}") from error
    if found.port is not None and sentence != _WITH_PORT:
        raise BadSetting(f"MFA_{name} {sentence}")
    return str(found)


def _trusted_host(text: str) -> str:
    try:
        found = hosts.parse(text.removeprefix("."))
    except ValueError as error:
        raise BadSetting(f"MFA_TRUSTED_HOSTS {_HOST_LIST}") from error
    if found.is_ipv6:
        raise BadSetting(f"MFA_TRUSTED_HOSTS {_HOST_LIST}")
    # Whatever the port, the host is the same.
    return ("." if text.startswith(".") else "") + found.name


def _derive(config: Config, instance: Path) -> None:
    secure = config["PREFERRED_URL_SCHEME"] == "https"
    config["SESSION_COOKIE_SECURE"] = secure
    root = config["APPLICATION_ROOT"] = config["APPLICATION_ROOT"].rstrip("/") or "/"
    # Below a path, other applications share the host: they don't get the cookies, and browsers take no
    # __Host- cookie with a path.
    prefix = "" if not secure else "__Host-" if root == "/" else "__Secure-"
    config["SESSION_COOKIE_NAME"] = f"{prefix}twostep-session"
    config["DEVICE_COOKIE_NAME"] = f"{prefix}twostep-device"
    config["NOTICE_COOKIE_NAME"] = f"{prefix}twostep-notice"
    config["POSTED_COOKIE_NAME"] = f"{prefix}twostep-posted"
    config["SESSION_COOKIE_PATH"] = root
    config["PERMANENT_SESSION_LIFETIME"] = timedelta(seconds=config["SESSION_ABSOLUTE_SECONDS"])
    host = hosts.parse(config["SERVER_NAME"])
    # An IP address stands in brackets in a mail address (RFC 5321 §4.1.3).
    domain = f"[{'IPv6:' * host.is_ipv6}{host.name}]" if host.is_address else host.name
    config["MAIL_DEFAULT_SENDER"] = config["MAIL_DEFAULT_SENDER"] or f"no-reply@{domain}"
    config["SQLALCHEMY_DATABASE_URI"] = (
        config["SQLALCHEMY_DATABASE_URI"]
        # The folder may have ?, # and % in its name.
        or URL.create("sqlite", database=str(instance / "twostep.db")).render_as_string()
    )
    address = str(config["SQLALCHEMY_DATABASE_URI"])
    if address.startswith("postgresql") and "connect_timeout" not in address:
        options = config["SQLALCHEMY_ENGINE_OPTIONS"]
        config["SQLALCHEMY_ENGINE_OPTIONS"] = {
            **options,
            "connect_args": {"connect_timeout": _CONNECT_SECONDS},
        }


def _from_files() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in FROM_FILES:
        path = os.environ.get(f"MFA_{name}_FILE")
        if path and os.environ.get(f"MFA_{name}"):
            raise BadSetting(f"MFA_{name} and MFA_{name}_FILE are both set: remove one of them.")
        if path:
            try:
                found[name] = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeError) as error:
                raise BadSetting(f"MFA_{name}_FILE names a file that can't be read.") from error
            if name == "SECRET_KEY_FALLBACKS":
                # A list, as in the environment; what is none is refused later.
                with suppress(ValueError):
                    found[name] = json.loads(found[name])
    return found


def _development_key(instance: Path) -> str:
    path = instance / "development.key"
    with suppress(FileExistsError):
        private.create(path, secrets.token_hex(32))
    private.make(path)
    return path.read_text().strip()


def _whole(least: int, most: int) -> Callable[[object], bool]:
    def good(value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

    return good


def _seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= _LONGEST_TIMEOUT


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


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


_DIFFERENT_CHARACTERS = 8
_RESEMBLANCE = 0.85
"""From 0 to 1: one letter too few or too many in six, or two in the wrong order, are still the same name."""
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
_LIFETIME = (_whole(60, _YEAR), "must be a number of seconds, from 60 to a year.")
_SWITCH = (lambda value: isinstance(value, bool), "must be true or false.")
_LIMITS = (_limits, "must be one or more limits of at least 1, like 30 per minute; 300 per hour.")
_HASH_COST = (
    _cost,
    "must be a cost of argon2id, like t=3,m=65536,p=4, of at most a gigabyte and some seconds.",
)
_WITH_PORT = (
    "must be the host that people open, like console.example or console.example:8443: no scheme, path or"
    " underscore, and a port from 1 to 65535."
)
_HOST_LIST = "must be a JSON list of host names, without scheme and path, and not of IPv6 addresses."
_CHECKS: dict[str, tuple[Callable[[Any], object], str]] = {
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
    "TRUSTED_HOSTS": (lambda value: value is None or (_texts(value) and value), _HOST_LIST),
    "MAIL_DOMAINS": (_texts, "must be a JSON list of mail domains, like corp.local."),
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
