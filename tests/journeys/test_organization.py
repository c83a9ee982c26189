"""Organization Management in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask

from console.accounts.models import Role
from tests.journeys.visitor import EMAIL, Visitor
from tests.organization.people import give, sign_up
from tests.support.expecting import expect
from tests.support.person import Person
from tests.support.still import settle

pytestmark = pytest.mark.looks


def test_dialog_opens_from_the_header_and_gives_the_focus_back(visitor: Visitor) -> None:
    page = visitor.page
    page.evaluate("window.stayed = true")
    visitor.press("Organization management")
    expect(page.get_by_role("dialog", name="Organization Management")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/organization/members\??$"))
    expect(page.get_by_role("heading", name="Members")).to_be_focused()
    expect(page.get_by_role("link", name="Members")).to_have_attribute("aria-current", "page")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page).to_have_url(re.compile(r"[0-9]/$"))
    expect(page.get_by_role("button", name="Organization management")).to_be_focused()
    assert page.evaluate("window.stayed")


def test_each_dialog_opens_in_its_own_place(visitor: Visitor) -> None:
    page = visitor.page
    for opener, name in (
        ("Account management", "Account Management"),
        ("Organization management", "Organization Management"),
        ("Account management", "Account Management"),
    ):
        visitor.press(opener)
        expect(page.get_by_role("dialog")).to_have_accessible_name(name)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(page.get_by_role("button", name=opener)).to_be_focused()


def test_page_that_comes_with_the_dialog_is_closed_to_its_opener(visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/organization/members")
    expect(page.get_by_role("dialog")).to_have_accessible_name("Organization Management")
    expect(page.get_by_role("heading", name="Members")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Organization management")).to_be_focused()
    visitor.press("Account management")
    visitor.sees("Profile")


def test_owner_locks_a_member_and_unlocks_them(visitor: Visitor, make_person: Callable[..., Person]) -> None:
    make_person(email="jun@example.com").sign_up("jun@example.com")
    page = visitor.page
    page.evaluate("window.stayed = true")
    visitor.press("Organization management")
    visitor.fill("Name or address", "jun@")
    visitor.press("Search")
    expect(page).to_have_url(re.compile("search=jun"))
    page.locator(".members a").click()
    visitor.follow("Lock")
    visitor.press("Lock")
    visitor.reads("Give a reason of 1 to 200 characters.")
    visitor.fill("Reason", "left her laptop in a train")
    visitor.press("Lock")
    visitor.reads("The account is locked.")
    visitor.follow("Unlock")
    visitor.fill("Reason", "has it back")
    visitor.press("Unlock")
    visitor.reads("The account is unlocked.")
    visitor.follow("All members")
    visitor.sees("Members")
    assert page.evaluate("window.stayed")


def test_administrator_and_member_see_what_is_theirs(
    visitor: Visitor, app: Flask, make_person: Callable[..., Person]
) -> None:
    sign_up(make_person, "jun@example.com", Role.OWNER)
    give(app, EMAIL, Role.ADMINISTRATOR)
    page = visitor.page
    page.goto("/organization/members/2")
    visitor.reads("Only another owner may do something about an owner’s account.")
    give(app, EMAIL, Role.MEMBER)
    page.goto("/organization/members/2")
    visitor.sees("There is nothing here")
    page.goto("/")
    expect(page.get_by_role("button", name="Organization management")).to_have_count(0)


@pytest.mark.parametrize(
    ("role", "heading"), [(Role.OWNER, "Members"), (Role.MEMBER, "There is nothing here")]
)
def test_stranger_is_led_by_way_of_the_sign_in_to_what_is_theirs(
    make_visitor: Callable[..., Visitor], app: Flask, person: Person, role: Role, heading: str
) -> None:
    person.sign_up()
    give(app, EMAIL, role)
    stranger = make_visitor()
    stranger.open("/organization/members?search=mina")
    stranger.sees("Sign in")
    stranger.type_password()
    stranger.is_on("/organization/members?search=mina")
    stranger.sees(heading)


def test_administrator_reminds_and_member_turns_it_on_by_the_mail(
    make_visitor: Callable[..., Visitor], app: Flask, visitor: Visitor, make_person: Callable[..., Person]
) -> None:
    jun = sign_up(make_person, "jun@example.com")
    give(app, EMAIL, Role.ADMINISTRATOR)
    visitor.press("Organization management")
    visitor.page.get_by_label("Show").select_option("without-2sv")
    visitor.fill("Name or address", "jun@")
    visitor.press("Search")
    expect(visitor.page).to_have_url(re.compile("without-2sv"))
    visitor.page.locator(".members a").click()
    visitor.follow("Remind")
    visitor.press("Remind")
    visitor.reads("The mail is on its way.")
    letter = visitor.inbox.wait_for("Turn on 2-step verification", to="jun@example.com")
    member = make_visitor().arrive(jun)
    member.open(letter.link)
    member.sees("2-step verification is off")
    expect(member.page.get_by_role("button", name="Organization management")).to_have_count(0)


@pytest.mark.parametrize("url", ["/organization/members/2", "/organization/members/2/role"])
def test_axe_finds_nothing_at_a_member(
    visitor: Visitor, make_person: Callable[..., Person], url: str
) -> None:
    make_person(email="jun@example.com").sign_up("jun@example.com")
    visitor.page.goto(url)
    expect(visitor.page.get_by_role("dialog")).to_be_visible()
    settle(visitor.page)
    assert Axe().run(visitor.page).response["violations"] == []
