"""Six-digit codes as people type and paste them."""

from __future__ import annotations

import re

LENGTH = 6
SEPARATORS = re.compile(r"[\s\-\u00ad\u200b-\u200f\u2010-\u2015\u2060\u2212\ufeff]")
"""What stands between the groups of a code as it is typed and pasted: spaces, the hyphen, and what word
processors put in its place or beside it."""
_SIX_DIGITS = re.compile(r"[0-9]{6}")


def normalise(typed: str) -> str | None:
    """The six ASCII digits of *typed* without what stands between them, or None if it is anything else.

    Digits of other scripts are refused: ``str.isdigit`` would take them.
    """
    digits = SEPARATORS.sub("", typed)
    return digits if _SIX_DIGITS.fullmatch(digits) else None
