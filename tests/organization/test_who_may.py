"""Every role at every route and method of the console: who gets in, and how the others are answered."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import Engine

from console.accounts.models import Role
from console.organization.members.acts import Action
from tests.organization.people import Make, give, lock, sign_up
from tests.organization.routes import SOMEBODY, WHO, Call, Who, calls, noting
from tests.support.clock import Clock
from tests.support.database import dump
from tests.support.person import EMAIL, Person, Response

# Who may is asked before anything is stored.
pytestmark = pytest.mark.looks
END_IT = {"sessions.sign_out", "deletion.delete"}
"""After these there is nobody who is signed in."""
WITHOUT_TOKEN = {"reports.take", "sessions.sign_out"}
"""What browsers send by themselves, and what looks for the token itself where there is something to end."""


@dataclass(frozen=True)
class Visitor:
    """
    :param person: with the page from which a form is sent.
    :param is_signed_in: as the server sees it.
    """

    person: Person
    is_signed_in: bool = True
    manages: bool = False

    def may(self, call: Call) -> bool:
        who = WHO[call.endpoint]
        return who is Who.ANYBODY or (self.is_signed_in and (who is Who.SIGNED_IN or self.manages))


def call(person: Person, call: Call, token: str = "") -> Response:
    data = {"csrf_token": token} if call.method == "POST" else None
    return person.client.open(call.path, method=call.method, data=data)


def token_of(person: Person) -> str:
    person.get("/", headers={"HX-Request": ""}, follow_redirects=True)
    return person.hidden()["csrf_token"]


def walk(app: Flask, visitor: Visitor) -> list[str]:
    """Call every route by every method; return what is other than it should be."""
    token = token_of(visitor.person)
    wrong = []
    with noting(app, instead=END_IT) as entered:
        for each in calls(app):
            entered.clear()
            answer = call(visitor.person, each, token)
            # Flask answers OPTIONS by itself, to those whom nothing stops before.
            is_in = answer.status_code == 200 if each.method == "OPTIONS" else each.endpoint in entered
            said = f"{each}: {answer.status_code} {answer.headers.get('Location', '')}"
            if is_in is not visitor.may(each) or answer.status_code >= 500:
                wrong.append(f"in: {is_in}, {said}")
            elif not is_in and not _is_turned_away(visitor, answer):
                wrong.append(said)
    return wrong


def _is_turned_away(visitor: Visitor, answer: Response) -> bool:
    """People who are signed in find nothing there; the others are led to sign-in."""
    if visitor.is_signed_in:
        return answer.status_code == 404
    return answer.status_code == 303 and answer.headers["Location"].startswith("/sign-in")


def halfway_in(make_person: Make) -> Person:
    """Somebody with the rights of an administrator, between password and code."""
    email = "halfway@example.com"
    person = make_person(email=email).sign_up(email).activate()
    give(person.app, email, Role.ADMINISTRATOR)
    person.sign_out()
    person.sign_in()
    return person


def test_each_role_gets_into_what_is_its_own_and_into_nothing_else(
    app: Flask, mina: Person, make_person: Make, clock: Clock
) -> None:
    """Mina owns the organization. One who is not signed in was locked meanwhile, and one is an administrator
    who has yet to show the second step.
    """
    visitors = {
        "owner": Visitor(mina, manages=True),
        "member": Visitor(sign_up(make_person, "member@example.com")),
        "administrator": Visitor(
            sign_up(make_person, "administrator@example.com", Role.ADMINISTRATOR), manages=True
        ),
        "halfway": Visitor(halfway_in(make_person), is_signed_in=False),
        "locked": Visitor(sign_up(make_person, "locked@example.com"), is_signed_in=False),
        "stranger": Visitor(make_person(), is_signed_in=False),
    }
    lock(app, "locked@example.com", clock())
    assert {role: walk(app, visitor) for role, visitor in visitors.items()} == {role: [] for role in visitors}


def test_no_form_without_its_token_gets_in(app: Flask, mina: Person) -> None:
    mina.get("/", headers={"HX-Request": ""})
    with noting(app) as entered:
        posted = [(each, call(mina, each).status_code) for each in calls(app) if each.method == "POST"]
    assert entered == WITHOUT_TOKEN
    # A form of the sign-in leads on who is signed in already.
    assert {status for each, status in posted if each.endpoint not in WITHOUT_TOKEN} == {303, 400}
    assert mina.is_signed_in()


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_no_other_method_gets_in(app: Flask, mina: Person, method: str) -> None:
    token = token_of(mina)
    with noting(app) as entered:
        for path in sorted({each.path for each in calls(app)}):
            answer = mina.client.open(path, method=method, headers={"X-CSRFToken": token})
            assert answer.status_code in (400, 405), path
    assert entered == set()


def test_all_of_the_organization_stands_below_one_address(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        assert rule.rule.startswith("/organization/") == rule.endpoint.startswith("organization.")
        assert (WHO[rule.endpoint] is Who.MANAGES) == rule.endpoint.startswith("organization.")


@pytest.mark.parametrize("other", Role)
def test_members_do_nothing_to_anybody(
    app: Flask, mina: Person, make_person: Make, engine: Engine, other: Role
) -> None:
    """What owners and administrators do to each role is in test_acts.py."""
    sign_up(make_person, "jun@example.com", other)
    give(app, EMAIL, Role.MEMBER)
    token = token_of(mina)
    # A mail from before may be leaving just now.
    app.extensions["mfa_mail_worker"].stop()
    before = dump(engine, without={"sessions"})
    for action in Action:
        path = f"/organization/members/{SOMEBODY}/{action}"
        fields = {"csrf_token": token, "reason": "I want it", "role": "member"}
        assert mina.client.post(path, data=fields).status_code == 404
        assert mina.client.get(path).status_code == 404
    assert dump(engine, without={"sessions"}) == before
