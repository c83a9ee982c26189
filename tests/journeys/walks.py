"""The journeys of the product, told in the words of its screens, whatever browser they are made in."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from pathlib import Path

from tests.support import catalogs
from tests.support.authenticator import Authenticator
from tests.support.clock import Clock
from tests.support.person import EMAIL, PASSWORD
from tests.support.product import CONSOLE, TWO_STEP, Product
from tests.support.smtp import Inbox, Letter

SAVED = "I have saved my recovery codes on my personal device"

_DIGITS = Path(__file__).resolve().parents[2] / "mfa" / "static" / "mfa" / "js" / "digits.js"
_PAUSES = re.findall(r"^const (?:PAUSE|SETTLED) = ([0-9]+);", _DIGITS.read_text(), re.MULTILINE)
assert len(_PAUSES) == 2
HURRY = f"""
    if (document.querySelector("[aria-busy=true]")) return false;
    const later = window.setTimeout, due = new Set([{",".join(_PAUSES)}]);
    window.setTimeout = (act, ms, ...given) => later(act, due.delete(ms) ? ms / 10 : ms, ...given);
    return true;
"""
"""Let the page take a tenth of the time, once, to submit six digits and then to take a press.

A person would not press something else in that second; tests/journeys/test_fields.py is about those who do.
What is on its way must have come: until then digits are not submitted by themselves.
"""


class Walks(ABC):
    """Somebody at a browser, who does what the page says by the names it gives things.

    The names are given in English. A person who reads another language looks for their translations.
    """

    def __init__(self, inbox: Inbox, clock: Clock, language: str = "en", product: Product = CONSOLE) -> None:
        self.inbox, self.clock, self.language, self.product = inbox, clock, language, product
        self.catalog = catalogs.spoken(language)
        self.app: Authenticator
        self.recovery_codes: list[str] = []

    # What each kind of browser does in its own way

    @abstractmethod
    def open(self, url: str) -> None:
        """Go to *url*, which is a link, or a path of the product."""

    @abstractmethod
    def press(self, name: str) -> None:
        """Click the button of this *name*."""

    @abstractmethod
    def press_if_shown(self, name: str) -> None:
        """Click the button of this *name*, if there is one now."""

    @abstractmethod
    def follow(self, name: str, **values: object) -> None:
        """Click the link of this *name*."""

    @abstractmethod
    def fill(self, label: str, text: str) -> None:
        """Fill in the text field of this *label*."""

    @abstractmethod
    def type(self, label: str, text: str) -> None:
        """As :meth:`fill`, for a field that has no role, as passwords have none."""

    @abstractmethod
    def choose(self, option: str) -> None:
        """Choose the radio button of this name."""

    @abstractmethod
    def tick(self, label: str) -> None:
        """Tick the checkbox of this *label*."""

    @abstractmethod
    def sees(self, heading: str, **values: object) -> None:
        """Wait for a heading."""

    @abstractmethod
    def reads(self, text: str, **values: object) -> None:
        """Wait for a text."""

    @abstractmethod
    def is_offered(self, name: str) -> None:
        """Wait for a button or a text field of this *name*."""

    @abstractmethod
    def is_on(self, path: str) -> None:
        """Wait until the page at *path* is loaded."""

    @abstractmethod
    def holds(self, label: str, text: str) -> None:
        """Wait until the field of this *label* holds *text*."""

    @abstractmethod
    def texts(self, css: str) -> list[str]:
        """Return the texts of what *css* selects on the page."""

    @abstractmethod
    def scans(self, name: str) -> str:
        """Return the text of the QR code of this *name*."""

    @abstractmethod
    def runs_script(self) -> bool:
        """Return whether the page has run its script, for which it waits if there is one."""

    @abstractmethod
    def hurry(self) -> None:
        """Have the page run HURRY, until that is true."""

    # What all of them do alike

    def say(self, text: str, **values: object) -> str:
        """An English text of the interface in the visitor's language, with *values* in their places."""
        said = self.catalog.gettext(text)
        return said % values if values else said

    def letter(self, subject: str, to: str = "") -> Letter:
        """The next mail whose subject is *subject*, with the product's name in its place."""
        said = self.say(subject)
        return self.inbox.wait_for(said % {"product": self.product.name} if "%(" in said else said, to)

    def enter(self, label: str, digits: str, button: str) -> None:
        """Six digits, which go off by themselves; without JavaScript by *button*."""
        # A visible page may not have its script yet, and only the script submits a code by itself.
        by_itself = self.runs_script()
        if by_itself:
            self.hurry()
        self.fill(label, digits)
        if not by_itself:
            self.press(button)

    def is_in(self) -> None:
        if self.product.greeting:
            self.sees(self.product.greeting)
        else:
            self.is_offered(self.product.menu)

    def sign_up(self) -> None:
        """Have an account and be signed in."""
        if not self.product.signs_up:
            self.open(self.product.sign_in)
            self.type_password()
            self.is_in()
            return
        self.open("/sign-up")
        self.type("Email", EMAIL)
        self.press("Continue")
        self.sees("Check your inbox")
        self.open(self.letter("Create your %(product)s account").link)
        self.fill("Name", "Mina Park")
        self.type("Password", PASSWORD)
        self.press("Create account")
        self.is_on("/")

    def open_two_step(self) -> None:
        if self.product.menu:
            self.press(self.product.menu)
            self.sees("Account Management")
        self.unfold()
        self.follow("2-Step Verification")
        if self.product.dialog and self.runs_script():
            self.sees("Account Management")
        else:
            self.is_on(TWO_STEP)

    def unfold(self) -> None:
        """Open the host's own menu, where it has one that is closed."""
        for name in self.product.folded if self.runs_script() else ():
            self.press_if_shown(name)

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
        self.holds("Email", self.product.email)
        self.press("Send authentication number")
        self.is_offered("Authentication number")

    def verify_email(self) -> None:
        self.send_number()
        number = self.letter("Your %(product)s authentication number").number
        self.enter("Authentication number", number, "Next")
        self.sees("Scan the QR code")

    def scan(self, step: int = 2, of: int = 4, email: str = "") -> None:
        self.is_at(step, of)
        self.sees("Scan the QR code")
        self.app = Authenticator(self.scans("QR code for your authenticator app"))
        assert (email or self.product.email) in self.app.label
        self.press("Next")

    def enter_code(self, step: int = 3, of: int = 4) -> None:
        self.is_at(step, of)
        self.sees("Enter the code from your app")
        self.enter("Authentication code", self.app.code(self.clock.seconds), "Next")

    def save_codes(self, step: int = 4, of: int = 4) -> None:
        self.is_at(step, of)
        self.sees("Save your recovery codes")
        self.recovery_codes = self.texts("#recovery-codes li")
        assert len(self.recovery_codes) == 10
        self.tick(SAVED)
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

    def come_to_the_passkey(self) -> None:
        """To the wizard's step that creates one in place of an app."""
        self.begin()
        self.verify_email()
        self.press("Use a passkey instead")
        self.is_at(2, of=3)
        self.sees("Create a passkey")

    def create_passkey(self, name: str, button: str) -> None:
        """Have the browser create one, and give it a *name*; *button* is what the step goes on with."""
        self.press("Create a passkey")
        self.sees("Name your passkey")
        self.fill("Name", name)
        self.press(button)

    def activate_by_passkey(self, name: str) -> None:
        self.come_to_the_passkey()
        self.create_passkey(name, "Next")
        self.save_codes(3, of=3)
        self.sees("2-step verification is on.")
        self.press("Done")
        self.sees("2-step verification is on")

    def add_passkey(self, name: str) -> None:
        """Add one, from the tab to the tab."""
        self.press("Add passkey")
        self.sees("Create a passkey")
        self.create_passkey(name, "Complete")
        self.sees("Your passkey was added.")
        self.press("Done")
        self.sees("2-step verification is on")

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
        self.open("/")
        self.unfold()
        self.press("Sign out")
        self.sees("Sign in")

    def type_password(self, email: str = "") -> None:
        self.type("Email", email or self.product.email)
        self.type("Password", PASSWORD)
        self.press("Sign in")

    @property
    def box(self) -> str:
        """The label of the box by which a browser is remembered."""
        one = "Don’t ask again in this browser for %(num)s day"
        return str(self.catalog.ngettext(one, f"{one}s", 30) % {"num": 30})

    def be_remembered(self) -> None:
        """Sign in, from the sign-in page, and have the browser remembered; then again, without a code."""
        self.type_password()
        self.sees("2-step verification")
        self.tick(self.box)
        self.enter("Authentication code", self.next_code(), "Verify")
        self.is_in()
        self.sign_out()
        self.type_password()
        self.is_in()

    def next_code(self) -> str:
        self.clock.advance(seconds=30)
        return self.app.code(self.clock.seconds)

    def go_the_whole_way(self) -> None:
        """Sign up, turn it on, sign in with the app, reissue, sign in by recovery code, turn it off."""
        self.sign_up()
        self.activate()

        self.sign_out()
        self.type_password()
        self.sees("2-step verification")
        self.enter("Authentication code", self.next_code(), "Verify")
        self.is_in()

        self.open_two_step()
        self.press("Reissue Recovery Code")
        self.type("Password", PASSWORD)
        self.press("Next")
        self.sees("Save your recovery codes")
        old = self.recovery_codes
        self.recovery_codes = self.texts("#recovery-codes li")
        self.tick(SAVED)
        self.press("Complete")
        self.sees("2-step verification is on")
        self.has_codes(10)

        self.sign_out()
        self.type_password()
        self.follow("Use a recovery code instead")
        self.fill("Recovery code", old[0])
        self.press("Verify")
        self.reads("That recovery code is not right, or was used already.")
        self.fill("Recovery code", self.recovery_codes[0])
        self.press("Verify")
        self.is_in()

        self.open_two_step()
        self.has_codes(9)
        self.press("Disable 2-Step Verification")
        self.type("Password", PASSWORD)
        self.press("Next")
        self.choose("Authentication code")
        self.fill("Authentication code", self.next_code())
        self.press("Disable")
        self.sees("2-step verification is off")

        self.sign_out()
        self.type_password()
        self.is_in()
