"""The list of members says by when each must have what they lack of what is required."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, insert

from console.accounts import search
from console.accounts.models import Account, Role
from console.extensions import db
from console.organization.members import listing
from mfa.database import transaction
from tests.organization.people import Make, give, lock, sign_up
from tests.organization.settings import ask, require, said, save
from tests.recovery.steps import finish, help_back, links
from tests.support import passkeys
from tests.support.clock import Clock
from tests.support.database import noting_statements
from tests.support.passkeys import ORIGIN
from tests.support.person import Person
from tests.support.software_authenticator import SoftwareAuthenticator

URL = "/organization/members"
JUN = "jun@example.com"
WHOLE = {"HX-Request": ""}


@pytest.fixture
def owner(protected: Person) -> Person:
    return ask(protected)


@pytest.fixture
def jun(owner: Person, make_person: Make) -> Person:
    """A member whose 2-step verification is off."""
    return sign_up(make_person, JUN)


def due(owner: Person, email: str = JUN) -> str:
    """What the list says of somebody; nothing if nothing is required of them."""
    items = re.findall(r'<li class="members__member">.*?</li>', owner.get(URL).text, re.DOTALL)
    (item,) = [item for item in items if email in item]
    found = re.search(r'members__due">(.*?)</p>', item, re.DOTALL)
    return re.sub("<[^>]*>", "", found[1]).strip() if found else ""


def row(owner: Person, email: str = JUN) -> dict[str, str]:
    """The line of somebody in the file."""
    owner.get(URL)
    text = owner.post(f"{URL}.csv", {}).text
    (found,) = [row for row in csv.DictReader(io.StringIO(text)) if row["email"] == email]
    return found


def test_date_is_the_one_that_the_member_reads(owner: Person, jun: Person) -> None:
    assert due(owner) == ""
    require(owner)
    jun.get("/", headers=WHOLE)
    assert "Turn it on by December 1, 2026." in said(jun.get("/", headers=WHOLE))
    assert due(owner) == "Required by December 1, 2026"
    assert "Off · Required by December 1, 2026" in said(owner.get(f"{URL}/2"))
    assert due(owner, owner.email) == ""


def test_last_day_is_said_with_its_minute_and_then_that_it_is_over(
    owner: Person, jun: Person, clock: Clock
) -> None:
    require(owner, grace_days="1")
    jun.get("/", headers=WHOLE)
    clock.advance(hours=1)
    assert re.fullmatch(r"Required by November 25, 2026, \d+:\d\d.*", due(owner))
    clock.advance(hours=23)
    owner.sign_in()
    owner.verify(owner.next_code())
    assert due(owner) == "Required now"


def test_who_was_not_told_yet_has_all_of_the_grace_before_them(owner: Person, jun: Person) -> None:
    """And looking at the list tells nobody."""
    require(owner)
    assert due(owner) == due(owner) == "Required 7 days after the next sign-in"
    save(ask(owner), required="y", grace_days="1")
    assert due(owner) == "Required 1 day after the next sign-in"
    save(owner, required="y", grace_days="0")
    assert due(owner) == "Required now"


def test_what_was_told_of_an_earlier_requirement_is_out_of_date(
    owner: Person, jun: Person, clock: Clock
) -> None:
    require(owner)
    jun.get("/", headers=WHOLE)
    save(owner)
    assert due(owner) == ""
    clock.advance(minutes=1)
    require(owner)
    assert due(owner) == "Required 7 days after the next sign-in"


def test_nothing_is_required_of_who_is_locked_or_has_another_role(
    app: Flask, owner: Person, jun: Person, clock: Clock
) -> None:
    require(owner, scope="managers")
    assert due(owner) == ""
    give(app, JUN, Role.ADMINISTRATOR)
    assert due(owner) == "Required 7 days after the next sign-in"
    lock(app, JUN, clock())
    assert due(owner) == ""
    assert row(owner)["lacks"] == ""


def test_passkey_is_required_of_those_who_have_an_app_alone(
    app: Flask, owner: Person, jun: Person, clock: Clock
) -> None:
    give(app, JUN, Role.ADMINISTRATOR)
    jun.activate()
    passkeys.give(app, "1", SoftwareAuthenticator(ORIGIN))
    require(owner, passkeys="y")
    assert due(owner) == "Passkey required 7 days after the next sign-in"
    assert (row(owner)["lacks"], row(owner)["required_by"]) == ("passkey", "")
    jun.get("/", headers=WHOLE)
    assert due(owner) == "Passkey required by December 1, 2026"
    clock.advance(days=8)
    owner.sign_in()
    owner.verify(owner.next_code())
    assert due(owner) == "Passkey required now"
    passkeys.give(app, "2", SoftwareAuthenticator(ORIGIN))
    assert due(owner) == ""


def test_file_says_what_is_lacking_and_by_when(owner: Person, jun: Person, clock: Clock) -> None:
    assert (row(owner)["lacks"], row(owner)["required_by"]) == ("", "")
    require(owner)
    assert (row(owner)["lacks"], row(owner)["required_by"]) == ("2sv", "")
    jun.get("/", headers=WHOLE)
    assert row(owner)["required_by"] == (clock() + timedelta(days=7)).isoformat()
    assert (row(owner, owner.email)["lacks"], row(owner, owner.email)["required_by"]) == ("", "")


def test_who_must_set_up_again_is_said_in_list_page_and_file(
    app: Flask, owner: Person, jun: Person, make_person: Make, clock: Clock
) -> None:
    jun.activate()
    help_back(app, JUN)
    assert "2SV: app" in marks(owner)
    finish(make_person(email=JUN), links(owner.inbox, JUN)[0])
    since = clock()
    clock.advance(minutes=5)
    assert "2SV: must set up again" in marks(owner)
    assert "Off · Must set up again, since November 24, 2026" in said(owner.get(f"{URL}/2"))
    line = row(owner)
    assert (line["two_step"], line["lacks"]) == ("off", "2sv")
    assert line["required_by"] == line["must_set_up_again_since"] == since.isoformat()
    assert JUN in owner.get(f"{URL}?state=without-2sv").text
    # It is due at once, whatever the grace of the others is.
    require(owner)
    assert due(owner) == ""
    assert "2SV: must set up again" in marks(owner)
    lock(app, JUN, clock())
    assert "2SV off" in marks(owner)
    assert row(owner)["must_set_up_again_since"] == ""


def test_who_has_set_up_again_is_like_everybody(
    app: Flask, owner: Person, jun: Person, make_person: Make, clock: Clock
) -> None:
    jun.activate()
    help_back(app, JUN)
    helped = make_person(email=JUN)
    finish(helped, links(owner.inbox, JUN)[0])
    assert "2SV: must set up again" in marks(owner)
    clock.advance(minutes=1)
    helped.begin().verify_email().scan().enter_code().complete()
    assert "2SV: app" in marks(owner)
    assert row(owner)["must_set_up_again_since"] == ""


def marks(owner: Person, email: str = JUN) -> str:
    """What the list marks somebody with."""
    items = re.findall(r'<li class="members__member">.*?</li>', owner.get(URL).text, re.DOTALL)
    (item,) = [item for item in items if email in item]
    return " ".join(re.findall(r'class="mark[^"]*">([^<]*)<', item))


def test_page_of_many_takes_no_more_statements_than_one_of_few(
    app: Flask, owner: Person, engine: Engine
) -> None:
    """Not one a member, whether anything is required of them or not."""

    def statements() -> int:
        with noting_statements(engine) as ran:
            assert owner.get(URL).status_code == 200
        return len([statement for statement in ran if not statement.startswith("PRAGMA")])

    statements()
    alone = statements()
    with app.app_context():
        with transaction():
            db.session.execute(insert(Account), [_account(number) for number in range(listing.PAGE)])
        db.session.remove()
    assert statements() == alone
    require(owner)
    owner.get("/", headers=WHOLE)
    # And the one of every page by which the reader is told.
    assert statements() <= alone + 1
    assert owner.page.count("Required 7 days after the next sign-in") == listing.PAGE


def _account(number: int) -> dict[str, object]:
    email = f"{number}@example.org"
    return {
        "email": email,
        "email_key": email,
        "name": f"A {number}",
        "password_hash": "none",
        "created_at": Clock()(),
        "search_key": search.key(f"A {number}", email),
        "last_signed_in_at": None,
        "role": Role.MEMBER,
    }
