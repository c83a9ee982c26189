"""Fields as they are filled in: typed, pasted, and six digits that go off by themselves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator

from tests.journeys.visitor import PASSWORD, Visitor
from tests.support.expecting import expect
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


def stop_the_time(mina: Visitor) -> None:
    """Let the page's own time stand still from now on, but for what a test lets pass."""
    mina.page.clock.install()
    # Time goes on until it stands still, on a busy machine for seconds; this only goes forward.
    mina.page.clock.pause_at(mina.page.evaluate("Date.now() / 1000 + 600"))


def posts(mina: Visitor) -> list[str]:
    """The addresses that are posted to from now on."""
    seen: list[str] = []
    mina.page.on("request", lambda asked: seen.append(asked.url) if asked.method == "POST" else None)
    return seen


def wrong(digits: str) -> str:
    return f"{(int(digits) + 1) % 1_000_000:06}"


# Six digits go off by themselves


def test_the_number_goes_off_at_its_sixth_digit(visitor: Visitor) -> None:
    number = reach_number(visitor)
    number_field(visitor).press_sequentially(number)
    visitor.sees("Scan the QR code")


def test_the_code_goes_off_at_its_sixth_digit(at_step: Callable[..., Visitor]) -> None:
    visitor = at_step("code")
    visitor.page.get_by_label("Authentication code").press_sequentially(
        visitor.app.code(visitor.clock.seconds)
    )
    visitor.sees("Save your recovery codes")


def test_the_code_at_sign_in_goes_off_at_its_sixth_digit(protected_visitor: Visitor) -> None:
    reach_verify(protected_visitor)
    protected_visitor.page.get_by_label("Authentication code").press_sequentially(
        protected_visitor.next_code()
    )
    protected_visitor.is_in()


@pytest.mark.parametrize("between", [" ", "-", ""])
def test_a_number_pasted_with_what_stands_between_goes_off(visitor: Visitor, between: str) -> None:
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    number = reach_number(visitor)
    visitor.page.evaluate("text => navigator.clipboard.writeText(text)", f"{number[:3]}{between}{number[3:]}")
    number_field(visitor).press("Control+V")
    visitor.sees("Scan the QR code")


def test_five_digits_do_not_go_off(visitor: Visitor) -> None:
    visitor.page.clock.install()
    number = reach_number(visitor)
    sent = posts(visitor)
    number_field(visitor).press_sequentially(number[:5])
    visitor.page.clock.run_for(5_000)
    assert sent == []


def test_a_press_right_after_the_sixth_digit_is_the_only_one_that_counts(visitor: Visitor) -> None:
    number = reach_number(visitor)
    stop_the_time(visitor)
    sent = posts(visitor)
    number_field(visitor).press_sequentially(number)
    number_field(visitor).press("Enter")
    visitor.page.clock.run_for(5_000)
    visitor.sees("Scan the QR code")
    assert len(sent) == 1


def test_a_refused_number_is_selected_so_that_typing_replaces_it(visitor: Visitor) -> None:
    number = reach_number(visitor)
    number_field(visitor).press_sequentially(wrong(number))
    expect(number_field(visitor)).to_have_attribute("aria-invalid", "true")
    visitor.page.keyboard.type(number)
    visitor.sees("Scan the QR code")


def test_the_same_digits_do_not_go_off_twice(visitor: Visitor) -> None:
    visitor.page.clock.install()
    number = wrong(reach_number(visitor))
    number_field(visitor).fill(number)
    expect(number_field(visitor)).to_have_attribute("aria-invalid", "true")
    sent = posts(visitor)
    number_field(visitor).fill("")
    number_field(visitor).fill(number)
    visitor.page.clock.run_for(5_000)
    assert sent == []


def test_a_press_sends_the_same_digits_again(visitor: Visitor) -> None:
    number = wrong(reach_number(visitor))
    number_field(visitor).fill(number)
    expect(number_field(visitor)).to_have_attribute("aria-invalid", "true")
    with visitor.page.expect_response("**/enroll/email"):
        visitor.press("Next")


def test_nothing_goes_off_while_something_is_on_its_way(visitor: Visitor) -> None:
    number = reach_number(visitor)
    visitor.page.route("**/enroll/email", lambda _: None)
    sent = posts(visitor)
    visitor.press("Next")
    number_field(visitor).fill(number)
    visitor.page.wait_for_function("document.activeElement.value.length === 6")
    visitor.page.get_by_text("One moment…").wait_for(state="attached")
    assert len(sent) == 1


def test_the_press_that_was_meant_for_the_step_before_does_not_land_in_the_next(visitor: Visitor) -> None:
    number = reach_number(visitor)
    stop_the_time(visitor)
    number_field(visitor).fill(number)
    visitor.page.clock.run_for(450)
    visitor.sees("Scan the QR code")
    visitor.page.clock.run_for(100)
    button = visitor.page.get_by_role("button", name="Next", exact=True).bounding_box()
    assert button
    visitor.page.mouse.click(button["x"] + 5, button["y"] + 5)
    visitor.sees("Scan the QR code")
    expect(visitor.page.locator(".settling")).to_have_count(1)


def test_the_code_that_disables_waits_for_the_press(protected_visitor: Visitor) -> None:
    protected_visitor.page.clock.install()
    protected_visitor.press("Disable 2-Step Verification")
    protected_visitor.type("Password", PASSWORD)
    protected_visitor.press("Next")
    sent = posts(protected_visitor)
    protected_visitor.fill("Authentication code", protected_visitor.next_code())
    protected_visitor.page.clock.run_for(5_000)
    assert sent == []


def test_number_field_says_that_it_goes_off_and_brings_the_keys_for_digits(visitor: Visitor) -> None:
    """And the phone offers the code of a message for it; what was mailed has no seconds."""
    reach_number(visitor)
    expect(number_field(visitor)).to_have_accessible_description(HINT)
    expect(number_field(visitor)).to_have_attribute("inputmode", "numeric")
    expect(number_field(visitor)).to_have_attribute("autocomplete", "one-time-code")
    expect(visitor.page.get_by_role("timer")).to_have_count(0)


def test_a_refused_field_says_first_what_was_wrong(visitor: Visitor) -> None:
    number = reach_number(visitor)
    number_field(visitor).fill(wrong(number))
    expect(number_field(visitor)).to_have_attribute("aria-invalid", "true")
    number_field(visitor).blur()
    expect(number_field(visitor)).to_have_accessible_description(
        f"That is not the number in the newest mail. {HINT}"
    )


def test_without_javascript_the_field_says_nothing_of_the_kind(
    make_visitor: Callable[..., Visitor], person: Person
) -> None:
    mina = make_visitor("no-js").arrive(person.sign_up())
    reach_number(mina)
    expect(number_field(mina)).to_have_accessible_description("")
    expect(mina.page.get_by_text(HINT)).to_be_hidden()


# The seconds that are left

RECORD_SECONDS = """
    window.shown = [];
    new MutationObserver(() => {
        const text = document.querySelector("[data-window-text]")?.textContent.match(/[0-9]+/)?.[0];
        if (text && shown.at(-1) !== Number(text)) shown.push(Number(text));
    }).observe(document, { subtree: true, childList: true, characterData: true });
"""


def seconds_shown(mina: Visitor, *, until: int) -> list[int]:
    """Return the seconds that the page showed one after the other, as soon as *until* was among them."""
    mina.page.wait_for_function("second => shown.includes(second)", arg=until)
    shown: list[int] = mina.page.evaluate("shown")
    return shown


def test_the_seconds_left_are_those_of_the_server_s_clock(visitor: Visitor) -> None:
    visitor.page.clock.install(time="2001-02-03T04:05:06Z")
    visitor.page.evaluate(RECORD_SECONDS)
    reach_code(visitor)
    assert seconds_shown(visitor, until=20)[0] == 20


def test_the_seconds_left_count(visitor: Visitor) -> None:
    visitor.page.clock.install()
    visitor.page.evaluate(RECORD_SECONDS)
    reach_code(visitor)
    visitor.page.clock.run_for(15_000)
    shown = seconds_shown(visitor, until=5)
    # A busy machine may leave one out before the time is run.
    before = shown[: shown.index(5) + 1]
    assert before == sorted(set(before), reverse=True)
    assert before[0] == 20
    assert len(before) > 10


def test_after_the_last_second_the_next_window_begins(visitor: Visitor) -> None:
    visitor.page.clock.install()
    visitor.page.evaluate(RECORD_SECONDS)
    reach_code(visitor)
    visitor.page.clock.run_for(22_000)
    shown = seconds_shown(visitor, until=28)
    assert shown[shown.index(1) + 1 :][:3] == [30, 29, 28]


def test_sign_in_counts_the_seconds_too(protected_visitor: Visitor) -> None:
    reach_verify(protected_visitor)
    expect(protected_visitor.page.get_by_role("timer")).to_contain_text("New code in")


def test_the_seconds_are_not_read_out(at_step: Callable[..., Visitor]) -> None:
    visitor = at_step("code")
    expect(visitor.page.get_by_role("timer")).to_have_attribute("aria-live", "off")


def test_without_javascript_there_are_no_seconds(at_step: Callable[..., Visitor]) -> None:
    mina = at_step("code", "no-js")
    expect(mina.page.get_by_role("timer")).to_have_count(0)


# What the phone's keyboard is told

TABS = ["/account/profile", "/account/password", "/account/profile/email"]
CARDS = ["/sign-in", "/sign-up", "/forgot-password"]


def test_every_field_says_what_it_is_for_and_what_its_enter_key_does(visitor: Visitor) -> None:
    for url in (*TABS, *CARDS):
        if url == CARDS[0]:
            visitor.sign_out()
        visitor.page.goto(url)
        fields = visitor.page.locator("input:not([type=hidden], [hidden])")
        expect(fields.first).to_be_visible()
        told = fields.evaluate_all("all => all.map(field => field.autocomplete && field.enterKeyHint)")
        assert all(told), url


def test_a_password_can_be_pasted(visitor: Visitor) -> None:
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.page.goto("/account/password")
    visitor.page.evaluate("text => navigator.clipboard.writeText(text)", PASSWORD)
    field = visitor.page.get_by_label("Current password", exact=True)
    field.press("Control+V")
    expect(field).to_have_value(PASSWORD)
