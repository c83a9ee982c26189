"""What comes on the way in a real browser: forgotten passwords, other tabs and devices, bad lines."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journeys.visitor import ASKS_EVERY, EMAIL, PASSWORD, Visitor
from tests.support.clock import Clock
from tests.support.expecting import expect
from tests.support.person import Person
from tests.support.smtp import Inbox

pytestmark = pytest.mark.looks

# Every way


@pytest.mark.parametrize("way", ["desktop", "no-js", "no-htmx"])
def test_a_forgotten_password(make_visitor: Callable[..., Visitor], person: Person, way: str) -> None:
    mina = make_visitor(way).arrive(person.sign_up().activate())
    mina.sign_out()
    mina.follow("Forgot your password?")
    mina.type("Email", EMAIL)
    mina.press("Send reset link")
    mina.sees("Check your inbox")
    mina.page.goto(mina.inbox.wait_for("Set a new").link)
    mina.type("New password", "seven boats under glass")
    mina.press("Set new password")
    mina.sees("2-step verification")
    mina.enter("Authentication code", mina.next_code(), "Verify")
    mina.is_in()


@pytest.mark.parametrize("way", ["desktop", "no-js", "no-htmx"])
def test_disable_with_a_recovery_code(make_visitor: Callable[..., Visitor], person: Person, way: str) -> None:
    mina = make_visitor(way).arrive(person.sign_up().activate())
    mina.open_two_step()
    mina.press("Disable 2-Step Verification")
    mina.type("Password", PASSWORD)
    mina.press("Next")
    mina.choose("Recovery code")
    mina.fill("Recovery code", mina.recovery_codes[0])
    mina.press("Disable")
    mina.sees("2-step verification is off")


@pytest.mark.parametrize("way", ["desktop", "no-js", "no-htmx"])
def test_name_and_password_in_the_modal(
    make_visitor: Callable[..., Visitor], person: Person, way: str
) -> None:
    mina = make_visitor(way).arrive(person.sign_up())
    mina.press("Account management")
    mina.fill("Name", "Mina K. Park")
    mina.press("Save")
    mina.reads("Saved.")
    expect(mina.page.locator("#profile-name")).to_have_text("Mina K. Park")
    mina.follow("Password")
    mina.type("Current password", PASSWORD)
    mina.type("New password", "seven boats under glass")
    mina.press("Change password")
    mina.reads("Your password is changed.")


@pytest.mark.parametrize("way", ["desktop", "phone", "no-js", "no-htmx"])
def test_another_device_is_signed_out_from_afar(
    make_visitor: Callable[..., Visitor], person: Person, way: str
) -> None:
    mina, elsewhere = make_visitor(way).arrive(person.sign_up()), make_visitor("phone")
    elsewhere.page.goto("/sign-in")
    elsewhere.type_password()
    elsewhere.is_in()
    mina.press("Account management")
    mina.follow("Sessions")
    mina.sees("Sessions")
    mina.reads("This device")
    mina.press("Sign out everywhere else")
    mina.reads("You are signed in on no other device.")
    elsewhere.page.reload()
    elsewhere.sees("Sign in")


# The e-mailed link


def test_the_link_in_the_same_browser_moves_the_modal_on_by_itself(visitor: Visitor) -> None:
    visitor.page.clock.install()
    visitor.begin()
    visitor.send_number()
    other_tab = visitor.context.new_page()
    other_tab.goto(visitor.inbox.wait_for("authentication number").link)
    other_tab.get_by_role("button", name="Confirm", exact=True).click()
    expect(other_tab.get_by_role("heading", name="Your email is confirmed")).to_be_visible()
    visitor.page.clock.run_for(ASKS_EVERY)
    heading = visitor.page.get_by_role("heading", name="Scan the QR code")
    expect(heading).to_be_visible()
    expect(visitor.page).to_have_url(re.compile("/enroll/scan$"))


def test_the_link_in_another_browser_shows_the_number_to_type(
    visitor: Visitor, make_visitor: Callable[..., Visitor]
) -> None:
    visitor.begin()
    visitor.send_number()
    letter = visitor.inbox.wait_for("authentication number")
    phone = make_visitor("phone")
    phone.page.goto(letter.link)
    phone.reads(letter.number)
    visitor.enter("Authentication number", phone.page.locator(".number").inner_text(), "Next")
    visitor.sees("Scan the QR code")


# Another tab, another time


def test_a_second_tab_that_starts_over_makes_the_first_stale(visitor: Visitor) -> None:
    visitor.begin()
    second = visitor.context.new_page()
    second.goto("/account/two-step")
    second.get_by_role("button", name="Activate 2-Step Verification").click()
    expect(second.get_by_role("heading", name="Verify your email")).to_be_visible()
    visitor.press("Send authentication number")
    visitor.sees("This step was started over")
    expect(visitor.page.get_by_role("button", name="Activate 2-Step Verification")).to_be_visible()


def test_a_session_that_ended_leads_the_whole_page_to_sign_in(visitor: Visitor, clock: Clock) -> None:
    visitor.open_two_step()
    visitor.sees("2-step verification is off")
    clock.advance(days=1)
    visitor.press("Activate 2-Step Verification")
    visitor.sees("Sign in")
    visitor.reads("Your session has ended. Sign in to go on.")
    visitor.type_password()
    visitor.sees("2-step verification is off")


# Throttles, waits and clocks on the screen


def test_send_again_counts_down(visitor: Visitor) -> None:
    visitor.begin()
    visitor.send_number()
    expect(visitor.page.get_by_role("button", name="Send again")).to_be_disabled()
    counter = visitor.page.locator("[data-wait-text]")
    expect(counter).to_have_text(re.compile(r"^in [0-9]+ s$"))
    first = counter.inner_text()
    expect(counter).not_to_have_text(first)
    assert int(counter.inner_text().split()[1]) < int(first.split()[1])


def test_a_phone_with_a_wrong_clock_is_told_so(at_step: Callable[..., Visitor]) -> None:
    visitor = at_step("code")
    visitor.enter("Authentication code", visitor.app.code(visitor.clock.seconds - 420), "Next")
    visitor.reads("Your phone’s clock is about 7 minutes slow.")


def test_somebody_who_has_to_wait_sees_for_how_long(visitor: Visitor) -> None:
    visitor.sign_out()
    for _ in range(6):
        visitor.type("Email", EMAIL)
        visitor.type("Password", "not my password at all")
        visitor.press("Sign in")
        # The answer has come when the password is gone; an error stands there from the second time on.
        expect(visitor.page.get_by_label("Password", exact=True)).to_have_value("")
    visitor.reads("Too many attempts. Try again in 30 seconds.")


# Recovery codes


def test_without_javascript_complete_is_refused_until_the_box_is_ticked(
    at_step: Callable[..., Visitor],
) -> None:
    mina = at_step("recovery", "no-js")
    mina.press("Complete")
    mina.reads("Save the codes first, then tick this box.")


@pytest.mark.parametrize("way", ["desktop", "phone", "no-js", "no-htmx"])
def test_the_codes_can_be_downloaded(at_step: Callable[..., Visitor], way: str, tmp_path: Path) -> None:
    mina = at_step("recovery", way)
    with mina.page.expect_download() as download:
        mina.follow("Download file")
    download.value.save_as(tmp_path / "codes.txt")
    lines = (tmp_path / "codes.txt").read_text().splitlines()
    shown = mina.texts("#recovery-codes li")
    assert [line for line in lines if line in shown] == shown


def test_a_file_of_codes_that_have_ended_is_no_file_but_a_page_that_says_so(
    at_step: Callable[..., Visitor],
) -> None:
    visitor = at_step("recovery")
    visitor.clock.advance(minutes=16)
    visitor.follow("Download file")
    visitor.sees("The time for this step is over")


def test_after_complete_back_does_not_bring_the_codes_back(visitor: Visitor) -> None:
    visitor.begin()
    visitor.verify_email()
    visitor.scan()
    visitor.enter_code()
    visitor.save_codes()
    visitor.sees("2-step verification is on.")
    visitor.page.go_back()
    visitor.sees("2-step verification is on already")
    assert visitor.recovery_codes[0] not in visitor.page.content()


# A bad line


def test_a_connection_that_drops_is_said_and_what_was_typed_stays(visitor: Visitor) -> None:
    visitor.begin()
    visitor.send_number()
    visitor.fill("Authentication number", "123456")
    visitor.context.set_offline(True)
    visitor.press("Next")
    visitor.reads("Connection lost. Check your connection and try again.")
    expect(visitor.page.get_by_label("Authentication number")).to_have_value("123456")
    visitor.context.set_offline(False)
    visitor.enter("Authentication number", visitor.inbox.wait_for("authentication number").number, "Next")
    visitor.sees("Scan the QR code")


def test_a_mail_server_that_is_down_is_said_in_the_wizard(visitor: Visitor) -> None:
    visitor.begin()
    visitor.inbox.stop()
    visitor.press("Send authentication number")
    visitor.reads("We could not send the mail. Try again.")


def test_a_fault_of_the_server_is_said_in_the_modal_and_what_was_open_stays(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.begin()
    visitor.send_number()
    visitor.fill("Authentication number", "123456")

    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("mfa.enrollment.email_proof.confirm_number", broken)
    visitor.press("Next")
    dialog = visitor.page.get_by_role("dialog")
    expect(dialog.locator("#mfa-notice", has_text="Something went wrong.")).to_be_visible()
    expect(visitor.page.get_by_label("Authentication number")).to_have_value("123456")


def test_a_second_press_while_the_first_is_on_its_way_does_nothing(visitor: Visitor) -> None:
    visitor.begin()
    visitor.page.get_by_role("button", name="Send authentication number").dblclick()
    expect(visitor.page.get_by_label("Authentication number")).to_be_visible()
    visitor.inbox.wait_for("authentication number")
    visitor.sees("Verify your email")
    assert visitor.inbox.take_all() == []


def test_after_sign_out_back_does_not_bring_the_codes_back(
    chromium_with_page_cache: Browser, server: str, inbox: Inbox, clock: Clock
) -> None:
    """With the back-forward cache on, which automated Chromium otherwise runs without."""
    mina = Visitor(chromium_with_page_cache.new_context(base_url=server), inbox, clock)
    mina.sign_up()
    mina.begin()
    mina.verify_email()
    mina.scan()
    mina.enter_code()
    mina.sees("Save your recovery codes")
    mina.page.reload()
    mina.sees("Save your recovery codes")
    code = mina.page.locator("#recovery-codes li").first.inner_text()
    mina.page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    mina.sees("Sign in")
    mina.page.go_back()
    mina.sees("Sign in")
    assert code not in mina.page.content()
    mina.context.close()
