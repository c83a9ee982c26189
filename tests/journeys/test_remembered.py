"""A browser that is remembered, in a real one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator

from tests.journeys.visitor import Visitor
from tests.shots import settle
from tests.support.expecting import expect
from tests.support.person import Person

pytestmark = pytest.mark.looks

WAYS = ["desktop", "phone", "no-js", "no-htmx", "korean", "korean-phone"]


def box(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("checkbox", name=visitor.box, exact=True)


def count(visitor: Visitor, browsers: int) -> Locator:
    one, many = (
        "%(num)s browser does not ask for your second step.",
        "%(num)s browsers do not ask for your second step.",
    )
    text = visitor.catalog.ngettext(one, many, browsers) % {"num": browsers}
    return visitor.page.get_by_text(text, exact=True)


def has_no_barrier(visitor: Visitor) -> None:
    settle(visitor.page)
    if visitor.runs_script():
        found = Axe().run(visitor.page)
        assert found.violations_count == 0, found.generate_report()


def tick_and_enter(visitor: Visitor) -> None:
    visitor.sees("2-step verification")
    expect(box(visitor)).not_to_be_checked()
    has_no_barrier(visitor)
    box(visitor).check()
    visitor.enter("Authentication code", visitor.next_code(), "Verify")
    visitor.is_in()


@pytest.mark.parametrize("way", WAYS)
def test_remembered_and_forgotten(
    make_visitor: Callable[..., Visitor], make_person: Callable[..., Person], way: str
) -> None:
    mina = make_visitor(way)
    mina.arrive(make_person(languages=mina.language).sign_up().activate()).sign_out()
    mina.type_password()
    tick_and_enter(mina)
    mina.sign_out()
    mina.type_password()
    mina.is_in()

    mina.open_two_step()
    mina.sees("Remembered browsers")
    expect(count(mina, 1)).to_be_visible()
    expect(mina.page.get_by_text(mina.say("This browser"), exact=True)).to_be_visible()
    has_no_barrier(mina)
    mina.page.locator("li").get_by_role("button").filter(has_text=mina.say("Forget")).click()
    mina.reads("That browser is forgotten.")
    expect(count(mina, 1)).to_be_hidden()

    mina.sign_out()
    mina.type_password()
    tick_and_enter(mina)
    mina.open_two_step()
    mina.press("Forget all")
    mina.reads("Every browser is forgotten. Signing in takes both steps everywhere.")
    mina.sign_out()
    mina.type_password()
    mina.sees("2-step verification")


def test_the_code_has_the_focus_and_the_box_comes_before_it(protected_visitor: Visitor) -> None:
    """The code is submitted at its sixth digit: the box must come before it."""
    mina = protected_visitor
    mina.sign_out()
    mina.type_password()
    mina.sees("2-step verification")
    code = mina.page.get_by_role("textbox", name="Authentication code")
    expect(code).to_be_focused()
    mina.page.keyboard.press("Shift+Tab")
    expect(box(mina)).to_be_focused()
    mina.page.keyboard.press("Space")
    expect(box(mina)).to_be_checked()
    mina.page.keyboard.press("Tab")
    expect(code).to_be_focused()


def test_the_tick_stays_after_a_wrong_code(protected_visitor: Visitor) -> None:
    mina = protected_visitor
    mina.sign_out()
    mina.type_password()
    box(mina).check()
    mina.enter("Authentication code", "000000", "Verify")
    mina.is_refused()
    expect(box(mina)).to_be_checked()
    mina.enter("Authentication code", mina.next_code(), "Verify")
    mina.is_in()
    mina.sign_out()
    mina.type_password()
    mina.is_in()


def test_by_a_recovery_code(protected_visitor: Visitor) -> None:
    mina = protected_visitor
    mina.sign_out()
    mina.type_password()
    mina.follow("Use a recovery code instead")
    mina.fill("Recovery code", mina.recovery_codes[0])
    box(mina).check()
    mina.press("Verify")
    mina.is_in()
    mina.sign_out()
    mina.type_password()
    mina.is_in()
