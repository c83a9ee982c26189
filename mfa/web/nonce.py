"""The nonce of an answer: what its own scripts and htmx elements bear, and injected ones can't."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from flask import Flask, g

from mfa import at_work

_EXTENSION = "mfa.nonce"


def use(app: Flask, made: Callable[[], str]) -> None:
    """Take the nonces of *app* from *made*, for a host whose own Content-Security-Policy names one.

    :param made: returns the nonce of the answer at work; called once for each, and only if a page needs it.
    """
    app.extensions[_EXTENSION] = made


def nonce() -> str:
    """Return the nonce of this answer: the host's own, else 128 random bits."""
    kept = at_work.kept()
    found: str | None = kept.get("mfa_nonce")
    if found is None:
        made: Callable[[], str] = at_work.app().extensions.get(_EXTENSION, _random)
        found = kept.mfa_nonce = made()
    return found


def take(nonce: str) -> None:
    """Take *nonce* for this answer."""
    g.mfa_nonce = nonce


def _random() -> str:
    return secrets.token_urlsafe(16)
