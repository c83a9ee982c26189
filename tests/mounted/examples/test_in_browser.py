"""The seed's journey in each example, by the steps that walk it in the console."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.journeys.visitor import ASKS_EVERY, Visitor
from tests.mounted.examples.conftest import EXAMPLES
from tests.support.expecting import expect
from tests.support.person import Person

JOURNEYS = [(example, way) for example in EXAMPLES for way in ("desktop", "phone", "no-js")]
"""The other ways, which nothing of a host has to do with, are walked in the console."""


@pytest.mark.parametrize(("example", "way"), JOURNEYS, indirect=["example"])
def test_the_whole_journey(make_visitor: Callable[..., Visitor], way: str) -> None:
    make_visitor(way).go_the_whole_way()


@pytest.mark.parametrize("way", ["desktop", "no-js"])
def test_move_to_a_new_phone(make_visitor: Callable[..., Visitor], person: Person, way: str) -> None:
    mina = make_visitor(way).arrive(person.sign_up().activate())
    mina.open_two_step()
    mina.move()
    mina.sign_out()
    mina.type_password()
    mina.enter("Authentication code", mina.next_code(), "Verify")
    mina.is_in()


@pytest.mark.parametrize("way", ["desktop", "no-js"])
def test_a_browser_is_remembered_and_forgotten(
    make_visitor: Callable[..., Visitor], person: Person, way: str
) -> None:
    mina = make_visitor(way).arrive(person.sign_up().activate())
    mina.sign_out()
    mina.be_remembered()
    mina.open_two_step()
    mina.sees("Remembered browsers")
    mina.press("Forget all")
    mina.reads("None. You can have a browser remembered when you sign in.")
    mina.sign_out()
    mina.type_password()
    mina.sees("2-step verification")


def test_mailed_link_moves_the_same_browser_on(make_visitor: Callable[..., Visitor], person: Person) -> None:
    mina = make_visitor().arrive(person.sign_up())
    mina.page.clock.install()
    mina.begin()
    mina.send_number()
    other_tab = mina.context.new_page()
    other_tab.goto(mina.letter("Your %(product)s authentication number").link)
    other_tab.get_by_role("button", name="Confirm", exact=True).click()
    expect(other_tab.get_by_role("heading", name="Your email is confirmed")).to_be_visible()
    mina.page.clock.run_for(ASKS_EVERY)
    mina.sees("Scan the QR code")


def test_mailed_link_without_script_is_good_in_the_same_browser(
    make_visitor: Callable[..., Visitor], person: Person
) -> None:
    mina = make_visitor("no-js").arrive(person.sign_up())
    mina.begin()
    mina.send_number()
    mina.open(mina.letter("Your %(product)s authentication number").link)
    mina.press("Confirm")
    mina.sees("Your email is confirmed")


def test_giving_up_before_the_last_step_saves_nothing(
    make_visitor: Callable[..., Visitor], person: Person
) -> None:
    mina = make_visitor().arrive(person.sign_up())
    mina.begin()
    mina.verify_email()
    mina.scan()
    mina.enter_code()
    mina.sees("Save your recovery codes")
    mina.sign_out()
    mina.type_password()
    mina.is_in()
    mina.open_two_step()
    mina.sees("2-step verification is off")
