"""A line that drops when the server has done what it was asked: one presses again, and nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Route

from tests.journeys.visitor import PASSWORD, Visitor
from tests.support.expecting import expect

LOST = "Connection lost. Check your connection and try again."


@contextmanager
def losing(visitor: Visitor, url: str) -> Iterator[None]:
    """The answer to the next request for *url* is lost, and its cookies with it."""
    cookies = visitor.context.cookies()

    def lose(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.abort()

    visitor.page.route(url, lose, times=1)
    yield
    visitor.reads(LOST)
    visitor.context.clear_cookies()
    visitor.context.add_cookies(cookies)


def test_the_code_of_the_app_can_be_sent_again(visitor: Visitor) -> None:
    visitor.begin()
    visitor.verify_email()
    visitor.scan()
    visitor.sees("Enter the code from your app")
    with losing(visitor, "**/enroll/code"):
        visitor.fill("Authentication code", visitor.app.code(visitor.clock.seconds))
    visitor.press("Next")
    visitor.sees("Save your recovery codes")


def test_after_a_number_another_one_is_sent_at_once(visitor: Visitor) -> None:
    visitor.begin()
    visitor.send_number()
    with losing(visitor, "**/enroll/email"):
        visitor.fill("Authentication number", visitor.letter("Your %(product)s authentication number").number)
    visitor.press("Next")
    visitor.reads("This number is no longer good. Send a new one.")
    expect(visitor.page.get_by_role("button", name="Send again")).to_be_enabled()
    visitor.press("Send again")
    expect(visitor.page.locator("[data-wait-text]")).to_have_text(re.compile("^in "))
    visitor.enter(
        "Authentication number", visitor.letter("Your %(product)s authentication number").number, "Next"
    )
    visitor.sees("Scan the QR code")


def test_a_number_whose_mail_was_sent_before_the_line_dropped_has_its_field(visitor: Visitor) -> None:
    visitor.begin()
    with losing(visitor, "**/enroll/email/send"):
        visitor.press("Send authentication number")
    number = visitor.letter("Your %(product)s authentication number").number
    visitor.page.get_by_role("textbox", name="Authentication number").wait_for()
    visitor.page.reload()
    visitor.enter("Authentication number", number, "Next")
    visitor.sees("Scan the QR code")


def test_the_link_of_a_mail_whose_answer_was_lost_can_be_confirmed(visitor: Visitor) -> None:
    visitor.begin()
    with losing(visitor, "**/enroll/email/send"):
        visitor.press("Send authentication number")
    visitor.page.goto(visitor.letter("Your %(product)s authentication number").link)
    visitor.press("Confirm")
    visitor.follow("Continue here")
    visitor.sees("Scan the QR code")


def test_after_complete_the_codes_are_still_there_and_the_new_app_opens_the_account(visitor: Visitor) -> None:
    visitor.begin()
    visitor.verify_email()
    visitor.scan()
    visitor.enter_code()
    with losing(visitor, "**/enroll/recovery"):
        visitor.save_codes()
    assert visitor.texts("#recovery-codes li") == visitor.recovery_codes
    visitor.press("Complete")
    visitor.sees("Sign in")
    visitor.type_password()
    visitor.enter("Authentication code", visitor.next_code(), "Verify")
    visitor.is_in()


def test_after_complete_of_a_reissue_the_page_says_that_the_new_codes_are_good(
    protected_visitor: Visitor,
) -> None:
    protected_visitor.press("Reissue Recovery Code")
    protected_visitor.type("Password", PASSWORD)
    protected_visitor.press("Next")
    protected_visitor.sees("Save your recovery codes")
    protected_visitor.tick("I have saved my recovery codes on my personal device")
    with losing(protected_visitor, "**/reissue/recovery-codes"):
        protected_visitor.press("Complete")
    protected_visitor.press("Complete")
    protected_visitor.sees("This step was completed already")
    protected_visitor.reads("Your change was made, and was not made a second time.")


def test_who_moves_with_the_last_recovery_code_is_still_signed_in(protected_visitor: Visitor) -> None:
    protected_visitor.press("Move to a new phone")
    protected_visitor.type("Password", PASSWORD)
    protected_visitor.press("Next")
    protected_visitor.choose("Recovery code")
    protected_visitor.fill("Recovery code", protected_visitor.recovery_codes[0])
    with losing(protected_visitor, "**/two-step/move/verify"):
        protected_visitor.press("Next")
    protected_visitor.press("Next")
    protected_visitor.reads("That recovery code is not right, or was used already.")
    protected_visitor.follow("Cancel")
    protected_visitor.sees("2-step verification is on")
