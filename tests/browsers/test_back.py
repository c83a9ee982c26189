"""Back in Firefox and WebKit, which keep their history in other ways than Chromium."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.keys import Keys

from tests.browsers.guest import Guest
from tests.support.person import EMAIL, PASSWORD, Person

pytestmark = pytest.mark.looks

WRONG = "not my password at all"
OPENER = "Account management"


def back_to(guest: Guest, path: str) -> set[str]:
    """Go back until the page at *path* comes; return the headings of the pages before it.

    Where the browser has no page to show, its error stands for the heading.
    """
    headings: set[str] = set()
    while True:
        try:
            guest.page.driver.back()
        except WebDriverException as error:
            headings.add(str(error.msg))
            continue
        if guest.page.address.endswith(path):
            return headings
        shown = guest.page.until(lambda: guest.texts("h1, h3"), lambda: f"nothing on {guest.page.address}")
        headings.add(shown[0])


# Without JavaScript. Firefox says "Document Expired" for a page that was the answer to a post.


def test_after_refused_posts_back_survives(make_guest: Callable[..., Guest]) -> None:
    mina = make_guest("firefox", "no-js", again=True)
    mina.open("/forgot-password")
    mina.open("/sign-in")
    for _ in range(2):
        mina.type("Email", EMAIL)
        mina.type("Password", WRONG)
        mina.press("Sign in")
        # The answer is a page of its own, and its password field is empty.
        mina.holds("Password", "")
        mina.reads("The e-mail address or the password is not right.")
    mina.follow("Create an account")
    mina.sees("Create an account")
    assert back_to(mina, "/forgot-password") == {"Sign in"}


def test_after_accepted_post_back_survives(make_guest: Callable[..., Guest], person: Person) -> None:
    mina = make_guest("firefox", "no-js", again=True).arrive(person.sign_up())
    mina.open("/forgot-password")
    mina.open("/account/password")
    mina.type("Current password", PASSWORD)
    mina.type("New password", f"{PASSWORD} again")
    mina.press("Change password")
    mina.reads("Your password is changed. Your other devices are signed out.")
    mina.follow("Sessions")
    mina.sees("Sessions")
    assert back_to(mina, "/forgot-password") == {"Password"}


# With JavaScript: the account dialog

HISTORIES: dict[str, tuple[str, dict[str, Any]]] = {
    "firefox": ("firefox", {}),
    "firefox without the Navigation API": (
        "firefox",
        {"preferences": {"dom.navigation.webidl.enabled": False}},
    ),
    "webkit": ("webkit", {}),
}


@pytest.fixture(params=HISTORIES)
def at_dialog(request: pytest.FixtureRequest, make_guest: Callable[..., Guest], person: Person) -> Guest:
    """Signed in, at the second tab of the dialog, which was opened from the console's header."""
    browser, options = HISTORIES[request.param]
    mina = make_guest(browser, again=True, **options).arrive(person.sign_up())
    mina.open("/sign-up")
    mina.open("/")
    mina.open_two_step()
    mina.sees("2-step verification is off")
    return mina


def is_at_console(guest: Guest) -> None:
    """The dialog is closed, and the address says so."""
    guest.page.until(lambda: not guest.page.elements("dialog[open]"), "the dialog is open")
    guest.page.until(lambda: guest.page.address == f"{guest.url}/", lambda: guest.page.address)


def test_after_escape_back_leads_out_of_the_console(at_dialog: Guest) -> None:
    at_dialog.page.strike(Keys.ESCAPE)
    is_at_console(at_dialog)
    at_dialog.page.driver.back()
    at_dialog.sees("Create an account")
    at_dialog.page.driver.forward()
    at_dialog.sees("Hello, %(name)s", name="Mina Park")
    is_at_console(at_dialog)


def test_after_reload_and_escape_back_leads_out_of_the_console(at_dialog: Guest) -> None:
    at_dialog.page.driver.refresh()
    at_dialog.sees("2-step verification is off")
    at_dialog.page.strike(Keys.ESCAPE)
    is_at_console(at_dialog)
    at_dialog.page.driver.back()
    at_dialog.sees("Create an account")


def test_after_escape_page_stays_and_opener_has_focus(at_dialog: Guest) -> None:
    driver = at_dialog.page.driver
    driver.execute_script("window.stayed = true")
    at_dialog.page.strike(Keys.ESCAPE)
    is_at_console(at_dialog)
    at_dialog.page.until(
        lambda: driver.switch_to.active_element.accessible_name == OPENER,
        lambda: f"the focus is on {driver.switch_to.active_element.accessible_name!r}",
    )
    assert driver.execute_script("return window.stayed") is True
