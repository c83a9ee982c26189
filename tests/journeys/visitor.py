"""Somebody at a browser, who finds everything by the names that the product gives it."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import BrowserContext, Page

from tests.journeys.walks import HURRY, Walks
from tests.support.authenticator import read_qr
from tests.support.clock import Clock
from tests.support.expecting import expect
from tests.support.person import EMAIL, PASSWORD, Person
from tests.support.product import CONSOLE, Product
from tests.support.smtp import Inbox

__all__ = ["EMAIL", "PASSWORD", "PHONE", "WAYS", "Visitor"]

ASKS_EVERY = 3_000
"""Milliseconds between two questions of the wizard's first step whether the mailed link was opened."""

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


class Visitor(Walks):
    """Somebody at a Chromium, which Playwright drives."""

    def __init__(
        self,
        context: BrowserContext,
        inbox: Inbox,
        clock: Clock,
        language: str = "en",
        product: Product = CONSOLE,
    ) -> None:
        super().__init__(inbox, clock, language, product)
        self.context = context
        self.page: Page = context.new_page()

    def open(self, url: str) -> None:
        self.page.goto(url)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=self.say(name), exact=True).first.click()

    def press_if_shown(self, name: str) -> None:
        button = self.page.get_by_role("button", name=self.say(name), exact=True).first
        self.page.wait_for_load_state()  # styles may hide it
        if button.is_visible():
            button.click()

    def follow(self, name: str, **values: object) -> None:
        self.page.get_by_role("link", name=self.say(name, **values), exact=True).first.click()

    def fill(self, label: str, text: str) -> None:
        self._settle()
        self.page.get_by_role("textbox", name=self.say(label), exact=True).fill(text)

    def type(self, label: str, text: str) -> None:
        self._settle()
        self.page.get_by_label(self.say(label), exact=True).fill(text)

    def _settle(self) -> None:
        """Wait until the page's script has run: what it shows is seen before.

        Only the script keeps a second press from being sent, and puts the focus where it belongs. Playwright
        selects a field and then types into what has the focus.
        """
        self.page.wait_for_load_state()

    def choose(self, option: str) -> None:
        self.page.get_by_role("radio", name=self.say(option), exact=True).check()

    def tick(self, label: str) -> None:
        self.page.get_by_label(self.say(label)).check()

    def open_help(self, question: str) -> None:
        self.page.get_by_text(self.say(question), exact=True).click()

    def sees(self, heading: str, **values: object) -> None:
        name = self.say(heading, **values)
        expect(self.page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        self._settle()

    def reads(self, text: str, **values: object) -> None:
        seen = self.page.locator(":not([role=status])")
        expect(self.page.get_by_text(self.say(text, **values)).and_(seen)).to_be_visible()
        self._settle()

    def is_refused(self) -> None:
        expect(self.page.locator(".error")).to_be_visible()
        self._settle()

    def is_offered(self, name: str) -> None:
        said = self.say(name)
        button = self.page.get_by_role("button", name=said, exact=True)
        expect(button.or_(self.page.get_by_role("textbox", name=said, exact=True))).to_be_visible()
        self._settle()

    def is_on(self, path: str) -> None:
        expect(self.page).to_have_url(re.compile(f"{re.escape(path)}$"))
        self.page.wait_for_load_state()

    def holds(self, label: str, text: str) -> None:
        expect(self.page.get_by_label(self.say(label), exact=True)).to_have_value(text)

    def texts(self, css: str) -> list[str]:
        self.page.wait_for_load_state()  # a heading is there before what stands below it
        return self.page.locator(css).all_inner_texts()

    def hears_of_passkeys(self, text: str) -> None:
        """Wait until the form that asks for a passkey says that the browser refused, and why."""
        refusal = self.page.locator("[data-passkey-refused]")
        expect(refusal).to_contain_text(self.say(text))
        expect(refusal).to_be_focused()

    def scans(self, name: str) -> str:
        picture = self.page.get_by_role("img", name=self.say(name))
        picture.scroll_into_view_if_needed()
        return read_qr(picture.screenshot(caret="initial"))

    def runs_script(self) -> bool:
        self.page.wait_for_load_state("domcontentloaded")
        return self.page.locator("html.mfa-js").count() > 0

    def hurry(self) -> None:
        self.page.wait_for_function(f"() => {{{HURRY}}}")

    def clipboard(self) -> str:
        """What was copied, read by a page that may, as none of ours."""
        other = self.context.new_page()
        other.route("**/*", lambda route: route.fulfill(body=""))
        other.goto("/clipboard")
        text: str = other.evaluate("navigator.clipboard.readText()")
        other.close()
        return text

    def arrive(self, person: Person, path: str = "") -> Visitor:
        """Go on in this browser as *person*, who is signed in and has come so far without one.

        For what comes after sign-up, or after activation, whose own screens other tests walk.

        :param path: where to; by default to the page that follows sign-in.
        """
        self.context.add_cookies(person.cookies())
        if person.app_on_phone:
            self.app, self.recovery_codes = person.app_on_phone, person.recovery_codes
        self.page.goto(path or "/")
        if not path:
            self.is_in()
        return self
