"""QR codes as small inline SVG: the whole matrix drawn as one path of horizontal runs."""

from __future__ import annotations

from itertools import groupby
from xml.sax.saxutils import quoteattr

from qrcode.constants import ERROR_CORRECT_L, ERROR_CORRECT_M
from qrcode.main import QRCode

_QUIET_ZONE = 4
"""Modules of white around the symbol (ISO/IEC 18004 §9.1)."""
_MASK = 2
"""One fixed mask: decoders take any, and trying all eight is most of the work."""


_LONG = 106
"""Characters that version 6 holds at level M. Above that, less correction keeps the modules large."""


def svg(text: str, *, label: str) -> str:
    """An ``<svg role="img">`` of *text* at error correction M, or L where it is long, named *label*."""
    level = ERROR_CORRECT_M if len(text) <= _LONG else ERROR_CORRECT_L
    code = QRCode(error_correction=level, border=0, mask_pattern=_MASK)
    code.add_data(text)
    matrix = code.get_matrix()
    size = len(matrix) + 2 * _QUIET_ZONE
    # The upper left of the symbol is the origin: short numbers. Strokes run through the middle of their row.
    quiet = f"-{_QUIET_ZONE} -{_QUIET_ZONE}.5"
    return (
        f'<svg class="qr" role="img" aria-label={quoteattr(label)} viewBox="{quiet} {size} {size}">'
        f'<path fill="#fff" d="M{quiet}h{size}v{size}h-{size}z"/>'
        f'<path stroke="#000" d="{_path(matrix)}"/></svg>'
    )


def _path(matrix: list[list[bool]]) -> str:
    """Each row as strokes of one module's height, moving from run to run."""
    parts = []
    for y, row in enumerate(matrix):
        pen, x = None, 0
        for dark, run in groupby(row):
            length = len(list(run))
            if dark:
                parts.append(f"M{x} {y}h{length}" if pen is None else f"m{x - pen} 0h{length}")
                pen = x + length
            x += length
    return "".join(parts)
