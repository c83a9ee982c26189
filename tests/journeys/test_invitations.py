"""An owner invites an administrator, who comes in by the link; and the same where sign-up is closed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.auth.test_closed_sign_up import close
from tests.journeys.visitor import PASSWORD, Visitor
from tests.organization.inviting import INVITED, URL, invite
from tests.organization.people import Make
from tests.support.expecting import expect
from tests.support.person import Person
from tests.support.still import settle

pytestmark = pytest.mark.looks

LETTER = "You are invited to %(product)s"


def assert_no_violations(page: Page) -> None:
    settle(page)
    assert Axe().run(page).response["violations"] == []


@pytest.mark.parametrize("way", ["desktop", "phone", "no-js", "no-htmx", "korean"])
def test_owner_invites_an_administrator_who_comes_in(
    make_visitor: Callable[..., Visitor], make_person: Make, way: str
) -> None:
    person = make_person(languages="ko" if way == "korean" else "")
    owner = make_visitor(way).arrive(person.sign_up())
    owner.open("/organization/members")
    owner.follow("Invite people")
    owner.sees("Invite people")
    owner.type("Email", "noor")
    owner.page.get_by_label(owner.say("Role"), exact=True).select_option("administrator")
    owner.press("Send invitation")
    owner.is_refused()
    owner.holds("Email", "noor")
    expect(owner.page.get_by_label(owner.say("Role"), exact=True)).to_have_value("administrator")
    owner.type("Email", INVITED)
    owner.press("Send invitation")
    owner.sees("Invitations")
    owner.reads("Waiting")
    noor = make_visitor(way)
    noor.open(owner.letter(LETTER, INVITED).link)
    noor.sees("Create your account")
    noor.fill("Name", "Noor Haddad")
    noor.type("Password", PASSWORD)
    noor.press("Create account")
    noor.is_in()
    noor.open("/organization/members")
    noor.sees("Members")
    owner.open(URL)
    owner.reads("No invitation is open.")


def test_withdrawn_in_the_list_the_link_ends(visitor: Visitor, make_person: Make) -> None:
    page = visitor.page
    visitor.open(f"{URL}/new")
    visitor.type("Email", INVITED)
    visitor.press("Send invitation")
    visitor.sees("Invitations")
    page.evaluate("window.stayed = true")
    visitor.press("Send again")
    visitor.reads("This invitation was sent a few minutes ago. Wait a little before you send it again.")
    expect(page.locator("[data-refused]")).to_be_focused()
    visitor.press("Withdraw")
    visitor.reads("The invitation is withdrawn. Its link opens nothing any more.")
    assert page.evaluate("window.stayed")
    stranger = make_person()
    assert "This link has ended" in stranger.get(visitor.letter(LETTER).path).text


def test_search_stays_when_one_of_what_it_found_is_withdrawn(visitor: Visitor, person: Person) -> None:
    for address in ("ada@example.com", "noor.a@example.org", "noor.b@example.org"):
        invite(person, address)
    visitor.open(URL)
    visitor.type("Email", "noor")
    visitor.press("Search")
    expect(visitor.page).to_have_url(re.compile("search=noor"))
    visitor.page.get_by_role("button", name="Withdraw").first.click()
    visitor.reads("The invitation is withdrawn. Its link opens nothing any more.")
    visitor.holds("Email", "noor")
    expect(visitor.page).to_have_url(re.compile("search=noor"))
    expect(visitor.page.locator(".members__name")).to_have_text(["noor.a@example.org"])


def test_closed_sign_up_leads_to_an_administrator(
    visitor: Visitor, make_visitor: Callable[..., Visitor]
) -> None:
    visitor.open("/organization/security")
    visitor.tick("Only invited people can create an account")
    visitor.press("Save")
    visitor.reads("The settings are saved.")
    stranger = make_visitor()
    stranger.open("/sign-in")
    expect(stranger.page.get_by_role("link", name="Create an account")).to_have_count(0)
    stranger.open("/sign-up")
    expect(stranger.page.locator(".lead")).to_contain_text("Ask an administrator for an invitation.")
    expect(stranger.page.get_by_role("textbox")).to_have_count(0)
    assert_no_violations(stranger.page)


def test_axe_finds_nothing_at_invitations(
    visitor: Visitor, person: Person, make_visitor: Callable[..., Visitor]
) -> None:
    for url in (URL, f"{URL}/new"):
        visitor.open(url)
        expect(visitor.page.get_by_role("dialog")).to_be_visible()
        assert_no_violations(visitor.page)
    invite(person)
    close(person.app)
    noor = make_visitor()
    noor.open(visitor.letter(LETTER).link)
    noor.sees("Create your account")
    assert_no_violations(noor.page)
    visitor.open(URL)
    visitor.reads("Waiting")
    assert_no_violations(visitor.page)
