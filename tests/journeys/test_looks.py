"""As people have set their screens: without motion, in the colours of the system, enlarged four times."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.visitor import Visitor
from tests.shots import walk
from tests.support.clock import Clock
from tests.support.smtp import Inbox

FORCED = {"forced_colors": "active", "color_scheme": "dark"}
ENLARGED = {"viewport": {"width": 320, "height": 256}}

RECORD_MOTION = """
    window.motions = [];
    for (const kind of ["transitionrun", "animationstart"])
        addEventListener(kind, ({ target }) => motions.push(`${kind} ${target.className}`), true);
"""

# What can't be brought whole into view, or is covered there by something else.
OUT_OF_REACH = """() => {
    const found = [];
    if (document.scrollingElement.scrollWidth > innerWidth) found.push("the page scrolls sideways");
    const modal = document.querySelector("dialog:modal");
    const root = modal ?? document;
    if (modal && modal.scrollWidth > modal.clientWidth) found.push("the modal scrolls sideways");
    for (const action of root.querySelectorAll("a, button, input:not([type=hidden]), summary")) {
        if (!action.checkVisibility()) continue;
        action.scrollIntoView({ block: "center", inline: "center" });
        const { left, right, top, width, height } = action.getBoundingClientRect();
        const hit = document.elementFromPoint(left + width / 2, top + height / 2);
        const met = hit && (action.contains(hit) || hit.contains(action));
        if (left < 0 || right > innerWidth || !met) found.push(action.outerHTML.slice(0, 100));
    }
    return found;
}"""


class Reacher:
    """Takes no picture of a screen, but tries to reach everything on it."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []
        self.screens = 0

    def take(self, page: Page, name: str) -> None:
        page.wait_for_load_state("networkidle")
        self.screens += 1
        self.found += [(name, what) for what in page.evaluate(OUT_OF_REACH)]


@pytest.fixture
def in_forced_colors(open_browser: Callable[..., BrowserContext], inbox: Inbox, clock: Clock) -> Visitor:
    mina = Visitor(open_browser(**FORCED), inbox, clock)
    mina.sign_up()
    return mina


def test_with_reduced_motion_nothing_moves(
    open_browser: Callable[..., BrowserContext], inbox: Inbox, clock: Clock
) -> None:
    mina = Visitor(open_browser(reduced_motion="reduce"), inbox, clock)
    mina.page.add_init_script(RECORD_MOTION)
    mina.sign_up()
    mina.activate()
    assert mina.page.evaluate("motions") == []


def test_with_reduced_motion_a_busy_button_does_not_turn(
    open_browser: Callable[..., BrowserContext], inbox: Inbox, clock: Clock
) -> None:
    mina = Visitor(open_browser(reduced_motion="reduce"), inbox, clock)
    mina.sign_up()
    mina.begin()
    mina.page.route("**/enroll/email/send", lambda _: None)
    mina.press("Send authentication number")
    expect(mina.page.locator("[aria-busy]")).to_be_visible()
    assert mina.page.evaluate("document.getAnimations().length") == 0


def test_enlarged_four_times_every_action_of_every_screen_is_reached(
    open_browser: Callable[..., BrowserContext], inbox: Inbox, clock: Clock, app: Flask
) -> None:
    reacher = Reacher()
    walk(Visitor(open_browser(**ENLARGED), inbox, clock), reacher, open_browser(**ENLARGED), app)
    assert reacher.found == []
    assert reacher.screens > 40


def test_in_forced_colors_an_app_reads_the_picture(in_forced_colors: Visitor) -> None:
    in_forced_colors.begin()
    in_forced_colors.verify_email()
    in_forced_colors.scan()
    in_forced_colors.enter_code()
    in_forced_colors.sees("Save your recovery codes")


def test_in_forced_colors_every_button_has_a_border_that_is_seen(in_forced_colors: Visitor) -> None:
    in_forced_colors.begin()
    bare = in_forced_colors.page.locator(".button:visible").evaluate_all(
        """all => all.filter(button => {
            const { borderTopWidth, borderTopColor, backgroundColor } = getComputedStyle(button);
            return borderTopWidth === "0px" || borderTopColor === backgroundColor;
        }).map(button => button.textContent)"""
    )
    assert bare == []


def test_in_forced_colors_the_current_tab_is_outlined(in_forced_colors: Visitor) -> None:
    in_forced_colors.open_two_step()
    current = in_forced_colors.page.locator(".tabs [aria-current=page]")
    expect(current).to_have_css("outline-style", "solid")


def test_in_forced_colors_a_field_with_the_focus_is_outlined(in_forced_colors: Visitor) -> None:
    in_forced_colors.page.goto("/account/profile")
    field = in_forced_colors.page.get_by_label("Name")
    field.focus()
    expect(field).to_have_css("outline-style", "solid")
