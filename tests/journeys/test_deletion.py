"""Delete my account in a real browser: what the page says, the press, and the sign-in that takes it back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from console.accounts.models import Role
from tests.deletion.steps import account, keep_house
from tests.journeys.visitor import EMAIL, Visitor
from tests.organization.people import give
from tests.support.expecting import expect
from tests.support.person import Person

pytestmark = pytest.mark.looks

WAYS = ["desktop", "phone", "no-js", "no-htmx", "korean", "korean-phone"]


def arrive(make_visitor: Callable[..., Visitor], make_person: Callable[..., Person], way: str) -> Visitor:
    person = make_person(languages="ko" if way.startswith("korean") else "").sign_up()
    person.activate()
    give(person.app, EMAIL, Role.MEMBER)
    return make_visitor(way).arrive(person)


def open_page(mina: Visitor) -> None:
    mina.press("Account management")
    mina.sees("Profile")
    mina.press("Delete my account")
    mina.sees("Delete my account")
    mina.reads("At once you are signed out on every device, and the account is locked.")


@pytest.mark.parametrize("way", WAYS)
def test_press_signs_out_and_signing_in_takes_it_back(
    make_visitor: Callable[..., Visitor], make_person: Callable[..., Person], way: str
) -> None:
    mina = arrive(make_visitor, make_person, way)
    open_page(mina)
    mina.press("Delete my account")
    mina.sees("Sign in")
    expect(mina.page.locator(".notice__line")).to_contain_text("2026")
    mina.letter("Your %(product)s account will be deleted", to=EMAIL)
    mina.type_password()
    mina.sees("2-step verification")
    mina.enter("Authentication code", mina.next_code(), "Verify")
    mina.is_in()
    mina.reads("Welcome back. Your account stays: it is not deleted.")
    mina.letter("Your %(product)s account is not deleted", to=EMAIL)


@pytest.mark.parametrize("way", ["desktop", "no-js"])
def test_account_that_nobody_signs_in_to_is_gone(
    make_visitor: Callable[..., Visitor], make_person: Callable[..., Person], person: Person, way: str
) -> None:
    mina = arrive(make_visitor, make_person, way)
    open_page(mina)
    mina.press("Delete my account")
    mina.sees("Sign in")
    mina.clock.advance(days=14)
    keep_house(person.app)
    assert account(person.app) is None
    mina.letter("Your %(product)s account was deleted", to=EMAIL)
    mina.type_password()
    mina.reads("The e-mail address or the password is not right.")


@pytest.mark.parametrize("way", ["desktop", "no-js"])
def test_late_press_is_asked_to_confirm_and_can_be_canceled(
    make_visitor: Callable[..., Visitor], make_person: Callable[..., Person], person: Person, way: str
) -> None:
    mina = arrive(make_visitor, make_person, way)
    open_page(mina)
    mina.clock.advance(minutes=16)
    mina.press("Delete my account")
    mina.sees("Confirm it is you")
    mina.fill("Authentication code", mina.next_code())
    mina.press("Next")
    mina.sees("Nothing was sent yet")
    mina.follow("Cancel")
    mina.sees("Delete my account")
    mina.follow("Cancel")
    mina.sees("Profile")
    found = account(person.app)
    assert found
    assert found.delete_at is None


def test_page_comes_into_the_dialog_without_a_reload(
    make_visitor: Callable[..., Visitor], make_person: Callable[..., Person]
) -> None:
    mina = arrive(make_visitor, make_person, "desktop")
    mina.press("Account management")
    mina.sees("Profile")
    mina.page.evaluate("window.stays = true")
    mina.press("Delete my account")
    mina.sees("Delete my account")
    expect(mina.page.get_by_role("heading", name="Delete my account")).to_be_focused()
    mina.follow("Cancel")
    mina.sees("Profile")
    assert mina.page.evaluate("window.stays")


def test_only_owner_reads_why_not(make_visitor: Callable[..., Visitor], person: Person) -> None:
    mina = make_visitor().arrive(person.sign_up())
    mina.press("Account management")
    mina.press("Delete my account")
    mina.sees("Delete my account")
    mina.reads("You are the only owner of the organization. Make somebody else an owner first.")
    mina.follow("Back to Profile")
    mina.sees("Profile")
