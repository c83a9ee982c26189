"""What the rules work with besides the database: keys, hashes, signers and the settings that bind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app

from console.passwords.rules import Hasher
from mfa import devices, ring
from mfa.crypto.cost import Cost
from mfa.crypto.keys import KeyRing
from mfa.crypto.links import Signer

SIGN_UP_LINK_SECONDS = 3600
RESET_LINK_SECONDS = 1800
NUMBER_SECONDS = 600
"""For how long an e-mailed number and its link are good (OWASP ASVS 5.0, 6.5.5)."""
EMAIL_CHANGE_LINK_SECONDS = 3600
UNDO_LINK_SECONDS = 7 * 24 * 3600
CONFIRM_LINK_SECONDS = 600
NOTICE_SECONDS = 300


@dataclass(frozen=True)
class Toolbox:
    ring: KeyRing
    hasher: Hasher
    recovery_cost: Cost
    password_minimum: int
    product_name: str
    session_idle: int
    session_absolute: int
    sign_up_links: Signer
    reset_links: Signer
    enrollment_links: Signer
    email_change_links: Signer
    undo_links: Signer
    confirm_links: Signer
    device_marks: Signer
    notices: Signer


def fill(app: Flask) -> Toolbox:
    """Make the application's toolbox from its configuration."""
    config = app.config
    keys = KeyRing([key.encode() for key in [config["SECRET_KEY"], *config["SECRET_KEY_FALLBACKS"]]])
    box = Toolbox(
        ring=keys,
        hasher=Hasher(Cost.parse(config["PASSWORD_HASH_COST"])),
        recovery_cost=Cost.parse(config["RECOVERY_HASH_COST"]),
        password_minimum=config["PASSWORD_MIN_LENGTH"],
        product_name=config["PRODUCT_NAME"],
        session_idle=config["SESSION_IDLE_SECONDS"],
        session_absolute=config["SESSION_ABSOLUTE_SECONDS"],
        sign_up_links=Signer(keys, "sign-up", SIGN_UP_LINK_SECONDS),
        reset_links=Signer(keys, "reset-password", RESET_LINK_SECONDS),
        enrollment_links=Signer(keys, "enrollment", NUMBER_SECONDS),
        email_change_links=Signer(keys, "email-change", EMAIL_CHANGE_LINK_SECONDS),
        undo_links=Signer(keys, "email-change-undo", UNDO_LINK_SECONDS),
        confirm_links=Signer(keys, "confirm-second-step", CONFIRM_LINK_SECONDS),
        device_marks=Signer(keys, "device", devices.LIFETIME),
        notices=Signer(keys, "notice", NOTICE_SECONDS),
    )
    app.extensions["twostep"] = box
    ring.use(app, keys)
    return box


def toolbox() -> Toolbox:
    """The toolbox of the application at work."""
    return cast("Toolbox", current_app.extensions["twostep"])
