"""The recovery codes on paper: a page of their own, which prints itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.visitor import EMAIL, Visitor
from tests.support.person import Person

pytestmark = pytest.mark.looks


def reach_codes(mina: Visitor) -> list[str]:
    mina.begin()
    mina.verify_email()
    mina.scan()
    mina.enter_code()
    mina.sees("Save your recovery codes")
    return mina.texts("#recovery-codes li")


PRINTS = "window.print = () => { window.printed = true }"


def press_print(mina: Visitor) -> Page:
    """The page that the press opens. Its own printing would stop all else."""
    mina.context.add_init_script(PRINTS)
    with mina.context.expect_page() as opened:
        mina.press("Print")
    opened.value.wait_for_load_state()
    return opened.value


def test_the_page_prints_itself(visitor: Visitor) -> None:
    reach_codes(visitor)
    press_print(visitor).wait_for_function("window.printed")


def test_address_on_paper_is_clean(visitor: Visitor) -> None:
    """Browsers print it at the foot of each page."""
    reach_codes(visitor)
    page = press_print(visitor)
    page.wait_for_function("window.printed")
    assert page.url.endswith("/recovery-codes/print")


@pytest.mark.parametrize("way", ["desktop", "no-js", "no-htmx"])
def test_the_page_has_the_codes(make_visitor: Callable[..., Visitor], person: Person, way: str) -> None:
    mina = make_visitor(way).arrive(person.sign_up())
    codes = reach_codes(mina)
    assert press_print(mina).locator("li").all_inner_texts()[:10] == codes


def test_the_page_names_the_account(visitor: Visitor) -> None:
    reach_codes(visitor)
    expect(press_print(visitor).get_by_text(f"Account: {EMAIL}")).to_be_visible()


def test_the_wizard_stays_where_it_was(visitor: Visitor) -> None:
    reach_codes(visitor)
    press_print(visitor).close()
    visitor.tick("I have saved my recovery codes on my personal device")
    visitor.press("Complete")
    visitor.sees("2-step verification is on.")


def test_without_javascript_the_page_says_how_to_print_it(
    make_visitor: Callable[..., Visitor], person: Person
) -> None:
    mina = make_visitor("no-js").arrive(person.sign_up())
    reach_codes(mina)
    expect(press_print(mina).get_by_text("To print this page")).to_be_visible()


def test_on_paper_it_does_not_say_so(make_visitor: Callable[..., Visitor], person: Person) -> None:
    mina = make_visitor("no-js").arrive(person.sign_up())
    reach_codes(mina)
    page = press_print(mina)
    page.emulate_media(media="print")
    expect(page.get_by_text("To print this page")).to_be_hidden()


def test_it_takes_one_sheet_of_paper(visitor: Visitor) -> None:
    reach_codes(visitor)
    assert press_print(visitor).pdf(format="A4").count(b"/Type /Page\n") == 1
