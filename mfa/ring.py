"""The keys that the extension's secrets are sealed, signed and derived with."""

from __future__ import annotations

from typing import cast

from flask import Flask

from mfa import at_work
from mfa.crypto.keys import KeyRing
from mfa.crypto.links import Signer

_RING = "mfa_ring"


def use(app: Flask, keys: KeyRing) -> None:
    """Let *app* seal, sign and derive with *keys*."""
    app.extensions[_RING] = keys


def ring() -> KeyRing:
    """Return the keys of the application at work."""
    return cast("KeyRing", at_work.app().extensions[_RING])


def signer(purpose: str, lifetime: int) -> Signer:
    """Return what makes and reads the tokens of *purpose*, which are good for *lifetime* seconds."""
    return Signer(ring(), purpose, lifetime)
