"""Where the focus is after a swap, and what is said of it to who does not see it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator

from tests.journeys.visitor import ASKS_EVERY, EMAIL, Visitor
from tests.support.expecting import expect

pytestmark = pytest.mark.looks


@pytest.fixture
def motion() -> str:
    """Dialogs move, as for most people."""
    return "no-preference"


def heading(mina: Visitor, name: str) -> Locator:
    return mina.page.get_by_role("heading", name=name, exact=True)


def test_the_modal_opens_at_the_heading_of_its_tab(visitor: Visitor) -> None:
    visitor.press("Account management")
    expect(heading(visitor, "Profile")).to_be_focused()


def test_the_focus_comes_with_the_content_and_takes_nobody_back_who_went_on(
    protected_visitor: Visitor,
) -> None:
    protected_visitor.follow("Profile")
    expect(heading(protected_visitor, "Profile")).to_be_focused()
    at_once = protected_visitor.page.evaluate_handle(
        """() => ({ focused: new Promise(done => new MutationObserver(() => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = () => done(document.activeElement.textContent);
            port2.postMessage("the next task");
        }).observe(document.getElementById("account"), { childList: true })) })"""
    )
    protected_visitor.follow("2-Step Verification")
    assert at_once.evaluate("({ focused }) => focused") == "2-step verification is on"


def enter_mailed_number(visitor: Visitor) -> None:
    visitor.enter(
        "Authentication number", visitor.letter("Your %(product)s authentication number").number, "Next"
    )


def test_each_step_begins_at_its_heading_or_in_its_only_field(visitor: Visitor) -> None:
    visitor.begin()
    expect(heading(visitor, "Verify your email")).to_be_focused()
    visitor.send_number()
    expect(visitor.page.get_by_label("Authentication number")).to_be_focused()
    enter_mailed_number(visitor)
    expect(heading(visitor, "Scan the QR code")).to_be_focused()
    visitor.scan()
    expect(visitor.page.get_by_label("Authentication code")).to_be_focused()
    visitor.enter_code()
    expect(heading(visitor, "Save your recovery codes")).to_be_focused()
    visitor.save_codes()
    expect(heading(visitor, "2-step verification is on.")).to_be_focused()


def test_the_second_step_of_sign_in_begins_in_its_field(protected_visitor: Visitor) -> None:
    protected_visitor.sign_out()
    protected_visitor.type_password()
    expect(protected_visitor.page.get_by_label("Authentication code")).to_be_focused()


def group_of_focus(visitor: Visitor, name: str) -> Locator:
    """The group called *name* that holds what has the focus: a screen reader says it on the way in."""
    return visitor.page.get_by_role("group", name=name, exact=True).locator(":focus")


def test_field_of_step_stands_in_group_named_for_its_heading(visitor: Visitor) -> None:
    visitor.begin()
    visitor.send_number()
    expect(group_of_focus(visitor, "Verify your email")).to_be_visible()
    enter_mailed_number(visitor)
    visitor.scan()
    expect(group_of_focus(visitor, "Enter the code from your app")).to_be_visible()


def test_field_of_second_step_stands_in_group_named_for_its_heading(protected_visitor: Visitor) -> None:
    protected_visitor.sign_out()
    protected_visitor.type_password()
    expect(group_of_focus(protected_visitor, "2-step verification")).to_be_visible()
    protected_visitor.follow("Use a recovery code instead")
    expect(protected_visitor.page.get_by_label("Recovery code")).to_be_focused()
    expect(group_of_focus(protected_visitor, "2-step verification")).to_be_visible()


@pytest.mark.parametrize("url", ["/sign-in", "/sign-up", "/forgot-password"])
def test_card_begins_in_its_first_field(make_visitor: Callable[..., Visitor], url: str) -> None:
    page = make_visitor().page
    page.goto(url)
    expect(page.get_by_role("textbox", name="Email", exact=True)).to_be_focused()


def test_account_is_created_from_its_first_field_on(make_visitor: Callable[..., Visitor]) -> None:
    visitor = make_visitor()
    visitor.page.goto("/sign-up")
    visitor.fill("Email", EMAIL)
    visitor.press("Continue")
    visitor.sees("Check your inbox")
    visitor.page.goto(visitor.letter("Create your %(product)s account").link)
    expect(visitor.page.get_by_label("Name")).to_be_focused()


def test_a_refusal_takes_the_focus_to_its_field(visitor: Visitor) -> None:
    visitor.begin()
    visitor.send_number()
    visitor.press("Next")
    expect(visitor.page.get_by_label("Authentication number")).to_be_focused()


def test_of_two_refused_fields_the_first_has_the_focus(visitor: Visitor) -> None:
    visitor.page.goto("/account/password")
    visitor.press("Change password")
    expect(visitor.page.get_by_label("Current password", exact=True)).to_be_focused()


def test_a_code_that_was_not_ticked_off_is_refused_at_the_box(visitor: Visitor) -> None:
    visitor.begin()
    visitor.verify_email()
    visitor.scan()
    visitor.enter_code()
    visitor.sees("Save your recovery codes")
    visitor.page.locator("form:has([name=saved])").evaluate("form => form.requestSubmit()")
    box = visitor.page.get_by_label("I have saved my recovery codes on my personal device")
    expect(box).to_be_focused()
    box.blur()
    expect(box).to_have_accessible_description("Save the codes first, then tick this box.")


def test_closing_returns_the_focus_to_what_opened_the_modal(visitor: Visitor) -> None:
    visitor.press("Account management")
    visitor.sees("Profile")
    visitor.press("Close")
    expect(visitor.page.get_by_role("button", name="Account management")).to_be_focused()


def test_the_way_from_the_card_of_the_console_gets_the_focus_back(visitor: Visitor) -> None:
    way = visitor.page.get_by_role("link", name="Set it up")
    way.click()
    visitor.sees("2-step verification is off")
    visitor.page.keyboard.press("Escape")
    expect(way).to_be_focused()


def test_a_refused_sign_up_keeps_what_was_typed_and_selects_it(visitor: Visitor) -> None:
    visitor.sign_out()
    visitor.page.goto("/sign-up")
    visitor.fill("Email", "mina")
    visitor.press("Continue")
    field = visitor.page.get_by_role("textbox", name="Email", exact=True)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    visitor.page.keyboard.type(EMAIL)
    expect(field).to_have_value(EMAIL)


def test_a_poll_that_brings_nothing_new_leaves_the_focus_where_it_is(visitor: Visitor) -> None:
    visitor.page.clock.install()
    visitor.begin()
    visitor.send_number()
    field = visitor.page.get_by_label("Authentication number")
    field.focus()
    visitor.page.evaluate(
        """() => {
            window.polled = new Promise(
                done => document.addEventListener("htmx:finally:request", () => done(true), { once: true })
            );
        }"""
    )
    visitor.page.clock.run_for(ASKS_EVERY)
    assert visitor.page.evaluate("polled")
    expect(field).to_be_focused()


def test_after_closing_the_title_is_as_it_was_before(visitor: Visitor) -> None:
    visitor.page.evaluate("document.title = 'Hello · Park · Partners'")
    visitor.press("Account management")
    expect(heading(visitor, "Profile")).to_be_focused()
    visitor.press("Close")
    expect(visitor.page).to_have_title("Hello · Park · Partners")


def test_after_closing_what_came_open_the_title_is_the_whole_name_of_the_product(visitor: Visitor) -> None:
    visitor.page.goto("/account/profile")
    expect(heading(visitor, "Profile")).to_be_focused()
    visitor.page.evaluate("document.title = 'Profile · Park · Partners'")
    visitor.press("Close")
    expect(visitor.page).to_have_title("Park · Partners")
