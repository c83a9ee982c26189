"""What the query of an address says."""

from __future__ import annotations

from flask import request

from mfa.columns import LARGEST_ID


def row_id(name: str) -> int | None:
    """Return the id of a row that the address of this request gives as *name*; None if that is no id."""
    text = request.args.get(name, "")
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(LARGEST_ID))
    found = int(text) if is_number else 0
    return found if 0 < found <= LARGEST_ID else None
