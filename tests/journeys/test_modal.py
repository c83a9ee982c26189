"""The account dialog: how it opens, closes and keeps its place, and what it does in the browser alone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Route

from tests.journeys.visitor import Visitor
from tests.support.authenticator import Authenticator
from tests.support.expecting import expect

pytestmark = pytest.mark.looks


@pytest.fixture
def motion() -> str:
    """Dialogs move, as for most people."""
    return "no-preference"


def test_the_modal_opens_without_a_page_load_and_follows_the_tabs(visitor: Visitor) -> None:
    visitor.page.evaluate("window.stayed = true")
    visitor.open_two_step()
    expect(visitor.page.get_by_role("dialog", name="Account Management")).to_be_visible()
    expect(visitor.page).to_have_url(re.compile("/account/two-step$"))
    current = visitor.page.get_by_role("link", name="2-Step Verification", exact=True)
    expect(current).to_have_attribute("aria-current", "page")
    visitor.press("Activate 2-Step Verification")
    visitor.verify_email()
    visitor.sees("Scan the QR code")
    assert visitor.page.evaluate("window.stayed")


def test_escape_closes_the_modal_and_the_focus_returns_to_its_opener(visitor: Visitor) -> None:
    visitor.open_two_step()
    visitor.page.keyboard.press("Escape")
    expect(visitor.page.get_by_role("dialog")).to_be_hidden()
    expect(visitor.page).to_have_url(re.compile(r"/$"))
    expect(visitor.page.get_by_role("button", name="Account management")).to_be_focused()


def test_an_answer_that_comes_after_closing_does_not_open_the_modal_again(visitor: Visitor) -> None:
    visitor.press("Account management")
    expect(visitor.page.get_by_role("dialog")).to_be_visible()

    def close_then_answer(route: Route) -> None:
        visitor.page.get_by_role("dialog").press("Escape")
        route.continue_()

    visitor.page.route("**/account/two-step", close_then_answer)
    with visitor.page.expect_response("**/account/two-step"):
        visitor.follow("2-Step Verification")
    expect(visitor.page.get_by_role("dialog")).to_be_hidden()
    expect(visitor.page).to_have_url(re.compile(r"/$"))


def test_back_leads_to_the_tab_before(visitor: Visitor) -> None:
    visitor.open_two_step()
    visitor.page.go_back()
    visitor.sees("Profile")
    visitor.page.go_back()
    expect(visitor.page.get_by_role("dialog")).to_be_hidden()


@pytest.mark.parametrize("reloaded", [False, True])
def test_after_escape_back_does_not_open_modal_again(visitor: Visitor, reloaded: bool) -> None:
    visitor.open_two_step()
    visitor.sees("2-step verification is off")
    if reloaded:
        visitor.page.reload()
        visitor.sees("2-step verification is off")
    visitor.page.keyboard.press("Escape")
    expect(visitor.page).to_have_url(re.compile(r"[0-9]/$"))
    visitor.page.go_back()
    expect(visitor.page).to_have_url("about:blank")
    visitor.page.go_forward()
    visitor.sees("Hello, %(name)s", name="Mina Park")
    expect(visitor.page.get_by_role("dialog")).to_be_hidden()


def test_dialog_opened_by_its_address_is_left_for_console(visitor: Visitor) -> None:
    page = visitor.context.new_page()
    page.goto("/account/two-step")
    page.get_by_role("link", name="Sessions").click()
    expect(page).to_have_url(re.compile("/account/sessions$"))
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("[0-9]/$"))
    page.go_back()
    expect(page).to_have_url("about:blank")


def test_after_escape_modal_opens_and_closes_again(visitor: Visitor) -> None:
    for _ in range(2):
        visitor.open_two_step()
        visitor.page.keyboard.press("Escape")
        expect(visitor.page).to_have_url(re.compile("[0-9]/$"))
        expect(visitor.page.get_by_role("button", name="Account management")).to_be_focused()


def test_begun_wizard_is_continued_by_primary_button(visitor: Visitor) -> None:
    visitor.begin()
    visitor.page.goto("/account/two-step")
    expect(visitor.page.locator("#account .button--primary")).to_have_text(["Continue at step 1 of 4"])


def test_reload_opens_the_modal_at_the_step_reached(visitor: Visitor) -> None:
    visitor.begin()
    visitor.verify_email()
    visitor.sees("Scan the QR code")
    visitor.page.reload()
    visitor.sees("Scan the QR code")
    expect(visitor.page.get_by_role("dialog", name="Account Management")).to_be_visible()


def test_closing_the_wizard_leaves_a_way_to_go_on_and_nothing_else(visitor: Visitor) -> None:
    visitor.begin()
    visitor.verify_email()
    visitor.sees("Scan the QR code")
    visitor.press("Close")
    visitor.open_two_step()
    visitor.sees("2-step verification is off")
    visitor.follow("Continue at step %(step)s of %(steps)s", step=2, steps=4)
    visitor.sees("Scan the QR code")


def test_a_click_beside_the_modal_does_not_throw_the_wizard_away(visitor: Visitor) -> None:
    visitor.begin()
    visitor.page.mouse.click(20, 400)
    visitor.sees("Verify your email")


def test_after_a_swap_the_focus_is_where_reading_goes_on(visitor: Visitor) -> None:
    visitor.begin()
    expect(visitor.page.get_by_role("heading", name="Verify your email")).to_be_focused()
    visitor.send_number()
    expect(visitor.page.get_by_label("Authentication number")).to_be_focused()
    visitor.press("Next")
    expect(visitor.page.get_by_label("Authentication number")).to_be_focused()
    visitor.reads("Enter the 6-digit number from the mail.")


def test_back_and_forward_between_the_steps(visitor: Visitor) -> None:
    visitor.begin()
    visitor.verify_email()
    visitor.scan()
    visitor.sees("Enter the code from your app")
    visitor.press("Back")
    visitor.sees("Scan the QR code")
    visitor.press("Back")
    visitor.reads("Your email is confirmed.")
    visitor.press("Next")
    visitor.sees("Scan the QR code")


def test_complete_is_disabled_until_the_box_is_ticked(at_step: Callable[..., Visitor]) -> None:
    visitor = at_step("recovery")
    complete = visitor.page.get_by_role("button", name="Complete")
    expect(complete).to_be_disabled()
    box = visitor.page.get_by_label("I have saved my recovery codes on my personal device")
    box.check()
    expect(complete).to_be_enabled()
    box.uncheck()
    expect(complete).to_be_disabled()


def test_the_codes_can_be_copied(at_step: Callable[..., Visitor]) -> None:
    visitor = at_step("recovery")
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.press("Copy to clipboard")
    visitor.reads("Copied.")
    assert visitor.clipboard().split("\n") == visitor.texts("#recovery-codes li")


def test_the_key_can_be_copied_and_gives_the_same_codes(at_step: Callable[..., Visitor]) -> None:
    visitor = at_step("scan")
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.page.get_by_text("Can't scan it?").click()
    visitor.press("Copy key")
    visitor.reads("Copied.")
    typed = Authenticator.with_key(visitor.clipboard())
    visitor.scan()
    assert typed.secret == visitor.app.secret
