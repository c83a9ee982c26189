"""Cells of CSV files that a spreadsheet opens: none is computed as a formula (OWASP, CSV Injection)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

_FORMULA = re.compile("(^|[;\t])('*)(?=[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20])")
"""Where Excel or LibreOffice may begin to compute; in Japanese the full-width signs do the same. A semicolon
divides cells where numbers are written with a comma, and LibreOffice offers to divide by tabs. Apostrophes
before the sign keep it from that; they belong to the pattern so that one more can be put there, and taken
away again."""


def guarded(cell: str) -> str:
    """Return *cell* as no program takes it for a formula: with an apostrophe where one would begin."""
    return _FORMULA.sub(r"\1'\2", cell)


def unguarded(cell: str) -> str:
    """Return the cell that :func:`guarded` was given."""
    return _FORMULA.sub(_with_one_less, cell)


def _with_one_less(found: re.Match[str]) -> str:
    return found[1] + found[2][1:]


def lines(rows: Iterable[Iterable[str]]) -> str:
    """Return rows of a CSV file, with every cell :func:`guarded`."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(map(guarded, row) for row in rows)
    return text.getvalue()
