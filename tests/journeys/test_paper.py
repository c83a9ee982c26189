"""The recovery codes on paper: a page of their own, which prints itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.journeys.visitor import EMAIL, Visitor
from tests.support.expecting import expect

pytestmark = pytest.mark.looks


PRINTS = "window.print = () => { window.printed = true }"


def press_print(mina: Visitor) -> Page:
    """The page that the press opens. Its own printing would stop all else."""
    mina.context.add_init_script(PRINTS)
    with mina.context.expect_page() as opened:
        mina.press("Print")
    opened.value.wait_for_load_state()
    return opened.value


def test_the_page_prints_itself_and_has_a_clean_address(at_step: Callable[..., Visitor]) -> None:
    """Browsers print the address at the foot of each page."""
    page = press_print(at_step("recovery"))
    page.wait_for_function("window.printed")
    assert page.url.endswith("/recovery-codes/print")


@pytest.mark.parametrize("way", ["desktop", "no-js", "no-htmx"])
def test_the_page_has_the_codes(at_step: Callable[..., Visitor], way: str) -> None:
    mina = at_step("recovery", way)
    codes = mina.texts("#recovery-codes li")
    assert press_print(mina).locator("li").all_inner_texts()[:10] == codes


def test_the_page_names_the_account(at_step: Callable[..., Visitor]) -> None:
    expect(press_print(at_step("recovery")).get_by_text(f"Account: {EMAIL}")).to_be_visible()


def test_the_wizard_stays_where_it_was(at_step: Callable[..., Visitor]) -> None:
    visitor = at_step("recovery")
    press_print(visitor).close()
    visitor.tick("I have saved my recovery codes on my personal device")
    visitor.press("Complete")
    visitor.sees("2-step verification is on.")


def test_without_javascript_the_page_says_how_to_print_it_but_not_on_paper(
    at_step: Callable[..., Visitor],
) -> None:
    page = press_print(at_step("recovery", "no-js"))
    expect(page.get_by_text("To print this page")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_text("To print this page")).to_be_hidden()


def test_it_takes_one_sheet_of_paper(at_step: Callable[..., Visitor]) -> None:
    assert press_print(at_step("recovery")).pdf(format="A4").count(b"/Type /Page\n") == 1
