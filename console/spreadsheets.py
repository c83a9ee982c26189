"""Cells of CSV files that a spreadsheet opens: none is computed as a formula (OWASP, CSV Injection)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""How a cell begins that Excel or LibreOffice may compute; in Japanese the full-width signs do the same.
Apostrophes before it keep it from that; they belong to the pattern so that one more can be put there, and
taken away again."""


def guarded(cell: str) -> str:
    """Return *cell* as no program takes it for a formula: with an apostrophe before it."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """Return the cell that :func:`guarded` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def lines(rows: Iterable[Iterable[str]]) -> str:
    """Return rows of a CSV file, with every cell :func:`guarded`."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(map(guarded, row) for row in rows)
    return text.getvalue()
