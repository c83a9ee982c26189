"""By what an account is found and sorted in a list: its name and address, without regard to case."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Return *text* without regard to case; bound its length before."""
    return unicodedata.normalize("NFC", text.casefold())


def key(name: str, email_key: str) -> str:
    """Return the ``search_key`` of an account. It is set with each change of name or address."""
    return f"{fold(name)}\n{email_key}"
