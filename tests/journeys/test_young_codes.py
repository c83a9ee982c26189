"""The check-up, and recovery codes that open sign-in only, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.journeys.visitor import PASSWORD, Visitor
from tests.journeys.walks import SAVED
from tests.support.expecting import expect
from tests.support.person import Person

pytestmark = pytest.mark.looks

TAB = "/account/two-step"
ASKED = "Can you still get in?"
Make = Callable[..., Visitor]


def come_back(mina: Visitor, **later: float) -> None:
    """Sign in after a while, by a code of the app, and open the tab."""
    mina.sign_out()
    mina.clock.advance(**later)
    mina.open("/sign-in")
    mina.type_password()
    mina.enter("Authentication code", mina.next_code(), "Verify")
    mina.is_in()
    mina.open(TAB)
    mina.sees("2-step verification is on")


@pytest.mark.parametrize("way", ["desktop", "phone", "no-js", "no-htmx", "korean-phone"])
def test_check_up(make_visitor: Make, make_person: Callable[..., Person], way: str) -> None:
    """A wrong code is refused at its field, the right one answers it for good."""
    mina = make_visitor(way)
    mina.arrive(make_person(languages=mina.language).sign_up().activate())
    come_back(mina, days=28)
    mina.sees(ASKED)
    mina.fill("Authentication code", "000000")
    mina.press("Check")
    mina.reads("That code is not right. Enter the newest code from your app.")
    mina.sees(ASKED)
    mina.fill("Authentication code", mina.next_code())
    mina.press("Check")
    expect(mina.page.get_by_text(mina.say("It works: you can still get in.")).first).to_be_visible()
    mina.open(TAB)
    mina.sees("2-step verification is on")
    expect(mina.page.get_by_role("heading", name=mina.say(ASKED))).to_have_count(0)


@pytest.mark.parametrize("way", ["desktop", "no-js"])
def test_check_up_is_dismissed(make_visitor: Make, person: Person, way: str) -> None:
    mina = make_visitor(way).arrive(person.sign_up().activate())
    come_back(mina, days=28)
    mina.sees(ASKED)
    mina.press("Don’t ask again")
    expect(mina.page.get_by_role("heading", name=ASKED)).to_have_count(0)
    mina.sees("2-step verification is on")


@pytest.mark.parametrize("way", ["desktop", "phone", "no-js"])
def test_codes_for_sign_in_only_are_made_worthless(make_visitor: Make, person: Person, way: str) -> None:
    """A thief reissues them by the password; the owner presses the button in the mail, elsewhere."""
    thief = make_visitor(way).arrive(person.sign_up().activate())
    thief.clock.advance(minutes=16)
    thief.open(f"{TAB}/reissue")
    thief.type("Password", PASSWORD)
    thief.press("Next")
    thief.sees("Save your recovery codes")
    thief.tick(SAVED)
    thief.press("Complete")
    thief.sees("2-step verification is on")
    expect(thief.page.locator(".panel__note")).to_contain_text("they open sign-in only")
    owner = make_visitor(way)
    owner.open(thief.letter("Your recovery codes were reissued").link)
    owner.press("Make them worthless")
    owner.sees("The new recovery codes no longer work")
    owner.follow("Set a new password")
    owner.sees("Forgotten password")
    thief.open(TAB)
    thief.sees("Sign in")
