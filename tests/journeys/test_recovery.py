"""The way back in a real browser: by help, and by waiting."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys.visitor import EMAIL, PASSWORD, Visitor
from tests.recovery.steps import help_back, work
from tests.support.person import Person

pytestmark = pytest.mark.looks

WAYS = ["desktop", "phone", "no-js", "korean"]
DAYS = 7


@pytest.fixture
def config(config: dict[str, Any]) -> dict[str, Any]:
    return {**config, "RECOVERY_DAYS": DAYS}


def protect(make_person: Callable[..., Person], way: str) -> Person:
    return make_person(languages="ko" if way.startswith("korean") else "").sign_up().activate()


def go_back(mina: Visitor, link: str) -> None:
    """From the mailed link to a new second step, and to nothing else before it."""
    mina.open(link)
    mina.sees("Set up 2-step verification again")
    mina.type("Password", PASSWORD)
    mina.press("Next")
    mina.is_at(1, of=4)
    mina.open("/")
    mina.is_at(1, of=4)
    mina.clock.advance(minutes=2)
    mina.verify_email()
    mina.scan()
    mina.enter_code()
    mina.save_codes()
    mina.sees("2-step verification is on.")
    mina.open("/")
    mina.is_in()


@pytest.mark.parametrize("way", WAYS)
def test_link_of_help_leads_to_a_new_second_step(
    make_visitor: Callable[..., Visitor], make_person: Callable[..., Person], way: str
) -> None:
    person = protect(make_person, way)
    mina = make_visitor(way)
    help_back(person.app)
    go_back(mina, mina.letter("Set up 2-step verification again", to=EMAIL).link)


@pytest.mark.parametrize("way", ["desktop", "no-js"])
def test_whole_wait_leads_to_a_new_second_step(
    make_visitor: Callable[..., Visitor], make_person: Callable[..., Person], way: str
) -> None:
    person = protect(make_person, way)
    mina = make_visitor(way)
    mina.clock.advance(minutes=2)
    mina.open("/sign-in")
    mina.type_password()
    mina.follow("I have lost everything")
    mina.sees("I have lost everything")
    mina.press("Send authentication number")
    mina.is_offered("Authentication number")
    number = mina.letter("Your %(product)s authentication number", to=EMAIL).number
    mina.enter("Authentication number", number, "Begin the wait")
    mina.reads("You don’t need to do anything until then. You can close this page.")
    for days in (DAYS / 2, DAYS / 2 - 1, 1):
        mina.clock.advance(seconds=days * 24 * 3600)
        work(person.app)
    go_back(mina, mina.letter("The wait is over: set up 2-step verification again", to=EMAIL).link)


@pytest.mark.parametrize("way", ["desktop", "no-js"])
def test_press_in_an_open_session_stops_it(
    make_visitor: Callable[..., Visitor], make_person: Callable[..., Person], way: str
) -> None:
    person = protect(make_person, way)
    mina = make_visitor(way).arrive(person)
    help_back(person.app)
    text = mina.letter("Set up 2-step verification again", to=EMAIL).text
    mina.open("/")
    mina.press("This wasn’t me")
    mina.reads("Nobody can get in that way any more.")
    back = re.findall(r"https?://\S+", text)[0]
    mina.open(back)
    mina.sees("This link has ended")
