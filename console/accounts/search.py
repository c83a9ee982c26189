"""By what an account is found and sorted in a list: its name and address, without regard to case."""

from __future__ import annotations

import unicodedata

from mfa.typed import without_marks

LONGEST_TEXT = 100
"""Characters of a search; what comes after them is ignored."""
ESCAPE = "\\"
"""The escape character of :func:`pattern`."""


def typed(text: str) -> str:
    """Return what somebody typed into a field that searches, as it is searched for."""
    return without_marks(text[: 4 * LONGEST_TEXT]).replace("\0", "").strip()[:LONGEST_TEXT]


def pattern(text: str) -> str:
    """Return the pattern for LIKE of keys that contain *text*, without regard to case."""
    folded = fold(text)
    for sign in ESCAPE, "%", "_":
        folded = folded.replace(sign, ESCAPE + sign)
    return f"%{folded}%"


def fold(text: str) -> str:
    """Return *text* without regard to case; bound its length before."""
    return unicodedata.normalize("NFC", text.casefold())


def key(name: str, email_key: str) -> str:
    """Return the ``search_key`` of an account. It is set with each change of name or address."""
    return f"{fold(name)}\n{email_key}"
