"""Six-digit codes as people type and paste them."""

from __future__ import annotations

import re

LENGTH = 6
_SEPARATORS = re.compile(r"[\s\-]")
_SIX_DIGITS = re.compile(r"[0-9]{6}")


def normalise(typed: str) -> str | None:
    """The six ASCII digits of *typed* without spaces and hyphens, or None if it is anything else.

    Digits of other scripts are refused: ``str.isdigit`` would take them.
    """
    digits = _SEPARATORS.sub("", typed)
    return digits if _SIX_DIGITS.fullmatch(digits) else None
