"""QR codes as small inline SVG: the whole matrix drawn as one path of horizontal runs."""

from __future__ import annotations

from itertools import groupby
from xml.sax.saxutils import quoteattr

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

_QUIET_ZONE = 4
"""Modules of white around the symbol (ISO/IEC 18004 §9.1)."""
_MASK = 2
"""One fixed mask: decoders take any, and trying all eight is most of the work."""


def svg(text: str, *, label: str) -> str:
    """An ``<svg role="img">`` of *text* at error correction M, named *label*."""
    code = QRCode(error_correction=ERROR_CORRECT_M, border=0, mask_pattern=_MASK)
    code.add_data(text)
    matrix = code.get_matrix()
    size = len(matrix) + 2 * _QUIET_ZONE
    return (
        f'<svg class="qr" role="img" aria-label={quoteattr(label)} viewBox="0 0 {size} {size}" '
        f'xmlns="http://www.w3.org/2000/svg" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/>'
        f'<path stroke="#000" d="{_path(matrix)}"/></svg>'
    )


def _path(matrix: list[list[bool]]) -> str:
    """Each row as strokes of one module's height, moving from run to run."""
    parts = []
    for y, row in enumerate(matrix, start=_QUIET_ZONE):
        pen, x = None, _QUIET_ZONE
        for dark, run in groupby(row):
            length = len(list(run))
            if dark:
                parts.append(f"M{x} {y}.5h{length}" if pen is None else f"m{x - pen} 0h{length}")
                pen = x + length
            x += length
    return "".join(parts)
