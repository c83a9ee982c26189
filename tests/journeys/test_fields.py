"""Fields as they are filled in: typed, pasted, and six digits that go off by themselves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.journeys.visitor import PASSWORD, Visitor
from tests.support.person import Person

pytestmark = pytest.mark.looks

HINT = "Checked as soon as the sixth digit is in."


def number_field(mina: Visitor) -> Locator:
    return mina.page.get_by_label("Authentication number")


def reach_number(mina: Visitor) -> str:
    """Go to the first step's field; the number that was mailed."""
    mina.begin()
    mina.send_number()
    return mina.inbox.wait_for("authentication number").number


def reach_code(mina: Visitor) -> None:
    mina.begin()
    mina.verify_email()
    mina.scan()
    mina.sees("Enter the code from your app")


def reach_verify(mina: Visitor) -> None:
    mina.sign_out()
    mina.type_password()
    mina.sees("2-step verification")


def posts(mina: Visitor) -> list[str]:
    """The addresses that are posted to from now on."""
    seen: list[str] = []
    mina.page.on("request", lambda asked: seen.append(asked.url) if asked.method == "POST" else None)
    return seen


def wrong(digits: str) -> str:
    return f"{(int(digits) + 1) % 1_000_000:06}"


# Six digits go off by themselves


def test_the_number_goes_off_at_its_sixth_digit(mina: Visitor) -> None:
    number = reach_number(mina)
    number_field(mina).press_sequentially(number)
    mina.sees("Scan the QR code")


def test_the_code_goes_off_at_its_sixth_digit(mina: Visitor) -> None:
    reach_code(mina)
    mina.page.get_by_label("Authentication code").press_sequentially(mina.app.code(mina.clock.seconds))
    mina.sees("Save your recovery codes")


def test_the_code_at_sign_in_goes_off_at_its_sixth_digit(protected: Visitor) -> None:
    reach_verify(protected)
    protected.page.get_by_label("Authentication code").press_sequentially(protected.next_code())
    protected.is_in()


@pytest.mark.parametrize("between", [" ", "-", ""])
def test_a_number_pasted_with_what_stands_between_goes_off(mina: Visitor, between: str) -> None:
    mina.context.grant_permissions(["clipboard-read", "clipboard-write"])
    number = reach_number(mina)
    mina.page.evaluate("text => navigator.clipboard.writeText(text)", f"{number[:3]}{between}{number[3:]}")
    number_field(mina).press("Control+V")
    mina.sees("Scan the QR code")


def test_five_digits_do_not_go_off(mina: Visitor) -> None:
    mina.page.clock.install()
    number = reach_number(mina)
    sent = posts(mina)
    number_field(mina).press_sequentially(number[:5])
    mina.page.clock.run_for(5_000)
    assert sent == []


def test_a_press_right_after_the_sixth_digit_is_the_only_one_that_counts(mina: Visitor) -> None:
    number = reach_number(mina)
    sent = posts(mina)
    number_field(mina).press_sequentially(number)
    number_field(mina).press("Enter")
    mina.sees("Scan the QR code")
    assert len(sent) == 1


def test_a_refused_number_is_selected_so_that_typing_replaces_it(mina: Visitor) -> None:
    number = reach_number(mina)
    number_field(mina).press_sequentially(wrong(number))
    expect(number_field(mina)).to_have_attribute("aria-invalid", "true")
    mina.page.keyboard.type(number)
    mina.sees("Scan the QR code")


def test_the_same_digits_do_not_go_off_twice(mina: Visitor) -> None:
    mina.page.clock.install()
    number = wrong(reach_number(mina))
    number_field(mina).fill(number)
    expect(number_field(mina)).to_have_attribute("aria-invalid", "true")
    sent = posts(mina)
    number_field(mina).fill("")
    number_field(mina).fill(number)
    mina.page.clock.run_for(5_000)
    assert sent == []


def test_a_press_sends_the_same_digits_again(mina: Visitor) -> None:
    number = wrong(reach_number(mina))
    number_field(mina).fill(number)
    expect(number_field(mina)).to_have_attribute("aria-invalid", "true")
    with mina.page.expect_response("**/enroll/email"):
        mina.press("Next")


def test_nothing_goes_off_while_something_is_on_its_way(mina: Visitor) -> None:
    number = reach_number(mina)
    mina.page.route("**/enroll/email", lambda _: None)
    sent = posts(mina)
    mina.press("Next")
    number_field(mina).fill(number)
    mina.page.wait_for_function("document.activeElement.value.length === 6")
    mina.page.get_by_text("One moment…").wait_for(state="attached")
    assert len(sent) == 1


def test_the_press_that_was_meant_for_the_step_before_does_not_land_in_the_next(mina: Visitor) -> None:
    number = reach_number(mina)
    mina.page.clock.install()
    number_field(mina).fill(number)
    mina.page.clock.pause_at(mina.page.evaluate("Date.now() / 1000 + 0.45"))
    mina.sees("Scan the QR code")
    mina.page.clock.run_for(100)
    button = mina.page.get_by_role("button", name="Next", exact=True).bounding_box()
    assert button
    mina.page.mouse.click(button["x"] + 5, button["y"] + 5)
    mina.sees("Scan the QR code")
    expect(mina.page.locator(".settling")).to_have_count(1)


def test_the_code_that_disables_waits_for_the_press(protected: Visitor) -> None:
    protected.page.clock.install()
    protected.press("Disable 2-Step Verification")
    protected.type("Password", PASSWORD)
    protected.press("Next")
    sent = posts(protected)
    protected.fill("Authentication code", protected.next_code())
    protected.page.clock.run_for(5_000)
    assert sent == []


def test_the_field_says_that_it_goes_off_by_itself(mina: Visitor) -> None:
    reach_number(mina)
    expect(number_field(mina)).to_have_accessible_description(HINT)


def test_a_refused_field_says_first_what_was_wrong(mina: Visitor) -> None:
    number = reach_number(mina)
    number_field(mina).fill(wrong(number))
    expect(number_field(mina)).to_have_accessible_description(
        f"That is not the number in the newest mail. {HINT}"
    )


def test_without_javascript_the_field_says_nothing_of_the_kind(
    visitor: Callable[..., Visitor], person: Person
) -> None:
    mina = visitor("no-js").arrive(person.sign_up())
    reach_number(mina)
    expect(number_field(mina)).to_have_accessible_description("")
    expect(mina.page.get_by_text(HINT)).to_be_hidden()


# The seconds that are left


def test_the_seconds_left_are_those_of_the_server_s_clock(mina: Visitor) -> None:
    mina.page.clock.install(time="2001-02-03T04:05:06Z")
    reach_code(mina)
    mina.reads("New code in 20 s")


def test_the_seconds_left_count(mina: Visitor) -> None:
    mina.page.clock.install()
    reach_code(mina)
    mina.page.clock.run_for(15_000)
    mina.reads("New code in 5 s")


def test_after_the_last_second_the_next_window_begins(mina: Visitor) -> None:
    mina.page.clock.install()
    reach_code(mina)
    mina.page.clock.run_for(22_000)
    mina.reads("New code in 28 s")


def test_sign_in_counts_the_seconds_too(protected: Visitor) -> None:
    reach_verify(protected)
    expect(protected.page.get_by_role("timer")).to_contain_text("New code in")


def test_the_seconds_are_not_read_out(mina: Visitor) -> None:
    reach_code(mina)
    expect(mina.page.get_by_role("timer")).to_have_attribute("aria-live", "off")


def test_the_mailed_number_has_no_seconds(mina: Visitor) -> None:
    reach_number(mina)
    expect(mina.page.get_by_role("timer")).to_have_count(0)


def test_without_javascript_there_are_no_seconds(visitor: Callable[..., Visitor], person: Person) -> None:
    mina = visitor("no-js").arrive(person.sign_up())
    reach_code(mina)
    expect(mina.page.get_by_role("timer")).to_have_count(0)


# What the phone's keyboard is told

PAGES = [
    "/sign-in",
    "/sign-up",
    "/forgot-password",
    "/account/profile",
    "/account/password",
    "/account/profile/email",
]


@pytest.mark.parametrize("url", PAGES)
def test_every_field_says_what_it_is_for_and_what_its_enter_key_does(mina: Visitor, url: str) -> None:
    if not url.startswith("/account"):
        mina.sign_out()
    mina.page.goto(url)
    fields = mina.page.locator("input:not([type=hidden])")
    expect(fields.first).to_be_visible()
    told = fields.evaluate_all("all => all.map(field => field.autocomplete && field.enterKeyHint)")
    assert all(told)


def test_six_digits_bring_the_keys_for_digits_and_the_code_of_a_message(mina: Visitor) -> None:
    reach_number(mina)
    expect(number_field(mina)).to_have_attribute("inputmode", "numeric")
    expect(number_field(mina)).to_have_attribute("autocomplete", "one-time-code")


def test_a_password_can_be_pasted(mina: Visitor) -> None:
    mina.context.grant_permissions(["clipboard-read", "clipboard-write"])
    mina.page.goto("/account/password")
    mina.page.evaluate("text => navigator.clipboard.writeText(text)", PASSWORD)
    field = mina.page.get_by_label("Current password", exact=True)
    field.press("Control+V")
    expect(field).to_have_value(PASSWORD)
