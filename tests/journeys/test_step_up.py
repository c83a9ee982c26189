"""Signing other devices out takes a recent verification: the console's own step-up, in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.journeys.visitor import PASSWORD, Visitor
from tests.support.expecting import expect
from tests.support.person import Person

pytestmark = pytest.mark.looks

CONFIRM = "/account/two-step/confirm"


@pytest.fixture
def other_browser(person: Person, make_person: Callable[..., Person]) -> Person:
    """The same person at another browser, signed in there with a code."""
    person.sign_up().activate()
    other = make_person()
    other.sign_in()
    other.verify(person.next_code())
    assert other.is_signed_in()
    return other


def press_too_late(mina: Visitor) -> None:
    mina.open("/account/sessions")
    mina.sees("Sessions")
    mina.clock.advance(minutes=16)
    mina.press("Sign out everywhere else")
    mina.sees("Confirm it is you")
    mina.reads("Nothing was sent yet. Once you have confirmed, you can send it as it is.")


def confirm(mina: Visitor, code: str) -> None:
    mina.fill("Authentication code", code)
    mina.press("Next")


@pytest.mark.parametrize("way", ["desktop", "phone", "no-js", "no-htmx"])
def test_press_that_came_too_late_waits_for_the_code(
    make_visitor: Callable[..., Visitor], person: Person, other_browser: Person, way: str
) -> None:
    mina = make_visitor(way).arrive(person)
    press_too_late(mina)
    confirm(mina, "000000")
    mina.is_refused()
    mina.reads("Nothing was sent yet. Once you have confirmed, you can send it as it is.")
    confirm(mina, mina.next_code())
    mina.sees("Nothing was sent yet")
    assert other_browser.is_signed_in()
    mina.press("Send now")
    mina.reads("Every other device is signed out.")
    expect(mina.page).to_have_url(re.compile("/account/sessions$"))
    assert not other_browser.is_signed_in()


@pytest.mark.parametrize("way", ["desktop", "no-js"])
def test_cancel_sends_nothing_and_back_neither(
    make_visitor: Callable[..., Visitor], person: Person, other_browser: Person, way: str
) -> None:
    mina = make_visitor(way).arrive(person)
    press_too_late(mina)
    confirm(mina, mina.next_code())
    mina.sees("Nothing was sent yet")
    mina.page.reload()
    mina.sees("Nothing was sent yet")
    mina.page.go_back()
    mina.sees("Confirm it is you")
    mina.page.go_forward()
    mina.sees("Nothing was sent yet")
    mina.follow("Cancel")
    mina.sees("Sessions")
    assert other_browser.is_signed_in()


def test_password_is_asked_for_while_it_is_off(visitor: Visitor, make_person: Callable[..., Person]) -> None:
    other = make_person()
    other.sign_in()
    press_too_late(visitor)
    visitor.type("Password", PASSWORD)
    visitor.press("Next")
    visitor.sees("Nothing was sent yet")
    visitor.press("Send now")
    visitor.reads("Every other device is signed out.")
    assert not other.is_signed_in()


def test_heading_has_the_focus_on_each_page(
    make_visitor: Callable[..., Visitor], person: Person, other_browser: Person
) -> None:
    mina = make_visitor().arrive(person)
    press_too_late(mina)
    expect(mina.page.get_by_role("heading", name="Confirm it is you")).to_be_focused()
    confirm(mina, mina.next_code())
    expect(mina.page.get_by_role("heading", name="Nothing was sent yet")).to_be_focused()
    assert other_browser.is_signed_in()
