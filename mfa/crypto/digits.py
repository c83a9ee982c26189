"""Six-digit codes as people type and paste them."""

from __future__ import annotations

import re

from mfa.typed import without_separators

LENGTH = 6
_MOST_TYPED = 256
"""Characters that a code may have with all that stands between and around its digits."""
_SIX_DIGITS = re.compile(r"[0-9]{6}")


def normalize(typed: str) -> str | None:
    """The six ASCII digits of *typed* without what stands between them, or None if it is anything else.

    Digits of other scripts are refused: ``str.isdigit`` would take them.
    """
    digits = _compact(typed)
    return digits if _SIX_DIGITS.fullmatch(digits) else None


def are_of_another_kind(typed: str) -> bool:
    """Return whether *typed* is six digits, but not all of them 0 to 9: full-width, or of another script."""
    digits = _compact(typed)
    return len(digits) == LENGTH and digits.isdecimal() and not digits.isascii()


def _compact(typed: str) -> str:
    return without_separators(typed) if len(typed) <= _MOST_TYPED else ""
