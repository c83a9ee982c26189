"""Every journey by keyboard alone: Tab, Space, Enter, Escape and the letters."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.journeys.visitor import EMAIL, PASSWORD, Visitor
from tests.organization.people import sign_up
from tests.support.authenticator import Authenticator, read_qr
from tests.support.expecting import expect
from tests.support.person import Person

pytestmark = pytest.mark.looks

NAME_OF_FOCUSED = """(({ ariaLabel, labels, innerText }) =>
    (ariaLabel ?? labels?.[0]?.innerText ?? innerText).trim())(document.activeElement)"""
NEW_PASSWORD = "seven boats under glass"


class Hands:
    """Of somebody who has no mouse."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.page, self.keyboard = visitor, visitor.page, visitor.page.keyboard

    def tab_to(self, name: str, kind: str = "*") -> None:
        """Press Tab until something of that name, and of that kind (a CSS selector), has the focus."""
        for _ in range(40):
            self.keyboard.press("Tab")
            if self.is_at(name, kind):
                return
        raise AssertionError(f"the tab key does not reach {name!r}")

    def back_to(self, name: str, kind: str = "*") -> None:
        """Press Shift+Tab until something of that name has the focus."""
        for _ in range(40):
            self.keyboard.press("Shift+Tab")
            if self.is_at(name, kind):
                return
        raise AssertionError(f"the tab key does not lead back to {name!r}")

    def is_at(self, name: str, kind: str) -> bool:
        fits = self.page.evaluate("kind => document.activeElement.matches(kind)", kind)
        return fits and self.page.evaluate(NAME_OF_FOCUSED) == self.visitor.say(name)

    def press(self, name: str) -> None:
        self.tab_to(name)
        self.keyboard.press("Enter")

    def type(self, label: str, text: str) -> None:
        field = "input:not([type=radio])"
        if not self.is_at(label, field):
            self.tab_to(label, field)
        self.keyboard.type(text)

    def prove(self) -> None:
        self.type("Password", PASSWORD)
        self.keyboard.press("Enter")

    def open_two_step(self) -> None:
        self.page.goto("/")
        self.press("Account management")
        self.visitor.sees("Profile")
        self.press("2-Step Verification")

    def scan(self) -> None:
        self.visitor.sees("Scan the QR code")
        picture = self.page.get_by_role("img", name=self.visitor.say("QR code for your authenticator app"))
        self.visitor.app = Authenticator(read_qr(picture.screenshot(caret="initial")))
        self.press("Next")

    def enter_code(self) -> None:
        self.visitor.sees("Enter the code from your app")
        self.type("Authentication code", self.visitor.app.code(self.visitor.clock.seconds))

    def save_codes(self) -> None:
        self.visitor.sees("Save your recovery codes")
        self.visitor.recovery_codes = self.visitor.texts("#recovery-codes li")
        self.tab_to("Print")
        self.keyboard.press("Tab")
        self.keyboard.press("Space")
        self.press("Complete")

    def sign_in(self) -> None:
        self.visitor.sign_out()
        expect(self.page.get_by_label(self.visitor.say("Email"))).to_be_focused()
        self.keyboard.type(EMAIL)
        self.prove()
        self.visitor.sees("2-step verification")


@pytest.fixture(params=["desktop", "korean"])
def newcomer(make_visitor: Callable[..., Visitor], request: pytest.FixtureRequest) -> Visitor:
    """At her desk, and nowhere yet."""
    return make_visitor(request.param)


@pytest.fixture
def signed_up(make_person: Callable[..., Person], newcomer: Visitor) -> Person:
    return make_person(languages=newcomer.language).sign_up()


@pytest.fixture
def hands(newcomer: Visitor, signed_up: Person) -> Hands:
    """Signed in, at the console."""
    return Hands(newcomer.arrive(signed_up))


@pytest.fixture
def protected_hands(newcomer: Visitor, signed_up: Person) -> Hands:
    """With 2-step verification on, at the console."""
    return Hands(newcomer.arrive(signed_up.activate()))


def test_sign_up(make_visitor: Callable[..., Visitor]) -> None:
    mina = make_visitor()
    hands = Hands(mina)
    mina.page.goto("/sign-in")
    hands.press("Create an account")
    mina.sees("Create an account")
    hands.type("Email", EMAIL)
    hands.keyboard.press("Enter")
    mina.sees("Check your inbox")
    mina.page.goto(mina.letter("Create your %(product)s account").link)
    hands.type("Name", "Mina Park")
    hands.prove()
    mina.is_in()


def test_the_wizard(hands: Hands) -> None:
    mina = hands.visitor
    hands.open_two_step()
    mina.sees("2-step verification is off")
    hands.press("Activate 2-Step Verification")
    mina.sees("Verify your email")
    hands.press("Send authentication number")
    field = mina.page.get_by_role("textbox", name=mina.say("Authentication number"))
    expect(field).to_be_visible()
    hands.type("Authentication number", mina.letter("Your %(product)s authentication number").number)
    hands.scan()
    hands.enter_code()
    hands.save_codes()
    mina.sees("2-step verification is on.")
    hands.press("Done")
    mina.sees("2-step verification is on")


def test_sign_in_by_code(protected_hands: Hands) -> None:
    protected_hands.sign_in()
    protected_hands.keyboard.type(protected_hands.visitor.next_code())
    protected_hands.visitor.is_in()


def test_sign_in_by_recovery_code(protected_hands: Hands) -> None:
    protected_hands.sign_in()
    protected_hands.press("Use a recovery code instead")
    protected_hands.visitor.reads("Enter one of the recovery codes that you saved. Each works once.")
    protected_hands.keyboard.type(protected_hands.visitor.recovery_codes[0])
    protected_hands.keyboard.press("Enter")
    protected_hands.visitor.is_in()


def test_reissue(protected_hands: Hands) -> None:
    protected_hands.open_two_step()
    protected_hands.press("Reissue Recovery Code")
    protected_hands.visitor.sees("Reissue Recovery Code")
    protected_hands.prove()
    protected_hands.save_codes()
    protected_hands.visitor.sees("2-step verification is on")


def test_move_to_a_new_phone(protected_hands: Hands) -> None:
    protected_hands.open_two_step()
    protected_hands.press("Move to a new phone")
    protected_hands.visitor.sees("Move to a new phone")
    protected_hands.prove()
    protected_hands.visitor.reads("A recovery code that you enter here is used up, even if you stop later.")
    # The radio buttons are one stop; the arrow keys choose.
    protected_hands.tab_to("Authentication code", "[type=radio]")
    protected_hands.keyboard.press("ArrowDown")
    protected_hands.type("Recovery code", protected_hands.visitor.recovery_codes[0])
    protected_hands.keyboard.press("Enter")
    protected_hands.scan()
    protected_hands.enter_code()
    protected_hands.save_codes()
    protected_hands.visitor.sees("Your new phone is set up.")


def test_disable(protected_hands: Hands) -> None:
    protected_hands.open_two_step()
    protected_hands.press("Disable 2-Step Verification")
    protected_hands.visitor.sees("Disable 2-Step Verification")
    protected_hands.prove()
    protected_hands.visitor.reads(
        "One last check that it is you. After this, your password alone opens your account."
    )
    protected_hands.tab_to("Authentication code", "[type=radio]")
    protected_hands.type("Authentication code", protected_hands.visitor.next_code())
    protected_hands.keyboard.press("Enter")
    protected_hands.visitor.sees("2-step verification is off")


def test_a_forgotten_password(hands: Hands) -> None:
    mina = hands.visitor
    mina.sign_out()
    hands.press("Forgot your password?")
    mina.sees("Forgotten password")
    hands.type("Email", EMAIL)
    hands.keyboard.press("Enter")
    mina.sees("Check your inbox")
    mina.page.goto(mina.letter("Set a new password for %(product)s").link)
    hands.type("New password", NEW_PASSWORD)
    hands.keyboard.press("Enter")
    mina.is_in()


def test_name_and_language(hands: Hands) -> None:
    mina = hands.visitor
    hands.press("Account management")
    hands.type("Name", " K.")
    hands.tab_to("Language", "select")
    hands.keyboard.press("ArrowUp" if mina.language == "ko" else "ArrowDown")
    hands.press("Save")
    there = "ko" if mina.language == "en" else "en"
    expect(mina.page.locator("html")).to_have_attribute("lang", there)
    expect(mina.page.locator("#profile-name")).to_have_text(re.compile("K\\.$"))


def test_the_password(hands: Hands) -> None:
    mina = hands.visitor
    hands.press("Account management")
    mina.sees("Profile")
    hands.press("Password")
    mina.sees("Password")
    hands.type("Current password", PASSWORD)
    hands.type("New password", NEW_PASSWORD)
    hands.keyboard.press("Enter")
    mina.reads("Your password is changed. Your other devices are signed out.")


def test_escape_leads_out_of_the_modal_to_where_one_was(hands: Hands) -> None:
    hands.open_two_step()
    hands.visitor.sees("2-step verification is off")
    hands.keyboard.press("Escape")
    opener = hands.page.get_by_role("button", name=hands.visitor.say("Account management"), exact=True)
    expect(opener).to_be_focused()
    hands.keyboard.press("Enter")
    hands.visitor.sees("Profile")


def test_the_session_of_another_device_is_ended(hands: Hands, make_visitor: Callable[..., Visitor]) -> None:
    elsewhere = make_visitor("korean-phone" if hands.visitor.language == "ko" else "phone")
    elsewhere.page.goto("/sign-in")
    elsewhere.type_password()
    elsewhere.is_in()
    hands.page.goto("/account/sessions")
    hands.press("Sign out everywhere else")
    hands.visitor.reads("You are signed in on no other device.")


def test_organization_management(protected_hands: Hands, make_person: Callable[..., Person]) -> None:
    """A member is found, locked and unlocked, the requirement switched on, and the activity exported."""
    sign_up(make_person, "jun@example.com")
    hands, mina, page = protected_hands, protected_hands.visitor, protected_hands.page
    page.goto("/")
    hands.press("Organization management")
    expect(page.get_by_role("heading", name=mina.say("Members"))).to_be_focused()
    hands.type("Name or address", "jun@")
    hands.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("search=jun"))
    expect(page.get_by_role("heading", name=mina.say("Members"))).to_be_focused()
    hands.press("Mina Park")
    mina.reads("Remind")
    for action, done in (("Lock", "The account is locked."), ("Unlock", "The account is unlocked.")):
        hands.press(action)
        mina.sees(action)
        hands.type("Reason", "a laptop in a train")
        hands.keyboard.press("Enter")
        mina.reads(done)
    hands.press("All members")
    expect(page.get_by_role("heading", name=mina.say("Members"))).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name=mina.say("Organization management"))).to_be_focused()
    hands.keyboard.press("Enter")
    mina.sees("Members")
    hands.back_to("Security settings")
    hands.keyboard.press("Enter")
    mina.sees("Security settings")
    hands.tab_to("Require 2-step verification for all users")
    hands.keyboard.press("Space")
    hands.press("Save")
    mina.reads("The settings are saved.")
    hands.back_to("Activity")
    hands.keyboard.press("Enter")
    mina.sees("Activity")
    hands.press("Export")
    mina.sees("Export activity")
    with page.expect_download() as coming:
        hands.press("Download CSV")
    assert coming.value.suggested_filename == "twostep-activity.csv"
