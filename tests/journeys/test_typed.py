"""What a real browser does to what is typed before it sends it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext

from tests.journeys.visitor import Visitor
from tests.support.expecting import expect
from tests.support.person import Person
from tests.support.smtp import Inbox

pytestmark = pytest.mark.looks


@pytest.mark.parametrize("page", ["/sign-up", "/forgot-password"])
@pytest.mark.parametrize(
    ("domain", "in_ascii"),
    [("straße.example", "xn--strae-oqa.example"), ("βόλος.example", "xn--nxasmm1c.example")],
)
def test_the_domain_that_is_typed_is_the_one_that_is_mailed(
    open_browser: Callable[..., BrowserContext], inbox: Inbox, page: str, domain: str, in_ascii: str
) -> None:
    """A field of type email sends "strasse.example" (Chromium, by IDNA 2003)."""
    tab = open_browser().new_page()
    tab.goto(page)
    tab.get_by_label("Email").focus()
    tab.keyboard.insert_text(f"mina@{domain}")
    tab.keyboard.press("Enter")
    expect(tab.get_by_text(f"mina@{domain}")).to_be_visible()
    assert inbox.wait_for().recipients == [f"mina@{in_ascii}"]


def test_an_address_is_typed_with_the_keyboard_for_addresses(
    open_browser: Callable[..., BrowserContext],
) -> None:
    tab = open_browser().new_page()
    tab.goto("/sign-in")
    field = tab.get_by_label("Email")
    expect(field).to_have_attribute("inputmode", "email")
    expect(field).to_have_attribute("autocomplete", "username webauthn")


def test_a_password_of_many_emoji_is_typed_whole(
    open_browser: Callable[..., BrowserContext], inbox: Inbox, person: Person
) -> None:
    """At sign-up and at sign-in: 200 characters are 400 UTF-16 units."""
    password = "🔑🐎🔋📎" * 50
    tab = open_browser().new_page()
    tab.goto("/sign-up")
    tab.get_by_label("Email").fill(person.email)
    tab.keyboard.press("Enter")
    tab.goto(inbox.wait_for("Create your").path)
    tab.get_by_label("Name").fill("Mina")
    tab.get_by_label("Password").focus()
    tab.keyboard.insert_text(password)
    tab.get_by_role("button", name="Create account").click()
    expect(tab.get_by_text("Hello, Mina")).to_be_visible()
    other = open_browser().new_page()
    other.goto("/sign-in")
    other.get_by_label("Email").fill(person.email)
    other.get_by_label("Password").focus()
    other.keyboard.insert_text(password)
    other.keyboard.press("Enter")
    expect(other.get_by_text("Hello, Mina")).to_be_visible()


def test_a_code_in_bidi_isolates_goes_by_itself_and_is_taken(protected_visitor: Visitor) -> None:
    protected_visitor.sign_out()
    protected_visitor.type_password()
    protected_visitor.fill("Authentication code", f"\u2068{protected_visitor.next_code()}\u2069")
    protected_visitor.is_in()
