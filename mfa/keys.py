"""The key ring of a host: made of its secret key, or of keys of the extension's own."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Flask

from mfa.crypto.keys import MASTER_KEY_BYTES, KeyRing
from mfa.errors import BadSetting


def make(app: Flask) -> KeyRing:
    """Return the keys that ``MFA_KEYS`` lists, the current first, or else ``SECRET_KEY`` and its fallbacks.

    What is sealed in the database needs them for good: a key that is taken away takes the second steps with
    it that were sealed with it (``flask two-step keys list``).

    :raises BadSetting: there is none, or one that is too weak.
    """
    own = app.config.get("MFA_KEYS")
    name = "MFA_KEYS" if own else "SECRET_KEY"
    given = own or [app.config.get("SECRET_KEY"), *(app.config.get("SECRET_KEY_FALLBACKS") or [])]
    if isinstance(given, str | bytes) or not all(given):
        raise BadSetting(
            "SECRET_KEY is not set: two-step derives the keys from it that seal what is in the database."
            if not own
            else "MFA_KEYS must be a list of keys, the current one first."
        )
    return KeyRing([_bytes(key, name, is_weak_allowed=app.debug or app.testing) for key in given])


def _bytes(key: Any, name: str, *, is_weak_allowed: bool) -> bytes:
    plain = key if isinstance(key, bytes) else str(key).encode()
    if len(plain) >= MASTER_KEY_BYTES:
        return plain
    if not is_weak_allowed:
        raise BadSetting(
            f"{name} is too short: two-step needs at least {MASTER_KEY_BYTES} random characters, for example"
            ' from `python3 -c "import secrets; print(secrets.token_hex(32))"`.'
            " Any will do with TESTING and with `flask run --debug` (app.run(debug=True) says it too late)."
        )
    return hashlib.sha256(b"two-step in development\0" + plain).digest()
