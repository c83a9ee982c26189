"""Moving to a new phone in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.journeys.visitor import PASSWORD, Visitor
from tests.support.expecting import expect
from tests.support.person import Person

pytestmark = pytest.mark.looks


@pytest.mark.parametrize("way", ["desktop", "phone", "no-js", "no-htmx", "korean-phone"])
def test_the_whole_move(
    make_visitor: Callable[..., Visitor], make_person: Callable[..., Person], way: str
) -> None:
    """Move, and sign in with the new app, not with the old one nor with an old recovery code."""
    mina = make_visitor(way)
    mina.arrive(make_person(languages=mina.language).sign_up().activate()).open_two_step()
    old_app, old_codes = mina.app, mina.recovery_codes
    mina.move()
    mina.has_codes(10)

    mina.sign_out()
    mina.type_password()
    mina.clock.advance(seconds=30)
    mina.enter("Authentication code", old_app.code(mina.clock.seconds), "Verify")
    mina.reads("That code is not right. Enter the newest code from your app.")
    mina.follow("Use a recovery code instead")
    mina.fill("Recovery code", old_codes[0])
    mina.press("Verify")
    mina.reads("That recovery code is not right, or was used already.")
    mina.follow("Use the authenticator app instead")
    mina.enter("Authentication code", mina.next_code(), "Verify")
    mina.is_in()


@pytest.mark.parametrize("way", ["desktop", "phone", "no-js", "no-htmx"])
def test_a_lost_phone(make_visitor: Callable[..., Visitor], person: Person, way: str) -> None:
    """Sign in with a recovery code, move with another, from the notice that offers it."""
    mina = make_visitor(way).arrive(person.sign_up().activate())
    mina.sign_out()
    mina.type_password()
    mina.follow("Use a recovery code instead")
    mina.fill("Recovery code", mina.recovery_codes[0])
    mina.press("Verify")
    mina.is_in()
    mina.follow("Move to a new phone")
    mina.type("Password", PASSWORD)
    mina.press("Next")
    mina.choose("Recovery code")
    mina.fill("Recovery code", mina.recovery_codes[1])
    mina.press("Next")
    mina.scan(1, of=3)
    mina.enter_code(2, of=3)
    mina.save_codes(3, of=3)
    mina.sees("Your new phone is set up.")


def test_it_stays_in_the_modal_and_the_address_follows(protected_visitor: Visitor) -> None:
    protected_visitor.page.evaluate("window.stayed = true")
    protected_visitor.press("Move to a new phone")
    expect(protected_visitor.page).to_have_url(re.compile(r"/account/two-step/move/\d+$"))
    protected_visitor.type("Password", PASSWORD)
    protected_visitor.press("Next")
    expect(protected_visitor.page).to_have_url(re.compile("/account/two-step/move/verify$"))
    protected_visitor.fill("Authentication code", protected_visitor.next_code())
    protected_visitor.press("Next")
    protected_visitor.sees("Scan the QR code")
    expect(protected_visitor.page).to_have_url(re.compile("/account/two-step/enroll/scan$"))
    protected_visitor.scan(1, of=3)
    protected_visitor.enter_code(2, of=3)
    protected_visitor.save_codes(3, of=3)
    protected_visitor.sees("Your new phone is set up.")
    expect(protected_visitor.page).to_have_url(re.compile("/account/two-step/enroll/moved$"))
    assert protected_visitor.page.evaluate("window.stayed")


def test_closing_it_leaves_a_way_to_go_on_and_the_old_app_working(protected_visitor: Visitor) -> None:
    old_app = protected_visitor.app
    protected_visitor.press("Move to a new phone")
    protected_visitor.type("Password", PASSWORD)
    protected_visitor.press("Next")
    protected_visitor.fill("Authentication code", protected_visitor.next_code())
    protected_visitor.press("Next")
    protected_visitor.scan(1, of=3)
    protected_visitor.press("Close")
    protected_visitor.open_two_step()
    protected_visitor.follow("Continue at step %(step)s of %(steps)s", step=2, steps=3)
    protected_visitor.sees("Enter the code from your app")
    protected_visitor.press("Cancel")
    protected_visitor.sees("2-step verification is on")
    protected_visitor.sign_out()
    protected_visitor.type_password()
    protected_visitor.clock.advance(seconds=30)
    protected_visitor.enter("Authentication code", old_app.code(protected_visitor.clock.seconds), "Verify")
    protected_visitor.is_in()


def test_the_warning_about_a_used_code_leads_on_in_the_modal(protected_visitor: Visitor) -> None:
    protected_visitor.sign_out()
    protected_visitor.type_password()
    protected_visitor.follow("Use a recovery code instead")
    protected_visitor.fill("Recovery code", protected_visitor.recovery_codes[0])
    protected_visitor.press("Verify")
    protected_visitor.is_in()
    protected_visitor.open_two_step()
    protected_visitor.reads("A recovery code was last used on")
    protected_visitor.page.evaluate("window.stayed = true")
    protected_visitor.follow("move to a new one")
    protected_visitor.sees("Move to a new phone")
    assert protected_visitor.page.evaluate("window.stayed")
