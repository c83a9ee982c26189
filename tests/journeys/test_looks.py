"""As people have set their screens: without motion, in the colors of the system."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import BrowserContext

from mfa.colors import contrast
from tests.journeys.test_contrast import PAINTED, TEXT
from tests.journeys.visitor import Visitor
from tests.support.clock import Clock
from tests.support.expecting import expect
from tests.support.person import Person
from tests.support.smtp import Inbox
from tests.support.still import settle

pytestmark = pytest.mark.looks

FORCED = {"forced_colors": "active", "color_scheme": "dark"}

RECORD_MOTION = """
    window.motions = [];
    for (const kind of ["transitionrun", "animationstart"])
        addEventListener(kind, ({ target }) => motions.push(`${kind} ${target.className}`), true);
"""


@pytest.fixture
def motion() -> str:
    """Dialogs move, as for most people."""
    return "no-preference"


@pytest.fixture
def in_forced_colors(
    open_browser: Callable[..., BrowserContext], inbox: Inbox, clock: Clock, person: Person
) -> Visitor:
    return Visitor(open_browser(**FORCED), inbox, clock).arrive(person.sign_up())


def test_with_reduced_motion_nothing_moves(
    open_browser: Callable[..., BrowserContext], inbox: Inbox, clock: Clock
) -> None:
    mina = Visitor(open_browser(reduced_motion="reduce"), inbox, clock)
    mina.page.add_init_script(RECORD_MOTION)
    mina.sign_up()
    mina.activate()
    assert mina.page.evaluate("motions") == []


def test_with_reduced_motion_a_busy_button_does_not_turn(
    open_browser: Callable[..., BrowserContext], inbox: Inbox, clock: Clock, person: Person
) -> None:
    mina = Visitor(open_browser(reduced_motion="reduce"), inbox, clock).arrive(person.sign_up())
    mina.begin()
    mina.page.route("**/enroll/email/send", lambda _: None)
    mina.press("Send authentication number")
    expect(mina.page.locator("[aria-busy]")).to_be_visible()
    assert mina.page.evaluate("document.getAnimations().length") == 0


def test_in_forced_colors_an_app_reads_the_picture(in_forced_colors: Visitor) -> None:
    in_forced_colors.begin()
    in_forced_colors.verify_email()
    in_forced_colors.scan()
    in_forced_colors.enter_code()
    in_forced_colors.sees("Save your recovery codes")


def test_in_forced_colors_every_button_has_a_border_that_is_seen(in_forced_colors: Visitor) -> None:
    in_forced_colors.begin()
    settle(in_forced_colors.page)
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


def test_arrow_of_a_choice_stands_as_far_from_the_border_as_its_text(
    make_visitor: Callable[..., Visitor], person: Person
) -> None:
    mina = make_visitor().arrive(person.sign_up())
    mina.page.goto("/account/profile")
    settle(mina.page)
    picture = Image.open(io.BytesIO(mina.page.get_by_label("Language").screenshot())).convert("L")
    middle = picture.crop((4, picture.height // 4, picture.width - 4, picture.height * 3 // 4))
    painted = ImageChops.difference(middle, Image.new("L", middle.size, middle.getpixel((0, 0)))).getbbox()
    assert painted
    left, right = painted[0], middle.width - painted[2]
    assert abs(left - right) <= 3


@pytest.mark.parametrize("label", ["Name", "Language"])
def test_in_forced_colors_a_field_with_the_focus_is_outlined(in_forced_colors: Visitor, label: str) -> None:
    in_forced_colors.page.goto("/account/profile")
    field = in_forced_colors.page.get_by_label(label)
    field.focus()
    expect(field).to_have_css("outline-style", "solid")


def test_a_button_that_becomes_enabled_can_be_read_at_once(at_step: Callable[..., Visitor]) -> None:
    visitor = at_step("recovery")
    # The first frame after the press: nothing on its way from one color to the other.
    colors = visitor.page.get_by_role("button", name="Complete").evaluate(
        f"""(button) => {{
            document.querySelector("[type=checkbox]").click();
            return button.disabled || ({PAINTED})(button, "color");
        }}"""
    )
    assert contrast(*colors) >= TEXT
