"""A line that drops when the server has done what it was asked: one presses again, and nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Route, expect

from tests.journeys.visitor import PASSWORD, Visitor

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


def test_the_code_of_the_app_can_be_sent_again(mina: Visitor) -> None:
    mina.begin()
    mina.verify_email()
    mina.scan()
    mina.sees("Enter the code from your app")
    with losing(mina, "**/enroll/code"):
        mina.fill("Authentication code", mina.app.code(mina.clock.seconds))
    mina.press("Next")
    mina.sees("Save your recovery codes")


def test_after_a_number_another_one_is_sent_at_once(mina: Visitor) -> None:
    mina.begin()
    mina.send_number()
    with losing(mina, "**/enroll/email"):
        mina.fill("Authentication number", mina.letter("Your %(product)s authentication number").number)
    mina.press("Next")
    mina.reads("This number is no longer good. Send a new one.")
    expect(mina.page.get_by_role("button", name="Send again")).to_be_enabled()
    mina.press("Send again")
    expect(mina.page.locator("[data-wait-text]")).to_have_text(re.compile("^in "))
    mina.enter("Authentication number", mina.letter("Your %(product)s authentication number").number, "Next")
    mina.sees("Scan the QR code")


def test_after_complete_the_codes_are_still_there_and_the_new_app_opens_the_account(mina: Visitor) -> None:
    mina.begin()
    mina.verify_email()
    mina.scan()
    mina.enter_code()
    with losing(mina, "**/enroll/recovery"):
        mina.save_codes()
    assert mina.page.locator("#recovery-codes li").all_inner_texts() == mina.recovery_codes
    mina.press("Complete")
    mina.sees("Sign in")
    mina.type_password()
    mina.enter("Authentication code", mina.next_code(), "Verify")
    mina.is_in()


def test_after_complete_of_a_reissue_the_page_says_that_the_new_codes_are_good(protected: Visitor) -> None:
    protected.press("Reissue Recovery Code")
    protected.type("Password", PASSWORD)
    protected.press("Next")
    protected.sees("Save your recovery codes")
    protected.tick("I have saved my recovery codes on my personal device")
    with losing(protected, "**/reissue/recovery-codes"):
        protected.press("Complete")
    protected.press("Complete")
    protected.sees("This step was completed already")
    protected.reads("Your change was made, and was not made a second time.")


def test_who_moves_with_the_last_recovery_code_is_still_signed_in(protected: Visitor) -> None:
    protected.press("Move to a new phone")
    protected.type("Password", PASSWORD)
    protected.press("Next")
    protected.choose("Recovery code")
    protected.fill("Recovery code", protected.recovery_codes[0])
    with losing(protected, "**/two-step/move/verify"):
        protected.press("Next")
    protected.press("Next")
    protected.reads("That recovery code is not right, or was used already.")
    protected.follow("Cancel")
    protected.sees("2-step verification is on")
