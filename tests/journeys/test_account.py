"""Another address, its undoing, the tab Activity, the mail after a hundred wrong codes: in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext

from console.extensions import db
from mfa.attempts import rules as attempts
from mfa.web import ranges
from tests.journeys.visitor import EMAIL, PASSWORD, Visitor
from tests.support.clock import Clock
from tests.support.expecting import expect
from tests.support.person import Person
from tests.support.smtp import Inbox

pytestmark = pytest.mark.looks

NEW = "mina@new.example"


def ask_for_a_change(visitor: Visitor) -> None:
    visitor.press("Account management")
    visitor.sees("Profile")
    visitor.press("Change email")
    visitor.sees("Change your email")
    visitor.fill("New email", NEW)
    visitor.type("Password", PASSWORD)


def change_email(visitor: Visitor) -> None:
    ask_for_a_change(visitor)
    visitor.press("Send link")
    visitor.sees("Check your inbox")
    visitor.page.goto(visitor.inbox.wait_for("Confirm your new", to=NEW).link)
    visitor.sees("Confirm your new email")
    visitor.press("Confirm")
    visitor.sees("Your email is changed.")
    visitor.press("Done")
    visitor.sees("Profile")
    visitor.reads(NEW)


@pytest.mark.parametrize("way", ["desktop", "phone", "no-js", "no-htmx"])
def test_another_address(make_visitor: Callable[..., Visitor], person: Person, way: str) -> None:
    mina = make_visitor(way).arrive(person.sign_up())
    change_email(mina)


@pytest.mark.parametrize("way", ["desktop", "no-js", "no-htmx"])
def test_another_address_with_the_second_step_on(
    make_visitor: Callable[..., Visitor], person: Person, way: str
) -> None:
    mina = make_visitor(way).arrive(person.sign_up().activate())
    ask_for_a_change(mina)
    mina.fill("Authentication code", "000000")
    mina.press("Send link")
    mina.reads("That code is not right. Enter the newest code from your app.")
    expect(mina.page.get_by_label("New email")).to_have_value(NEW)
    mina.type("Password", PASSWORD)
    mina.fill("Authentication code", mina.next_code())
    mina.press("Send link")
    mina.sees("Check your inbox")


def test_the_link_leads_over_sign_in_to_its_page(
    make_visitor: Callable[..., Visitor], person: Person
) -> None:
    mina, elsewhere = make_visitor().arrive(person.sign_up()), make_visitor()
    ask_for_a_change(mina)
    mina.press("Send link")
    mina.sees("Check your inbox")
    elsewhere.page.goto(mina.inbox.wait_for("Confirm your new", to=NEW).link)
    elsewhere.type_password()
    elsewhere.sees("Confirm your new email")


@pytest.mark.parametrize("way", ["desktop", "no-js", "no-htmx"])
def test_the_old_address_undoes_it(make_visitor: Callable[..., Visitor], person: Person, way: str) -> None:
    thief, mina = make_visitor().arrive(person.sign_up()), make_visitor(way)
    change_email(thief)
    mina.page.goto(mina.inbox.wait_for("address was changed", to=EMAIL).link)
    mina.sees("Undo the change of your email")
    mina.press("Undo the change")
    mina.sees("Set a new password")
    mina.type("New password", "seven boats under glass")
    mina.press("Set new password")
    mina.is_in()
    thief.page.goto("/account/profile")
    thief.sees("Sign in")


@pytest.mark.parametrize("way", ["desktop", "phone", "no-js", "no-htmx"])
def test_activity_page_by_page(make_visitor: Callable[..., Visitor], person: Person, way: str) -> None:
    person.sign_up()
    person.get("/account/profile")
    for number in range(20):
        person.post("/account/profile", {"name": f"Mina {number}"})
    mina = make_visitor(way).arrive(person)
    mina.press("Account management")
    mina.follow("Activity")
    mina.sees("Activity")
    expect(mina.page.locator(".events__event")).to_have_count(20)
    mina.follow("Older")
    mina.reads("Account created")
    mina.follow("Newest")
    expect(mina.page.locator(".events__event").first).to_contain_text("Name changed")


def test_times_are_those_of_the_readers_zone(
    open_browser: Callable[..., BrowserContext], inbox: Inbox, clock: Clock
) -> None:
    mina = Visitor(open_browser(timezone_id="Asia/Seoul"), inbox, clock)
    mina.sign_up()
    mina.press("Account management")
    mina.follow("Activity")
    expect(mina.page.locator("time").first).to_have_text("November 24, 2026 at 9:00 PM")
    expect(mina.page.locator("time").first).to_have_attribute("title", "November 24, 2026, 12:00\u202fPM UTC")


@pytest.mark.parametrize("way", ["desktop", "no-js", "no-htmx"])
def test_after_a_hundred_wrong_codes_the_owner_confirms_by_mail(
    make_visitor: Callable[..., Visitor], person: Person, app: Flask, clock: Clock, way: str
) -> None:
    mina = make_visitor(way).arrive(person.sign_up().activate())
    mina.sign_out()
    # At a device that the account knows, what others guessed would not matter.
    mina.page.context.clear_cookies(name=app.config["DEVICE_COOKIE_NAME"])
    with app.app_context():
        for _ in range(attempts.MOST_FAILURES):
            attempts.count("account:1", attempts.SECOND_STEP_FAILURES, clock())
        db.session.remove()
    mina.type_password()
    mina.sees("Confirm that it is you")
    mina.press("Send link")
    mina.reads("We sent a mail to")
    mina.page.goto(mina.inbox.wait_for("Confirm that you are signing in").link)
    mina.sees("Are you signing in?")
    mina.press("Confirm")
    mina.enter("Authentication code", mina.next_code(), "Verify")
    mina.is_in()


def test_a_network_that_has_to_wait_is_told_beside_the_form(
    make_visitor: Callable[..., Visitor], app: Flask
) -> None:
    mina = make_visitor()
    ranges.use(
        app, storage_uri="memory://", refused="1 per minute", mails="9 per minute", is_known=lambda _: False
    )
    mina.page.goto("/sign-in")
    for _ in range(2):
        mina.type("Email", EMAIL)
        mina.type("Password", "not my password at all")
        mina.press("Sign in")
        mina.page.locator(".error, .notice--trouble").first.wait_for()
    mina.reads("Too many attempts. They came from your network.")
    expect(mina.page.get_by_label("Email", exact=True)).to_have_value(EMAIL)
