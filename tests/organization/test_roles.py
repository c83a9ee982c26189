"""The roles of the organization: who owns it, and how somebody comes to."""

from __future__ import annotations

import pytest
from click.testing import Result
from flask import Flask

from console.accounts.models import Role
from tests.organization.people import Make, give, roles
from tests.support.crowd import at_once
from tests.support.person import EMAIL, PASSWORD, Person
from tests.support.smtp import Inbox

OTHER = "jun@example.com"


def make_owner(app: Flask, email: str = EMAIL, reason: str = "founder") -> Result:
    return app.test_cli_runner().invoke(args=["users", "make-owner", email, "--reason", reason])


def test_first_account_owns_the_organization_and_later_ones_do_not(make_person: Make) -> None:
    first = make_person().sign_up()
    make_person().sign_up(OTHER)
    assert roles(first.app) == {EMAIL: Role.OWNER, OTHER: Role.MEMBER}


def test_two_sign_ups_at_once_give_one_owner(make_person: Make, inbox: Inbox) -> None:
    people = [make_person(email=f"person{number}@example.com") for number in range(8)]
    paths = []
    for person in people:
        person.get("/sign-up")
        person.post("/sign-up", {"email": person.email})
        paths.append(inbox.wait_for("Create your Twostep account", to=person.email).path)
        person.get(paths[-1])

    def open_account(number: int) -> int:
        return people[number].post(paths[number], {"name": "Somebody", "password": PASSWORD}).status_code

    assert set(at_once(open_account, len(people))) == {200}
    found = list(roles(people[0].app).values())
    assert sorted(found) == sorted([Role.OWNER, *[Role.MEMBER] * 7])


def test_nobody_who_signs_up_beside_accounts_without_an_owner_owns_them(make_person: Make) -> None:
    """As in an installation that is older than the roles, or was filled by an import."""
    app = make_person().app
    csv = "email,name\nmina.park@example.com,Mina\n"
    assert app.test_cli_runner().invoke(args=["users", "import", "-"], input=csv).exit_code == 0
    make_person(email=OTHER).sign_up(OTHER)
    assert set(roles(app).values()) == {Role.MEMBER}


def test_make_owner_adds_an_owner_and_tells_them(make_person: Make, inbox: Inbox) -> None:
    first = make_person().sign_up()
    other = make_person().sign_up(OTHER)
    result = make_owner(first.app, OTHER)
    assert result.output == f"{OTHER} owns the organization.\n"
    assert roles(first.app) == {EMAIL: Role.OWNER, OTHER: Role.OWNER}
    assert "made you an owner" in inbox.wait_for("support worked on your account", to=OTHER).text
    assert "Support made you an owner of the organization: founder" in other.get("/account/activity").text


def test_make_owner_says_that_there_is_nothing_to_do(mina: Person) -> None:
    assert "Nothing to do" in make_owner(mina.app).output


def test_make_owner_refuses_a_locked_account(mina: Person) -> None:
    give(mina.app, EMAIL, Role.MEMBER)
    mina.app.test_cli_runner().invoke(args=["users", "lock", EMAIL, "--reason", "asked"])
    result = make_owner(mina.app)
    assert result.exit_code == 1
    assert "The account is locked. Unlock it first." in result.output
    assert roles(mina.app) == {EMAIL: Role.MEMBER}


def test_show_names_the_role(mina: Person) -> None:
    result = mina.app.test_cli_runner().invoke(args=["users", "show", EMAIL, "--reason", "asked"])
    assert "role        owner" in result.output


@pytest.mark.parametrize(
    ("role", "is_offered"), [(Role.OWNER, True), (Role.ADMINISTRATOR, True), (Role.MEMBER, False)]
)
def test_only_those_who_manage_are_offered_the_dialog(mina: Person, role: Role, is_offered: bool) -> None:
    give(mina.app, EMAIL, role)
    page = mina.get("/", headers={"HX-Request": ""}).text
    assert ("Organization management" in page) is is_offered
    assert ("organization-dialog" in page) is is_offered


def test_a_role_that_is_taken_closes_the_dialog_at_once(mina: Person) -> None:
    assert mina.get("/organization/members").status_code == 200
    give(mina.app, EMAIL, Role.MEMBER)
    assert mina.get("/organization/members").status_code == 404
