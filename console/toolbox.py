"""What the rules work with besides the database: keys, hashes, signers and the settings that bind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import Flask

from console.passwords.rules import Hasher
from mfa import at_work, ring
from mfa.attempts import hashing
from mfa.crypto.cost import Cost
from mfa.crypto.keys import KeyRing
from mfa.crypto.links import Signer
from mfa.lifetimes import CONFIRM_LINK_SECONDS, NUMBER_SECONDS

__all__ = [
    "CONFIRM_LINK_SECONDS",
    "EMAIL_CHANGE_LINK_SECONDS",
    "INVITATION_LINK_SECONDS",
    "NOTICE_SECONDS",
    "NUMBER_SECONDS",
    "RESET_LINK_SECONDS",
    "SIGN_UP_LINK_SECONDS",
    "UNDO_LINK_SECONDS",
    "Toolbox",
    "fill",
    "toolbox",
]

SIGN_UP_LINK_SECONDS = 3600
RESET_LINK_SECONDS = 1800
EMAIL_CHANGE_LINK_SECONDS = 3600
INVITATION_LINK_SECONDS = 7 * 24 * 3600
UNDO_LINK_SECONDS = 7 * 24 * 3600
NOTICE_SECONDS = 300


@dataclass(frozen=True)
class Toolbox:
    ring: KeyRing
    hasher: Hasher
    password_minimum: int
    product_name: str
    session_idle: int
    session_absolute: int
    deletion_days: int
    sign_up_links: Signer
    reset_links: Signer
    email_change_links: Signer
    undo_links: Signer
    invitation_links: Signer
    notices: Signer


def fill(app: Flask) -> Toolbox:
    """Make the application's toolbox from its configuration."""
    config = app.config
    keys = KeyRing([key.encode() for key in [config["SECRET_KEY"], *config["SECRET_KEY_FALLBACKS"]]])
    box = Toolbox(
        ring=keys,
        hasher=Hasher(Cost.parse(config["PASSWORD_HASH_COST"]), hashing.line),
        password_minimum=config["PASSWORD_MIN_LENGTH"],
        product_name=config["PRODUCT_NAME"],
        session_idle=config["SESSION_IDLE_SECONDS"],
        session_absolute=config["SESSION_ABSOLUTE_SECONDS"],
        deletion_days=config["DELETION_DAYS"],
        sign_up_links=Signer(keys, "sign-up", SIGN_UP_LINK_SECONDS),
        reset_links=Signer(keys, "reset-password", RESET_LINK_SECONDS),
        email_change_links=Signer(keys, "email-change", EMAIL_CHANGE_LINK_SECONDS),
        undo_links=Signer(keys, "email-change-undo", UNDO_LINK_SECONDS),
        invitation_links=Signer(keys, "invitation", INVITATION_LINK_SECONDS),
        notices=Signer(keys, "notice", NOTICE_SECONDS),
    )
    app.extensions["twostep"] = box
    ring.use(app, keys)
    return box


def toolbox() -> Toolbox:
    """The toolbox of the application at work."""
    return cast("Toolbox", at_work.app().extensions["twostep"])
