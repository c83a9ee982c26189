"""When a page in Playwright's browser can be looked at."""

from __future__ import annotations

import io

from PIL import Image, ImageChops
from playwright.sync_api import Page

MOST_PICTURES = 20
FAINT = 32
MOST_FAINT_PIXELS = 50
"""A busy machine may draw the edge of a letter another way; no eye sees so little, of 255."""

_NOTHING_MOVES = """() => document.getAnimations().every(
    (one) => one.playState !== "running" || one.effect.getComputedTiming().endTime === Infinity
)"""
"""But for what never ends, like the sign of a busy button."""


def settle(page: Page) -> None:
    """Wait until the page is loaded and nothing moves; what it shows has been waited for by its heading.

    An address is there before the styles are, and a dialog that opens is half transparent.
    """
    page.wait_for_load_state()
    page.wait_for_function(_NOTHING_MOVES, polling=20)


def picture(page: Page) -> Image.Image:
    """What the page shows once two pictures in a row are one: the last frame may be on its way.

    The field that has the focus loses it first: forced colors show a blinking caret in it.
    """
    settle(page)
    before = b""
    for _ in range(MOST_PICTURES):
        page.evaluate("document.activeElement.blur()")
        now = page.screenshot(animations="disabled")
        if now == before:
            return Image.open(io.BytesIO(now)).convert("RGB")
        before = now
    raise AssertionError(f"{page.url} does not come to rest")


def differ(one: Image.Image, other: Image.Image) -> tuple[int, int, int, int] | None:
    """Where an eye can tell two pictures from each other: left, top, right, bottom, in pixels."""
    if one.size != other.size:
        return (0, 0, *other.size)
    shades = ImageChops.difference(one, other)
    clear = shades.point(lambda shade: 255 if shade > FAINT else 0).getbbox()
    untouched = shades.point(lambda shade: 255 if shade else 0).convert("L").histogram()[0]
    many = shades.width * shades.height - untouched > MOST_FAINT_PIXELS
    return clear or (shades.getbbox() if many else None)
