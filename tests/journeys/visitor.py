"""Somebody at a browser, who finds everything by the names that the product gives it."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, Page, expect

from tests.support.authenticator import Authenticator, read_qr
from tests.support.clock import Clock
from tests.support.smtp import Inbox

EMAIL = "mina.park@example.com"
PASSWORD = "orange kettle drives north"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

WAYS = {
    "desktop": {},
    "phone": PHONE,
    "no-js": {"java_script_enabled": False},
    "no-js-phone": {**PHONE, "java_script_enabled": False},
}


class Visitor:
    """Somebody at a browser, who does what the page says by the names it gives things."""

    def __init__(self, context: BrowserContext, inbox: Inbox, clock: Clock) -> None:
        self.context, self.inbox, self.clock = context, inbox, clock
        self.page: Page = context.new_page()
        self.app: Authenticator
        self.recovery_codes: list[str] = []

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_role("textbox", name=label, exact=True).fill(text)

    def enter(self, label: str, digits: str, button: str) -> None:
        """Six digits, which go off by themselves; without JavaScript by *button*."""
        self.fill(label, digits)
        if self.page.locator("html.js").count() == 0:
            self.press(button)

    def sees(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", name=heading, exact=True)).to_be_visible()

    def reads(self, text: str) -> None:
        expect(self.page.get_by_text(text)).to_be_visible()

    def clipboard(self) -> str:
        """What was copied, read by a page that may, as none of ours."""
        other = self.context.new_page()
        other.route("**/*", lambda route: route.fulfill(body=""))
        other.goto("/clipboard")
        text: str = other.evaluate("navigator.clipboard.readText()")
        other.close()
        return text

    # Journeys

    def sign_up(self) -> None:
        self.page.goto("/sign-up")
        self.page.get_by_label("Email", exact=True).fill(EMAIL)
        self.press("Continue")
        self.sees("Check your inbox")
        self.page.goto(self.inbox.wait_for("Create your").link)
        self.fill("Name", "Mina Park")
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.press("Create account")
        expect(self.page).to_have_url(re.compile(r"/$"))

    def open_two_step(self) -> None:
        self.press("Account management")
        expect(self.page.get_by_role("heading", name="Account Management")).to_be_visible()
        self.page.get_by_role("link", name="2-Step Verification", exact=True).click()
        expect(self.page).to_have_url(re.compile("/account/two-step$"))

    def begin(self) -> None:
        self.open_two_step()
        self.sees("2-step verification is off")
        self.press("Activate 2-Step Verification")
        self.reads("Step 1 of 4")
        self.sees("Verify your email")
        self.reads("If you exit before the last step, nothing is saved.")

    def send_number(self) -> None:
        expect(self.page.get_by_label("Email", exact=True)).to_have_value(EMAIL)
        self.press("Send authentication number")
        expect(self.page.get_by_label("Authentication number")).to_be_visible()

    def verify_email(self) -> None:
        self.send_number()
        number = self.inbox.wait_for("authentication number").number
        self.enter("Authentication number", number, "Next")

    def scan(self, step: str = "Step 2 of 4", email: str = EMAIL) -> None:
        self.reads(step)
        self.sees("Scan the QR code")
        picture = self.page.get_by_role("img", name=re.compile("^QR code"))
        picture.scroll_into_view_if_needed()
        self.app = Authenticator(read_qr(picture.screenshot(caret="initial")))
        assert self.app.label.endswith(email)
        self.press("Next")

    def enter_code(self, step: str = "Step 3 of 4") -> None:
        self.reads(step)
        self.sees("Enter the code from your app")
        self.enter("Authentication code", self.app.code(self.clock.seconds), "Next")

    def save_codes(self, step: str = "Step 4 of 4") -> None:
        self.reads(step)
        self.sees("Save your recovery codes")
        self.recovery_codes = self.page.locator("#recovery-codes li").all_inner_texts()
        assert len(self.recovery_codes) == 10
        self.page.get_by_label("I have saved my recovery codes on my personal device").check()
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
        self.reads("10 of 10 recovery codes left")

    def move(self) -> None:
        """From the tab, by a code of the old app, to the app on a new phone."""
        self.press("Move to a new phone")
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.press("Next")
        self.fill("Authentication code", self.next_code())
        self.press("Next")
        self.scan("Step 1 of 3")
        self.enter_code("Step 2 of 3")
        self.save_codes("Step 3 of 3")
        self.sees("Your new phone is set up.")
        self.press("Done")
        self.sees("2-step verification is on")

    def sign_out(self) -> None:
        self.page.goto("/")
        self.press("Sign out")
        self.sees("Sign in")

    def type_password(self, email: str = EMAIL) -> None:
        self.page.get_by_label("Email", exact=True).fill(email)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.press("Sign in")

    def next_code(self) -> str:
        self.clock.advance(seconds=30)
        return self.app.code(self.clock.seconds)

    def is_in(self) -> None:
        expect(self.page.get_by_role("button", name="Account management")).to_be_visible()
