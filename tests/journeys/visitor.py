"""Somebody at a browser, who finds everything by the names that the product gives it."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

from tests.support import catalogs
from tests.support.authenticator import Authenticator, read_qr
from tests.support.clock import Clock
from tests.support.person import EMAIL, PASSWORD, Person
from tests.support.smtp import Inbox, Letter

PRODUCT = "Twostep"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

WAYS: dict[str, dict[str, Any]] = {
    "desktop": {},
    "phone": PHONE,
    "no-js": {"java_script_enabled": False},
    "no-js-phone": {**PHONE, "java_script_enabled": False},
    "no-htmx": {},
    "korean": {"locale": "ko-KR"},
    "korean-phone": {**PHONE, "locale": "ko-KR"},
    "korean-no-js": {"locale": "ko-KR", "java_script_enabled": False},
}
"""How people come: what their browsers are like."""


class Visitor:
    """Somebody at a browser, who does what the page says by the names it gives things.

    The names are given in English. Who reads another language looks for what its catalog makes of them.
    """

    def __init__(self, context: BrowserContext, inbox: Inbox, clock: Clock, language: str = "en") -> None:
        self.context, self.inbox, self.clock, self.language = context, inbox, clock, language
        self.catalog = catalogs.spoken(language)
        self.page: Page = context.new_page()
        self.app: Authenticator
        self.recovery_codes: list[str] = []

    def say(self, text: str, **values: object) -> str:
        """An English text of the interface in the visitor's language, with *values* in their places."""
        said = self.catalog.gettext(text)
        return said % values if values else said

    # What one can do with a page

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=self.say(name), exact=True).first.click()

    def follow(self, name: str, **values: object) -> None:
        self.page.get_by_role("link", name=self.say(name, **values), exact=True).first.click()

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_role("textbox", name=self.say(label), exact=True).fill(text)

    def type(self, label: str, text: str) -> None:
        """As :meth:`fill`, for a field that has no role, as passwords have none."""
        self.page.get_by_label(self.say(label), exact=True).fill(text)

    def enter(self, label: str, digits: str, button: str) -> None:
        """Six digits, which go off by themselves; without JavaScript by *button*."""
        # A page that is seen may not have its script yet, without which nothing goes off by itself.
        self.page.wait_for_load_state("domcontentloaded")
        self.fill(label, digits)
        if self.page.locator("html.js").count() == 0:
            self.press(button)

    def choose(self, option: str) -> None:
        self.page.get_by_role("radio", name=self.say(option), exact=True).check()

    def tick(self, label: str) -> None:
        self.page.get_by_label(self.say(label)).check()

    def open_help(self, question: str) -> None:
        self.page.get_by_text(self.say(question), exact=True).click()

    def sees(self, heading: str, **values: object) -> None:
        name = self.say(heading, **values)
        expect(self.page.get_by_role("heading", name=name, exact=True)).to_be_visible()

    def reads(self, text: str, **values: object) -> None:
        expect(self.page.get_by_text(self.say(text, **values))).to_be_visible()

    def is_refused(self) -> None:
        expect(self.page.locator(".error")).to_be_visible()

    def letter(self, subject: str, to: str = "") -> Letter:
        """The next mail whose subject is *subject*, with the product's name in its place."""
        said = self.say(subject)
        return self.inbox.wait_for(said % {"product": PRODUCT} if "%(" in said else said, to)

    def clipboard(self) -> str:
        """What was copied, read by a page that may, as none of ours."""
        other = self.context.new_page()
        other.route("**/*", lambda route: route.fulfill(body=""))
        other.goto("/clipboard")
        text: str = other.evaluate("navigator.clipboard.readText()")
        other.close()
        return text

    # Journeys

    def arrive(self, person: Person) -> Visitor:
        """Go on in this browser as *person*, who is signed in and has come so far without one.

        For what comes after sign-up, or after activation, whose own screens other tests walk.
        """
        self.context.add_cookies(person.cookies())
        if person.app_on_phone:
            self.app, self.recovery_codes = person.app_on_phone, person.recovery_codes
        self.page.goto("/")
        self.is_in()
        return self

    def sign_up(self) -> None:
        self.page.goto("/sign-up")
        self.type("Email", EMAIL)
        self.press("Continue")
        self.sees("Check your inbox")
        self.page.goto(self.letter("Create your %(product)s account").link)
        self.fill("Name", "Mina Park")
        self.type("Password", PASSWORD)
        self.press("Create account")
        expect(self.page).to_have_url(re.compile(r"/$"))
        self.page.wait_for_load_state()

    def open_two_step(self) -> None:
        self.press("Account management")
        self.sees("Account Management")
        self.follow("2-Step Verification")
        expect(self.page).to_have_url(re.compile("/account/two-step$"))

    def is_at(self, step: int, of: int) -> None:
        self.reads("Step %(step)s of %(steps)s", step=step, steps=of)

    def begin(self) -> None:
        self.open_two_step()
        self.sees("2-step verification is off")
        self.press("Activate 2-Step Verification")
        self.is_at(1, of=4)
        self.sees("Verify your email")
        self.reads("If you exit before the last step, nothing is saved.")

    def send_number(self) -> None:
        expect(self.page.get_by_label(self.say("Email"), exact=True)).to_have_value(EMAIL)
        self.press("Send authentication number")
        field = self.page.get_by_role("textbox", name=self.say("Authentication number"))
        expect(field).to_be_visible()

    def verify_email(self) -> None:
        self.send_number()
        number = self.letter("Your %(product)s authentication number").number
        self.enter("Authentication number", number, "Next")
        self.sees("Scan the QR code")

    def scan(self, step: int = 2, of: int = 4, email: str = EMAIL) -> None:
        self.is_at(step, of)
        self.sees("Scan the QR code")
        picture = self.page.get_by_role("img", name=self.say("QR code for your authenticator app"))
        picture.scroll_into_view_if_needed()
        self.app = Authenticator(read_qr(picture.screenshot(caret="initial")))
        assert self.app.label.endswith(email)
        self.press("Next")

    def enter_code(self, step: int = 3, of: int = 4) -> None:
        self.is_at(step, of)
        self.sees("Enter the code from your app")
        self.enter("Authentication code", self.app.code(self.clock.seconds), "Next")

    def save_codes(self, step: int = 4, of: int = 4) -> None:
        self.is_at(step, of)
        self.sees("Save your recovery codes")
        self.recovery_codes = self.page.locator("#recovery-codes li").all_inner_texts()
        assert len(self.recovery_codes) == 10
        self.tick("I have saved my recovery codes on my personal device")
        self.press("Complete")

    def activate(self) -> None:
        self.begin()
        self.verify_email()
        self.scan()
        self.enter_code()
        self.save_codes()
        self.sees("2-step verification is on.")
        self.press("Done")
        self.sees("2-step verification is on")
        self.has_codes(10)

    def has_codes(self, left: int) -> None:
        """The tab says how many recovery codes are left."""
        text = "%(left)s of %(total)s recovery codes left"
        self.reads(self.catalog.ngettext(text, text, left) % {"left": left, "total": 10})

    def move(self) -> None:
        """From the tab, by a code of the old app, to the app on a new phone."""
        self.press("Move to a new phone")
        self.type("Password", PASSWORD)
        self.press("Next")
        self.fill("Authentication code", self.next_code())
        self.press("Next")
        self.scan(1, of=3)
        self.enter_code(2, of=3)
        self.save_codes(3, of=3)
        self.sees("Your new phone is set up.")
        self.press("Done")
        self.sees("2-step verification is on")

    def sign_out(self) -> None:
        self.page.goto("/")
        self.press("Sign out")
        self.sees("Sign in")

    def type_password(self, email: str = EMAIL) -> None:
        self.type("Email", email)
        self.type("Password", PASSWORD)
        self.press("Sign in")

    def next_code(self) -> str:
        self.clock.advance(seconds=30)
        return self.app.code(self.clock.seconds)

    def is_in(self) -> None:
        button = self.page.get_by_role("button", name=self.say("Account management"), exact=True)
        expect(button).to_be_visible()
