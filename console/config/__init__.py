"""Every setting once: its name, its default, and what makes it invalid.

Settings come from the environment with the prefix ``MFA_`` (``MFA_SECRET_KEY``), or from the mapping
given to ``create_app``, in Flask's own key names. A setting that can't work stops the start with one
sentence that names it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Config
from sqlalchemy import URL

from console.config import checks, engine, sources, webhooks
from console.config.defaults import DEFAULTS, FIXED, FROM_FILES, SWITCHES
from console.config.errors import BadSetting
from console.config.hosts import in_one_form, is_texts
from mfa import hosts
from mfa.crypto.keys import MASTER_KEY_BYTES

__all__ = ["DEFAULTS", "FROM_FILES", "BadSetting", "instance_path", "load"]

_FEWEST_WORKERS = 2
"""By default: so one serves while another that has died is replaced."""
_OF_THE_EXTENSION = (
    "REMEMBER_DAYS",
    "RECOVERY_DAYS",
    "RECOVERY_HASH_COST",
    "ACTIVITY_DAYS",
    "THROTTLE_DAYS",
    "PASSKEY_RP_ID",
    "PASSKEY_ORIGINS",
    "PASSKEY_SIGN_IN",
    "PASSKEY_AAGUIDS",
    "PASSKEY_ROOTS",
)
"""What the extension reads under the same name."""
_WORDS = dict.fromkeys(("true", "yes", "on", "1"), True) | dict.fromkeys(("false", "no", "off", "0"), False)


def instance_path(given: Mapping[str, Any], root: Path) -> Path:
    """The folder for what the installation keeps: ``MFA_INSTANCE_PATH``, or ``instance/``."""
    return Path(given.get("INSTANCE_PATH") or os.environ.get("MFA_INSTANCE_PATH") or root / "instance")


def load(config: Config, given: Mapping[str, Any], instance: Path) -> None:
    """Fill *config*: defaults, then the environment, then *given*; check all of it.

    :raises BadSetting: the first setting that can't work.
    """
    config.from_mapping(DEFAULTS)
    sources.refuse_misspelled(
        known={*config, *FIXED, "INSTANCE_PATH", *(f"{name}_FILE" for name in FROM_FILES)}
    )
    config.from_prefixed_env("MFA")
    config.from_mapping(sources.texts())
    config.from_mapping(sources.files())
    config.from_mapping(given)
    config.from_mapping(FIXED)
    for name in SWITCHES:
        config[name] = _WORDS.get(str(config[name]).lower(), config[name])

    if config["MODE"] not in ("production", "development"):
        raise BadSetting('MFA_MODE must be "production" or "development".')
    for name in ("SERVER_NAME", "TRUSTED_HOSTS", "MAIL_DOMAINS"):
        config[name] = in_one_form(name, config[name])
    if config["MODE"] == "development":
        _fill_development(config, instance)
    else:
        _check_production(config)
    _check(config)
    _derive(config, instance)


def cores() -> int:
    """Return how many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _fill_development(config: Config, instance: Path) -> None:
    config["SERVER_NAME"] = config["SERVER_NAME"] or "127.0.0.1:5000"
    config["PREFERRED_URL_SCHEME"] = config["PREFERRED_URL_SCHEME"] or "http"
    if not config["SECRET_KEY"]:
        config["SECRET_KEY"] = sources.development_key(instance)


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
    if not is_texts(config["SECRET_KEY_FALLBACKS"]):
        raise BadSetting("MFA_SECRET_KEY_FALLBACKS must be a JSON list of keys.")
    fallbacks = [("SECRET_KEY_FALLBACKS", key) for key in config["SECRET_KEY_FALLBACKS"]]
    for name, key in [("SECRET_KEY", config["SECRET_KEY"]), *fallbacks]:
        if not checks.is_key(key):
            raise BadSetting(
                f"MFA_{name} holds a key that is too weak: it needs at least {MASTER_KEY_BYTES} random"
                " characters."
            )
    for name, (good, sentence) in checks.CHECKS.items():
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
    if config["WEBHOOK_URL"]:
        _check_webhooks(config)
    if config["MAIL_USE_TLS"] and config["MAIL_USE_SSL"]:
        raise BadSetting(
            "MFA_MAIL_USE_TLS and MFA_MAIL_USE_SSL can't both be set: set the first for STARTTLS (port"
            " 587), the second for TLS from the start (port 465)."
        )


def _check_webhooks(config: Config) -> None:
    if not webhooks.is_address(config["WEBHOOK_URL"], in_development=config["MODE"] == "development"):
        raise BadSetting(f"MFA_WEBHOOK_URL {webhooks.URL}")
    if not config["WEBHOOK_SECRET"]:
        raise BadSetting(
            "MFA_WEBHOOK_SECRET is not set, which MFA_WEBHOOK_URL needs: give it what `python3 -c"
            " \"import base64, os; print('whsec_' + base64.b64encode(os.urandom(32)).decode())\"` prints."
        )


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
    config["MFA_COOKIE_PREFIX"] = f"{prefix}twostep"
    config["MFA_PRODUCT_NAME"] = config["PRODUCT_NAME"]
    config["MFA_SUPPORT_ADDRESS"] = config["SUPPORT_ADDRESS"]
    config["MFA_ACCENT_COLOR"] = config["ACCENT_COLOR"]
    config["MFA_KEYS"] = [config["SECRET_KEY"], *config["SECRET_KEY_FALLBACKS"]]
    config["MFA_MAIL_WORKER"] = "none"  # the console's own does more: see console.housekeeping
    for name in _OF_THE_EXTENSION:
        config[f"MFA_{name}"] = config[name]
    # More serve no more: see "Processes and threads" in docs/performance.md. One alone has nobody beside it.
    config["WORKERS"] = config["WORKERS"] or max(_FEWEST_WORKERS, cores())
    # Of the threads that serve, one is left for pages: the others hash, or wait to.
    most = max(1, config["THREADS"] - 1)
    config["MFA_HASHES_AT_ONCE"] = config["HASHES_AT_ONCE"] or min(most, -(-cores() // config["WORKERS"]))
    config["MFA_HASHES_WAITING"] = max(0, most - config["MFA_HASHES_AT_ONCE"])
    for name in ("STORAGE_URI", "REFUSED", "MAILS"):
        config[f"MFA_LIMIT_{name}"] = config[f"RATELIMIT_{name}"]
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
    config["SQLALCHEMY_ENGINE_OPTIONS"] = {**config["SQLALCHEMY_ENGINE_OPTIONS"], **engine.options(config)}
