"""A button pressed twice while the page goes."""

from __future__ import annotations

from collections.abc import Callable

from tests.journeys.visitor import Visitor
from tests.support.person import PASSWORD, Person


def test_verify_pressed_twice_without_htmx_signs_in(
    make_visitor: Callable[..., Visitor], person: Person
) -> None:
    mina = make_visitor("no-htmx").arrive(person.sign_up().activate())
    mina.sign_out()
    mina.type_password()
    mina.fill("Authentication code", mina.next_code())
    mina.page.get_by_role("button", name="Verify").dblclick(no_wait_after=True)
    mina.is_in()


def test_sign_in_pressed_twice_without_script_signs_in(
    make_visitor: Callable[..., Visitor], person: Person
) -> None:
    mina = make_visitor("no-js").arrive(person.sign_up())
    mina.sign_out()
    mina.type("Email", person.email)
    mina.type("Password", PASSWORD)
    mina.page.get_by_role("button", name="Sign in").dblclick(no_wait_after=True)
    mina.is_in()
