"""Which color is read on which. WCAG 2.2, section 1.4."""

from __future__ import annotations

import re

WHITE, BLACK = "#ffffff", "#000000"

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_SEEN_ON_WHITE = 3  # to one: what an edge of a control needs


def is_color(value: object) -> bool:
    """Return True if *value* is a color as #rrggbb."""
    return isinstance(value, str) and _COLOR.fullmatch(value) is not None


def contrast(one: str, other: str) -> float:
    """Return how well a color is seen on another, from 1 (not at all) to 21 (black on white)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def text_on(color: str) -> str:
    """Return white or black, the one that is read better on *color*; it is never under 4.5 to one."""
    return max(WHITE, BLACK, key=lambda text: contrast(text, color))


def edge_of(color: str) -> str:
    """Return the edge of an area of *color* on white: the color itself where it is seen."""
    return color if contrast(color, WHITE) >= _SEEN_ON_WHITE else text_on(color)


def _luminance(color: str) -> float:
    red, green, blue = (_linear(int(color[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
