"""Every screen of the gallery, looked at by axe: no violation of any kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from tests.journeys.visitor import PHONE, Visitor
from tests.shots import walk
from tests.support.clock import Clock
from tests.support.smtp import Inbox

# Both widths, both schemes, and the looks of people with little sight: what axe sees of the one does not
# depend on the other.
LOOKS: dict[str, dict[str, Any]] = {
    "desktop-light": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "phone-dark": {**PHONE, "color_scheme": "dark"},
    "phone-more-contrast": {**PHONE, "color_scheme": "light", "contrast": "more"},
    "desktop-forced-colors": {
        "viewport": {"width": 1280, "height": 800},
        "color_scheme": "dark",
        "forced_colors": "active",
    },
}


def rules(look: dict[str, Any]) -> dict[str, Any]:
    """What axe is asked beyond its habit: of WCAG 2.2 the size of targets. In forced colours, which are the
    reader's own, it can't tell what stands on what."""
    return {
        "target-size": {"enabled": True},
        "color-contrast": {"enabled": "forced_colors" not in look},
    }


class Examiner:
    """Takes no picture of a screen, but has axe look at it."""

    def __init__(self, look: dict[str, Any]) -> None:
        self.axe, self.options, self.screens = Axe(), {"rules": rules(look)}, 0
        self.found: list[tuple[str, str, str]] = []

    def take(self, page: Page, name: str) -> None:
        page.wait_for_load_state("networkidle")
        page.evaluate("Promise.all(document.getAnimations().map(animation => animation.finished))")
        self.screens += 1
        for violation in self.axe.run(page, options=self.options).response["violations"]:
            self.found += [(name, violation["id"], node["html"]) for node in violation["nodes"]]


@pytest.fixture
def open_quietly(browser: Browser, server: str) -> Iterator[Callable[..., BrowserContext]]:
    """Browsers in which axe may try what the Content-Security-Policy forbids: nobody hears their consoles."""
    contexts: list[BrowserContext] = []

    def open_one(**options: Any) -> BrowserContext:
        contexts.append(browser.new_context(base_url=server, reduced_motion="reduce", **options))
        return contexts[-1]

    yield open_one
    for context in contexts:
        context.close()


@pytest.mark.parametrize("options", LOOKS.values(), ids=LOOKS)
def test_axe_finds_nothing_on_any_screen(
    open_quietly: Callable[..., BrowserContext],
    inbox: Inbox,
    clock: Clock,
    app: Flask,
    options: dict[str, Any],
) -> None:
    examiner = Examiner(options)
    walk(Visitor(open_quietly(**options), inbox, clock), examiner, open_quietly(**options), app)
    assert examiner.found == []
    assert examiner.screens > 40
