"""Whatever color a company gives, text keeps its contrast (WCAG 2.2, 1.4.3, 1.4.11): seen in the browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from mfa.colors import contrast
from tests.journeys.visitor import Visitor
from tests.support.clock import Clock
from tests.support.person import Person
from tests.support.smtp import Inbox
from tests.support.still import settle

pytestmark = pytest.mark.looks

ACCENTS = ["#ffff00", "#ffffff", "#000000", "#ff0000", "#00ff88"]
TEXT, TEXT_ENHANCED, SHAPE = 4.5, 7, 3

# Painted one over the other, as the browser does, and read as sRGB.
PAINTED = """(element, property) => {
    const context = document.createElement("canvas").getContext("2d");
    const paint = (color) => {
        context.fillStyle = color;
        context.fillRect(0, 0, 1, 1);
        const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
        return "#" + [red, green, blue].map(part => part.toString(16).padStart(2, "0")).join("");
    };
    const line = [];
    for (let one = element; one; one = one.parentElement) line.unshift(getComputedStyle(one));
    const ground = line.map(style => paint(style.backgroundColor)).at(-1);
    return [paint(line.at(-1)[property]), ground];
}"""


@pytest.fixture(params=ACCENTS)
def config(config: dict[str, Any], request: pytest.FixtureRequest) -> dict[str, Any]:
    return {**config, "ACCENT_COLOR": request.param}


class Meter:
    """Looks at a page in both schemes, with and without the wish for more contrast."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.too_low: dict[str, float] = {}
        self.measured = 0

    def see(self, *selectors: str, property_: str = "color", least: float = TEXT) -> None:
        for scheme in ("light", "dark"):
            for wish in ("no-preference", "more"):
                self.page.emulate_media(color_scheme=scheme, contrast=wish)
                settle(self.page)
                needed = TEXT_ENHANCED if (wish, least) == ("more", TEXT) else least
                for selector in selectors:
                    ratio = self._ratio(selector, property_)
                    self.measured += 1
                    if ratio < needed:
                        self.too_low[f"{selector}, {scheme}, {wish}"] = round(ratio, 2)

    def _ratio(self, selector: str, property_: str) -> float:
        return contrast(*self.page.locator(selector).first.evaluate(PAINTED, property_))


def test_text_keeps_its_contrast(
    open_browser: Callable[..., BrowserContext], inbox: Inbox, clock: Clock, person: Person
) -> None:
    mina = Visitor(open_browser(), inbox, clock)
    page, meter = mina.page, Meter(mina.page)
    page.goto("/sign-in")
    meter.see(".aside a", ".aside", ".button--primary")
    meter.see(".brand__mark", property_="fill", least=SHAPE)
    meter.see("input[name=email]", property_="borderColor", least=SHAPE)
    page.hover(".button--primary")
    meter.see(".button--primary")
    mina.arrive(person.sign_up())
    meter.see(".profile__initials", ".home__card p")
    mina.open_two_step()
    meter.see(".tabs__tab[aria-current=page]", ".tabs__tab:not([aria-current])")
    mina.press("Activate 2-Step Verification")
    mina.sees("Verify your email")
    meter.see(".note", ".progress__text")
    mina.verify_email()
    meter.see("summary")
    assert meter.measured == 4 * 13
    assert meter.too_low == {}
