"""A button pressed twice without JavaScript, where nothing holds the second press back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.journeys.visitor import Visitor
from tests.support.person import Person


@pytest.mark.parametrize("way", ["no-js", "no-htmx"])
def test_verify_pressed_twice_signs_in_once(
    make_visitor: Callable[..., Visitor], person: Person, way: str
) -> None:
    mina = make_visitor(way).arrive(person.sign_up().activate())
    mina.sign_out()
    mina.type_password()
    mina.fill("Authentication code", mina.next_code())
    mina.page.get_by_role("button", name="Verify").dblclick(no_wait_after=True)
    mina.is_in()


def test_sign_in_pressed_twice_signs_in(make_visitor: Callable[..., Visitor], person: Person) -> None:
    mina = make_visitor("no-js").arrive(person.sign_up())
    mina.sign_out()
    mina.type("Email", person.email)
    mina.type("Password", "orange kettle drives north")
    mina.page.get_by_role("button", name="Sign in").dblclick(no_wait_after=True)
    mina.is_in()
