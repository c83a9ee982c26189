"""Download my data in a real browser: the file comes, the page stays, a late press is asked to confirm."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.visitor import EMAIL, Visitor
from tests.support.expecting import expect
from tests.support.person import Person

pytestmark = pytest.mark.looks


def open_profile(mina: Visitor) -> None:
    mina.press("Account management")
    mina.sees("Profile")


def save(mina: Visitor, button: str) -> dict[str, Any]:
    """Press *button* and return what the file says that the browser saves."""
    with mina.page.expect_download() as coming:
        mina.press(button)
    assert coming.value.suggested_filename == "twostep-my-data.json"
    found: dict[str, Any] = json.loads(Path(coming.value.path()).read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("way", ["desktop", "phone", "no-js", "no-htmx", "korean", "korean-phone"])
def test_file_comes_and_the_page_stays(
    make_visitor: Callable[..., Visitor], make_person: Callable[..., Person], way: str
) -> None:
    person = make_person(languages="ko" if way.startswith("korean") else "")
    mina = make_visitor(way).arrive(person.sign_up())
    open_profile(mina)
    mina.press("Download my data")
    mina.sees("Download my data")
    found = save(mina, "Download")
    assert found[mina.say("Profile")][mina.say("Email")] == EMAIL
    # Nothing is busy: the next press gives a file too.
    expect(mina.page.locator("[aria-busy=true]")).to_have_count(0)
    assert save(mina, "Download")[mina.say("Profile")][mina.say("Email")] == EMAIL
    mina.sees("Download my data")
    mina.letter("Your %(product)s data was downloaded", to=EMAIL)
    mina.follow("Activity")
    mina.sees("Activity")
    expect(mina.page.get_by_text(mina.say("Data downloaded"), exact=True)).to_have_count(2)


@pytest.mark.parametrize("way", ["desktop", "no-js"])
def test_confirmation_comes_before_the_page_and_before_a_late_press(
    make_visitor: Callable[..., Visitor], person: Person, way: str
) -> None:
    mina = make_visitor(way).arrive(person.sign_up().activate())
    mina.clock.advance(minutes=16)
    open_profile(mina)
    mina.press("Download my data")
    mina.sees("Confirm it is you")
    mina.fill("Authentication code", mina.next_code())
    mina.press("Next")
    mina.sees("Download my data")
    mina.clock.advance(minutes=16)
    mina.press("Download")
    mina.sees("Confirm it is you")
    mina.fill("Authentication code", mina.next_code())
    mina.press("Next")
    mina.sees("Nothing was sent yet")
    assert save(mina, "Send now")["Profile"]["Email"] == EMAIL


def test_sixth_press_is_told_to_wait(make_visitor: Callable[..., Visitor], person: Person) -> None:
    mina = make_visitor().arrive(person.sign_up())
    mina.open("/account/profile/data")
    for _ in range(5):
        save(mina, "Download")
    mina.press("Download")
    mina.is_refused()
    mina.sees("Download my data")
