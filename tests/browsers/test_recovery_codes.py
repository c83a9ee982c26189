"""The recovery codes in Firefox and in WebKit: taken away in three ways, and only then done with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browsers.guest import Guest
from tests.journeys.walks import SAVED
from tests.support.page import BUTTON, LINK
from tests.support.person import Person

pytestmark = pytest.mark.looks

BROWSERS = pytest.mark.parametrize("browser", ["firefox", "webkit"])


@pytest.fixture
def at_codes(make_guest: Callable[..., Guest], person: Person) -> Callable[..., Guest]:
    """Return somebody before the last step of the wizard."""

    def make(browser: str, way: str = "desktop") -> Guest:
        guest = make_guest(browser, way, again=True)
        guest.arrive(person.sign_up().begin().verify_email().scan().enter_code())
        guest.open("/account/two-step/enroll/recovery")
        guest.sees("Save your recovery codes")
        return guest

    return make


@BROWSERS
def test_codes_can_be_copied_downloaded_and_printed(at_codes: Callable[..., Guest], browser: str) -> None:
    guest = at_codes(browser)
    assert guest.page.find(BUTTON, "Print") and guest.page.find(LINK, "Download file")
    guest.press("Copy to clipboard")
    guest.reads("Copied.")


def test_firefox_saves_the_codes_as_a_file(at_codes: Callable[..., Guest]) -> None:
    guest = at_codes("firefox")
    codes = guest.texts("#recovery-codes li")
    guest.follow("Download file")
    files = guest.page.home
    saved = guest.page.until(
        lambda: [text for file in files.glob("*.txt") if (text := file.read_text())], "there is no file"
    )
    assert [line for line in saved[0].splitlines() if line in codes] == codes


@BROWSERS
def test_complete_waits_for_the_box(at_codes: Callable[..., Guest], browser: str) -> None:
    guest = at_codes(browser)
    assert not guest.page.find(BUTTON, "Complete").is_enabled()
    guest.tick(SAVED)
    guest.press("Complete")
    guest.sees("2-step verification is on.")


@BROWSERS
def test_without_javascript_the_server_asks_for_the_box(at_codes: Callable[..., Guest], browser: str) -> None:
    guest = at_codes(browser, "no-js-phone")
    guest.press("Complete")
    guest.page.until(lambda: guest.texts(".error"), "the server does not refuse")
    guest.tick(SAVED)
    guest.press("Complete")
    guest.sees("2-step verification is on.")
