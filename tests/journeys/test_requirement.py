"""An owner requires 2-step verification; a member sees the date, and is led into the wizard after it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.journeys.visitor import Visitor
from tests.organization.people import sign_up
from tests.organization.settings import require
from tests.support.expecting import expect
from tests.support.person import Person

pytestmark = pytest.mark.looks

JUN = "jun@example.com"
REQUIRED = "Your organization requires 2-step verification."
LINE = ".requirement:visible"


def open_settings(owner: Visitor) -> None:
    owner.open("/organization/security")
    owner.sees("Security settings")


@pytest.mark.parametrize("way", ["desktop", "phone", "no-js", "no-htmx", "korean"])
def test_owner_requires_it(
    make_visitor: Callable[..., Visitor], make_person: Callable[..., Person], way: str
) -> None:
    person = make_person(languages="ko" if way == "korean" else "")
    owner = make_visitor(way).arrive(person.sign_up().activate())
    open_settings(owner)
    owner.tick("Require 2-step verification for all users")
    owner.page.get_by_label(owner.say("Grace period")).select_option("3")
    owner.clock.advance(minutes=11)
    owner.press("Save")
    owner.sees("Confirm it is you")
    owner.fill("Authentication code", owner.next_code())
    owner.press("Next")
    owner.sees("Nothing was sent yet")
    owner.press("Send now")
    owner.reads("The settings are saved.")
    expect(owner.page.get_by_label(owner.say("Grace period"))).to_have_value("3")
    expect(owner.page.get_by_label(owner.say("Require 2-step verification for all users"))).to_be_checked()


def test_owner_without_it_is_led_to_the_wizard(visitor: Visitor) -> None:
    open_settings(visitor)
    expect(visitor.page.get_by_label("Require 2-step verification for all users")).to_be_disabled()
    visitor.follow("Turn it on")
    visitor.sees("2-step verification is off")
    visitor.open("/")
    visitor.activate()
    open_settings(visitor)
    visitor.tick("Require 2-step verification for all users")
    visitor.press("Save")
    visitor.reads("The settings are saved.")


def test_refusal_is_at_its_field_and_has_the_focus(
    make_visitor: Callable[..., Visitor], person: Person
) -> None:
    owner = make_visitor().arrive(person.sign_up().activate())
    open_settings(owner)
    owner.tick("Passkeys only for administrators")
    owner.press("Save")
    owner.is_refused()
    owner.reads("This takes the requirement above: switch that on, too.")
    expect(owner.page.get_by_label("Passkeys only for administrators")).to_be_focused()


@pytest.fixture
def owner(person: Person) -> Person:
    return person.sign_up().activate()


@pytest.fixture
def jun(owner: Person, make_person: Callable[..., Person]) -> Person:
    return sign_up(make_person, JUN)


@pytest.mark.parametrize("way", ["desktop", "phone", "no-js"])
def test_member_sees_the_date_and_is_led_in_after_it(
    make_visitor: Callable[..., Visitor], owner: Person, jun: Person, way: str
) -> None:
    require(owner, grace_days="1")
    member = make_visitor(way).arrive(jun)
    expect(member.page.locator(LINE)).to_contain_text("Turn it on by")
    member.open("/account/profile")
    member.sees("Profile")
    expect(member.page.locator(LINE).last).to_contain_text("Turn it on by")
    axe = Axe().run(member.page) if way != "no-js" else None
    assert axe is None or axe.violations_count == 0
    member.follow("2-Step Verification")
    member.sees("2-step verification is off")
    expect(member.page.locator(f".dialog {LINE}")).to_have_count(0)
    expect(member.page.locator(".account .note").first).to_contain_text("Turn it on by")

    member.clock.advance(days=1, minutes=1)
    member.open("/")
    member.open("/sign-in")
    member.type_password(JUN)
    member.sees("Verify your email")
    expect(member.page.locator(".note").first).to_contain_text(f"{REQUIRED} Turn it on now.")
    member.open("/account/profile")
    member.sees("Verify your email")


def test_line_goes_with_the_last_step_of_the_wizard(
    make_visitor: Callable[..., Visitor], owner: Person, jun: Person
) -> None:
    require(owner)
    member = make_visitor().arrive(jun)
    expect(member.page.locator(LINE)).to_be_visible()
    member.page.locator(".requirement a:visible").click()
    member.sees("2-step verification is off")
    member.press("Activate 2-Step Verification")
    member.is_at(1, 4)
    member.press("Send authentication number")
    number = member.letter("Your %(product)s authentication number", to=JUN).number
    member.enter("Authentication number", number, "Next")
    member.scan(email=JUN)
    member.enter_code()
    member.save_codes()
    member.sees("2-step verification is on.")
    member.press("Done")
    member.sees("2-step verification is on")
    member.press("Close")
    expect(member.page.get_by_role("heading", name="Sign-in protection")).to_be_visible()
    expect(member.page.locator(LINE)).to_have_count(0)
