"""Help for a member who is locked out, in browsers: two administrators and the member."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask

from console.accounts.models import Role
from tests.journeys.visitor import PASSWORD, Visitor
from tests.organization.helping import JUN, KIM, LINK, REASON, links, take_two
from tests.organization.people import sign_up
from tests.support.expecting import expect
from tests.support.person import Person

pytestmark = pytest.mark.looks


@dataclass(frozen=True)
class Asked:
    """What the three see once the reset was asked for and approved.

    :param back, stop: the links in the mail to the member.
    """

    asker: Visitor
    approver: Visitor
    member: Visitor
    back: str
    stop: str


@pytest.fixture
def approved(
    app: Flask,
    visitor: Visitor,
    make_visitor: Callable[..., Visitor],
    make_person: Callable[..., Person],
) -> Asked:
    """Mina asks for the reset of Jun's 2-step verification, and Kim approves it."""
    make_person(email=JUN).sign_up(JUN).activate()
    kim = make_visitor().arrive(sign_up(make_person, KIM, Role.ADMINISTRATOR))
    take_two(app)
    page = visitor.page
    visitor.press("Organization management")
    page.locator(".members__member").filter(has_text=JUN).get_by_role("link").click()
    page.evaluate("window.stayed = true")
    visitor.follow("Reset 2-step verification")
    visitor.press("Reset 2-step verification")
    visitor.reads("Give a reason of 1 to 200 characters.")
    visitor.fill("Reason", REASON)
    visitor.press("Reset 2-step verification")
    visitor.reads("Your request waits for a second administrator. We have mailed those who may approve it.")
    expect(page.get_by_role("link", name="Approve")).to_have_count(0)
    assert page.evaluate("window.stayed")

    kim.open(kim.letter("A reset of 2-step verification waits for you", to=KIM).link)
    kim.sees("A reset waits for approval")
    kim.follow("Approve")
    kim.sees("Approve the reset")
    kim.reads(REASON)
    kim.press("Approve")
    kim.reads("The link is on its way to the member.")
    kim.sees("A link to reset is out")
    way = links(kim.letter(LINK, to=JUN))
    return Asked(visitor, kim, make_visitor(), way.back, way.stop)


def test_member_comes_back_by_the_link_that_a_second_administrator_approved(approved: Asked) -> None:
    jun = approved.member
    jun.open(approved.back)
    jun.sees(LINK)
    jun.type("Password", PASSWORD)
    jun.press("Next")
    jun.sees("Verify your email")
    jun.holds("Email", JUN)
    jun.press("Send authentication number")
    number = jun.letter("Your %(product)s authentication number", to=JUN).number
    jun.enter("Authentication number", number, "Next")
    jun.scan(email=JUN)
    jun.enter_code()
    jun.save_codes()
    jun.sees("2-step verification is on.")
    jun.press("Done")
    jun.sees("2-step verification is on")

    approved.asker.open("/organization/activity")
    for said in (
        "2-step verification reset by the mailed link",
        "Reset of 2-step verification approved, link mailed",
        "Reset of 2-step verification requested",
    ):
        expect(approved.asker.page.locator(".events__what", has_text=said)).to_have_count(1)


def test_member_who_presses_this_was_not_me_locks_the_request(approved: Asked) -> None:
    jun, mina = approved.member, approved.asker
    jun.open(approved.stop)
    jun.press("This wasn’t me")
    jun.sees("It was stopped")
    jun.open(approved.back)
    jun.sees("This link has ended")
    mina.open(mina.letter("A member has stopped a reset of their 2-step verification").link)
    mina.sees("The member has stopped a reset")
    for name in ("Reset 2-step verification", "Withdraw the link"):
        expect(mina.page.get_by_role("link", name=name)).to_have_count(0)


def test_member_who_is_signed_in_stops_a_request_that_waits(
    app: Flask, visitor: Visitor, make_visitor: Callable[..., Visitor], make_person: Callable[..., Person]
) -> None:
    jun = make_visitor("phone").arrive(make_person(email=JUN).sign_up(JUN).activate())
    sign_up(make_person, KIM, Role.ADMINISTRATOR)
    take_two(app)
    visitor.open("/organization/members/2/reset")
    visitor.fill("Reason", REASON)
    visitor.press("Reset 2-step verification")
    visitor.sees("A reset waits for approval")
    jun.open_two_step()
    jun.reads("an administrator asked to reset your 2-step verification")
    jun.reads(REASON)
    jun.press("This wasn’t me")
    jun.reads("It is stopped. Your 2-step verification stays as it is.")
    jun.sees("2-step verification is on")
    expect(jun.page.get_by_role("button", name="This wasn’t me")).to_have_count(0)
    visitor.open("/organization/members/2")
    visitor.sees("The member has stopped a reset")
