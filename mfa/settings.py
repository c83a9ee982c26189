"""The settings of the extension, read once from the ``MFA_…`` keys of ``app.config``."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from flask import Flask

from mfa import at_work, checks, hosts
from mfa.crypto.cost import Cost
from mfa.errors import BadSetting
from mfa.logo import MUST, Logo

if TYPE_CHECKING:
    from mfa.crypto.attestation import Policy

_CHECKS = {
    "ACCENT_COLOR": checks.COLOR,
    "ACTIVITY_DAYS": checks.ACTIVITY_DAYS,
    "COOKIE_PREFIX": checks.COOKIE_NAME,
    "DATABASE_URI": checks.DATABASE,
    "HASHES_AT_ONCE": checks.PLACES,
    "HASHES_WAITING": checks.WAITING,
    "LIMIT_MAILS": checks.LIMITS,
    "LIMIT_REFUSED": checks.LIMITS,
    "LIMIT_STORAGE_URI": checks.STORAGE,
    "OWN_POOL": checks.SWITCH,
    "PASSKEY_AAGUIDS": checks.AAGUIDS,
    "PASSKEY_ORIGINS": checks.ORIGINS,
    "PASSKEY_RP_ID": checks.RP_ID,
    "PASSKEY_SIGN_IN": checks.SWITCH,
    "PRODUCT_NAME": checks.NAME,
    "RECOVERY_DAYS": checks.RECOVERY_DAYS,
    "RECOVERY_HASH_COST": checks.COST,
    "REMEMBER_DAYS": checks.REMEMBER_DAYS,
    "SERVER_NAME": checks.HOST,
    "SUPPORT_ADDRESS": checks.ADDRESS,
    "THROTTLE_DAYS": checks.THROTTLE_DAYS,
}
NAMES = (*_CHECKS, "KEYS", "LOGO", "MAIL_WORKER", "PASSKEY_ROOTS", "TRANSLATIONS")
"""Of all settings of the extension, without the prefix."""
_PREFIX = "MFA_"
_RESEMBLANCE = 0.85
"""From 0 to 1: one letter too few or too many in six, or two in the wrong order, are still the same name."""
_SETTINGS = "mfa_settings"


@dataclass(frozen=True)
class Settings:
    """What a host may set.

    :param product_name: the name of the host that pages, mails and authenticator apps show.
    :param support_address: whom people may ask, as they read it; empty if nobody.
    :param accent: the color of buttons, as #rrggbb.
    :param logo: the host's logo, for pages in no layout of the host; None without one.
    :param recovery_cost: what it costs to hash a recovery code.
    :param recovery_days: how long somebody has to wait who has lost everything; 0 if nobody gets back so.
    :param hashes_at_once: how many passwords and recovery codes one process hashes at a time.
    :param hashes_waiting: how many requests more may wait to.
    :param cookie_prefix: of the names of the extension's own cookies.
    :param limit_storage_uri: where attempts are counted by network: ``database://``, ``redis://…``, or
        ``memory://``, where each process counts alone.
    :param limit_refused: how many refused codes and passwords one network may have.
    :param limit_mails: how many mails one network may ask for.
    :param passkey_rp_id: the domain that passkeys are made for; empty for the host of the server's name.
    :param passkey_origins: where pages that use them may be, besides that of the server's name.
    :param passkey_sign_in: people may sign in by a passkey, without a password.
    :param passkey_policy: the kinds of authenticator that are allowed; None for all.
    :param activity_days: after how many days an event is deleted.
    :param remember_days: for how long the second step may be left out in a browser; 0 for never.
    :param throttle_days: after how many days without another attempt a counter is deleted, unless only a
        success ends it.
    """

    product_name: str
    support_address: str
    accent: str
    logo: Logo | None
    recovery_cost: Cost
    recovery_days: int
    hashes_at_once: int
    hashes_waiting: int
    cookie_prefix: str
    limit_storage_uri: str
    limit_refused: str
    limit_mails: str
    passkey_rp_id: str
    passkey_origins: tuple[str, ...]
    passkey_sign_in: bool
    passkey_policy: Policy | None
    activity_days: int
    remember_days: int
    throttle_days: int

    @classmethod
    def of(cls, app: Flask) -> Settings:
        """Return what the configuration of *app* says.

        :raises BadSetting: a setting that can't work.
        """
        config: Mapping[str, Any] = app.config
        _refuse_misspelled(config)
        product = config.get("MFA_PRODUCT_NAME") or app.name
        _check({**config, "MFA_PRODUCT_NAME": product})
        _check_folders(config.get("MFA_TRANSLATIONS"), app.root_path)
        return cls(
            product_name=product,
            support_address=config.get("MFA_SUPPORT_ADDRESS") or "",
            accent=config.get("MFA_ACCENT_COLOR") or "#3552bc",
            logo=_logo(config.get("MFA_LOGO"), app.root_path),
            recovery_cost=Cost.parse(config.get("MFA_RECOVERY_HASH_COST") or "t=2,m=19456,p=1"),
            recovery_days=config.get("MFA_RECOVERY_DAYS") or 0,
            hashes_at_once=config.get("MFA_HASHES_AT_ONCE") or 1,
            hashes_waiting=_or(config.get("MFA_HASHES_WAITING"), 2),
            cookie_prefix=config.get("MFA_COOKIE_PREFIX") or "two-step",
            limit_storage_uri=config.get("MFA_LIMIT_STORAGE_URI") or checks.OUR_STORAGE,
            limit_refused=config.get("MFA_LIMIT_REFUSED") or "30 per minute; 300 per hour",
            limit_mails=config.get("MFA_LIMIT_MAILS") or "20 per minute; 200 per hour",
            passkey_rp_id=_rp_id(config),
            passkey_origins=tuple(config.get("MFA_PASSKEY_ORIGINS") or ()),
            passkey_sign_in=_or(config.get("MFA_PASSKEY_SIGN_IN"), True),
            passkey_policy=_policy(config, app.root_path),
            activity_days=config.get("MFA_ACTIVITY_DAYS") or 365,
            remember_days=_or(config.get("MFA_REMEMBER_DAYS"), 30),
            throttle_days=config.get("MFA_THROTTLE_DAYS") or 1,
        )


def _or(value: Any, default: Any) -> Any:
    return default if value is None or value == "" else value


def meant(name: str, known: Collection[str]) -> str | None:
    """Return that of the *known* names of settings which *name* misspells; None if it resembles none."""
    return next(iter(difflib.get_close_matches(name, sorted(known), n=1, cutoff=_RESEMBLANCE)), None)


def _refuse_misspelled(config: Mapping[str, Any]) -> None:
    # What resembles no setting of ours may be one of another extension.
    for key in config:
        name = key.removeprefix(_PREFIX)
        if name == key or name in NAMES:
            continue
        ours = meant(name, NAMES)
        if ours:
            raise BadSetting(f"{key} is not a setting. Did you mean {_PREFIX}{ours}?")


def _check(config: Mapping[str, Any]) -> None:
    for name, (is_good, sentence) in _CHECKS.items():
        value = config.get(f"{_PREFIX}{name}")
        # None and an empty text are as if there were none.
        if value is not None and value != "" and not is_good(value):
            raise BadSetting(f"{_PREFIX}{name} {sentence}")


def _check_folders(named: object, root: str) -> None:
    folders = named if isinstance(named, list | tuple) else [named] if named else []
    if not all(isinstance(each, str | Path) and Path(root, each).is_dir() for each in folders):
        raise BadSetting("MFA_TRANSLATIONS must be a folder with catalogs, or a list of folders.")


def _rp_id(config: Mapping[str, Any]) -> str:
    named = config.get("MFA_PASSKEY_RP_ID")
    if not named:
        return ""
    domain = hosts.name_of(named)
    server = config.get("MFA_SERVER_NAME") or config.get("SERVER_NAME")
    if server and not config.get("MFA_PASSKEY_ORIGINS") and not _is_within(str(server), domain):
        raise BadSetting("MFA_PASSKEY_RP_ID must be the host of MFA_SERVER_NAME, or a domain above it.")
    return domain


def _is_within(server: str, domain: str) -> bool:
    try:
        return f".{hosts.name_of(server)}".endswith(f".{domain}")
    except ValueError:
        return False


def _policy(config: Mapping[str, Any], root: str) -> Policy | None:
    aaguids, folder = config.get("MFA_PASSKEY_AAGUIDS"), config.get("MFA_PASSKEY_ROOTS")
    if not aaguids:
        return None
    from mfa.crypto.attestation import Policy  # noqa: PLC0415 (few need it, and it reads certificates)

    try:
        return Policy.read(aaguids, Path(root, str(folder or "")))
    except (ValueError, OSError) as error:
        raise BadSetting("MFA_PASSKEY_ROOTS must be a folder with certificates in .pem files.") from error


def _logo(path: object, root: str) -> Logo | None:
    if not path:
        return None
    logo = Logo.read(Path(root, str(path)))
    if logo is None:
        raise BadSetting(f"MFA_LOGO {MUST}")
    return logo


def use(app: Flask, settings: Settings) -> None:
    """Let the extension in *app* work with *settings*."""
    app.extensions[_SETTINGS] = settings


def settings() -> Settings:
    """Return the settings of the application at work."""
    return cast("Settings", at_work.app().extensions[_SETTINGS])
