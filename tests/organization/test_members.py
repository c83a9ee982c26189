"""The list of members: what it shows, and whom it finds."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import Engine, delete, insert, select, update

from console.accounts import search
from console.accounts.models import Account, Role
from console.extensions import db
from console.organization.audit.models import AuditEvent
from console.organization.members import listing
from console.organization.members.listing import Wanted
from mfa.database import transaction
from mfa.factors.models import SecondStep
from tests.organization.people import Make, roles, sign_up
from tests.support.clock import Clock
from tests.support.person import EMAIL, Person

URL = "/organization/members"
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def shown(person: Person, **asked: object) -> list[str]:
    """The names that all pages show one after another."""
    names: list[str] = []
    url = f"{URL}?{urlencode(asked)}"
    while url:
        text = person.get(url).text
        names += map(unescape, re.findall(r'members__name"[^>]*>([^<]*)<', text))
        following = re.search(r'href="(/organization/members\?after=[^"]*)"', text)
        url = unescape(following[1]) if following else ""
    return names


def add(app: Flask, *accounts: dict[str, object]) -> None:
    with app.app_context():
        with transaction():
            db.session.execute(
                insert(Account),
                [
                    {
                        "email": f"{number}@example.org",
                        "email_key": f"{number}@example.org",
                        "password_hash": "none",
                        "created_at": BEGAN + timedelta(days=number),
                        "search_key": search.key(str(account["name"]), f"{number}@example.org"),
                        "last_signed_in_at": None,
                        "locked_at": None,
                        "removed_at": None,
                        "role": Role.MEMBER,
                        "two_step_on": False,
                        **account,
                    }
                    for number, account in enumerate(accounts)
                ],
            )
        db.session.remove()


@pytest.fixture
def owner(mina: Person) -> Person:
    """Mina, who owns an organization with some others in it."""
    add(
        mina.app,
        {"name": "bob", "last_signed_in_at": BEGAN + timedelta(days=9)},
        {"name": "Ada", "two_step_on": True, "role": Role.ADMINISTRATOR},
        {"name": "Émile Zola", "locked_at": BEGAN},
        {"name": "Who left", "removed_at": BEGAN, "locked_at": BEGAN},
        {"name": "100%_sure\\", "last_signed_in_at": BEGAN + timedelta(days=8)},
    )
    return mina


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("name", ["100%_sure\\", "Ada", "bob", "Mina Park", "Émile Zola"]),
        ("last-sign-in", ["Mina Park", "bob", "100%_sure\\", "Émile Zola", "Ada"]),
        ("joined", ["Mina Park", "100%_sure\\", "Émile Zola", "Ada", "bob"]),
        ("no such order", ["100%_sure\\", "Ada", "bob", "Mina Park", "Émile Zola"]),
    ],
)
def test_members_are_sorted(owner: Person, sort: str, names: list[str]) -> None:
    assert shown(owner, sort=sort) == names


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"search": "aD"}, ["Ada"]),
        ({"search": " éMILE "}, ["Émile Zola"]),
        ({"search": "@EXAMPLE.ORG"}, ["100%_sure\\", "Ada", "bob", "Émile Zola"]),
        ({"search": "%_"}, ["100%_sure\\"]),
        ({"search": "\\"}, ["100%_sure\\"]),
        ({"search": "'; --"}, []),
        ({"search": "x" * 10_000}, []),
        ({"state": "without-2sv"}, ["100%_sure\\", "bob", "Mina Park", "Émile Zola"]),
        ({"state": "locked"}, ["Émile Zola"]),
        ({"role": "owner"}, ["Mina Park"]),
        ({"role": "administrator"}, ["Ada"]),
        ({"role": "member"}, ["100%_sure\\", "bob", "Émile Zola"]),
        ({"role": "member", "state": "locked", "search": "zola", "sort": "joined"}, ["Émile Zola"]),
        ({"role": "owner", "state": "locked"}, []),
        ({"role": "king", "state": "sad"}, ["100%_sure\\", "Ada", "bob", "Mina Park", "Émile Zola"]),
    ],
)
def test_members_are_found(owner: Person, asked: dict[str, str], names: list[str]) -> None:
    assert shown(owner, **asked) == names


@pytest.mark.parametrize("sort", listing.Sort)
@pytest.mark.parametrize("state", ["", "without-2sv"])
def test_pages_together_hold_everybody_once(mina: Person, sort: str, state: str) -> None:
    """Also where all are alike in what they are sorted by."""
    add(mina.app, *({"name": f"Person {n % 7}", "created_at": BEGAN} for n in range(3 * listing.PAGE)))
    names = shown(mina, sort=sort, state=state)
    assert len(names) == 3 * listing.PAGE + 1
    assert sorted(names) == sorted(["Mina Park", *(f"Person {n % 7}" for n in range(3 * listing.PAGE))])


@pytest.mark.parametrize("after", ["0", "-1", "9" * 30, "abc", "", "424242", "١"])
def test_page_after_nobody_is_the_first(owner: Person, after: str) -> None:
    assert "Ada" in owner.get(f"{URL}?after={after}").text


def test_page_goes_on_where_its_last_member_stands_now(mina: Person, engine: Engine) -> None:
    add(mina.app, *({"name": f"Person {n:03}"} for n in range(2 * listing.PAGE)))
    following = re.search(r'href="([^"]*after=[^"]*)"', mina.get(URL).text)
    assert following
    last = int(following[1].partition("after=")[2])
    with engine.begin() as connection:
        connection.execute(delete(Account).where(Account.id == last))
    assert "Mina Park" in mina.get(following[1]).text


def test_last_sign_in_is_written_at_each(mina: Person, clock: Clock) -> None:
    assert "Last sign-in" in mina.get(URL).text
    clock.advance(hours=30)
    mina.sign_out()
    mina.sign_in()
    page = mina.get(URL).text
    assert f'datetime="{clock().date()}' in page.partition("Last sign-in")[2]


def test_list_says_whether_second_step_is_on(protected: Person) -> None:
    assert "2SV: app" in protected.get(URL).text
    protected.prove_password("disable")
    assert "2-step verification is off" in protected.disable(code=protected.next_code()).text
    assert "2SV off" in protected.get(URL).text


@pytest.mark.parametrize(
    "command", [["two-step", "reset", "1", "--by", "root"], ["users", "disable-2sv", EMAIL]]
)
def test_list_knows_of_second_step_that_an_operator_turned_off(
    protected: Person, make_person: Make, command: list[str]
) -> None:
    owner = sign_up(make_person, "jun@example.com", Role.OWNER)
    assert "2SV: app" in owner.get(URL).text
    result = protected.app.test_cli_runner().invoke(args=[*command, "--reason", "lost all"])
    assert result.exit_code == 0, result.output
    assert "2SV: app" not in owner.get(URL).text


def test_what_an_earlier_version_left_out_is_there_after_a_sign_in(protected: Person) -> None:
    with protected.app.app_context():
        with transaction():
            db.session.execute(update(Account).values(search_key="", two_step_on=False))
        db.session.remove()
    protected.sign_out()
    protected.sign_in()
    protected.verify(protected.next_code())
    assert shown(protected, search="mina.park@") == ["Mina Park"]
    assert "2SV: app" in protected.get(URL).text


def test_new_name_and_address_are_found(owner: Person, engine: Engine) -> None:
    owner.get("/account/profile")
    owner.post("/account/profile", {"name": "Mina Kim", "language": "en"})
    assert shown(owner, search="mina k") == ["Mina Kim"]
    with engine.connect() as connection:
        account = connection.execute(select(Account).where(Account.email == EMAIL)).one()
    assert account.search_key == search.key("Mina Kim", EMAIL)


def test_names_and_searches_are_text_on_the_page(mina: Person) -> None:
    add(mina.app, {"name": "<script>alert(1)</script>"})
    text = mina.get(f"{URL}?search=%22%3E%3Cscript%3E&sort=%22%3E%3Cscript%3E").text + mina.get(URL).text
    assert "<script>" not in text


# As a file


def rows(person: Person, **asked: str) -> list[dict[str, str]]:
    person.get(f"{URL}?{urlencode(asked)}")
    response = person.post(f"{URL}.csv", asked, headers={"HX-Request": ""})
    assert response.status_code == 200
    assert response.mimetype == "text/csv"
    assert "members.csv" in response.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(response.text)))


def test_file_has_those_that_the_list_shows(owner: Person) -> None:
    assert [row["name"] for row in rows(owner)] == shown(owner)
    assert [row["name"] for row in rows(owner, state="locked")] == ["Émile Zola"]
    [ada] = rows(owner, search="ada")
    assert ada == {
        "name": "Ada",
        "email": "1@example.org",
        "role": "administrator",
        "two_step": "off",
        "lacks": "",
        "required_by": "",
        "must_set_up_again_since": "",
        "last_signed_in_at": "",
        "created_at": "2026-01-02T00:00:00+00:00",
        "locked_at": "",
    }


def test_export_is_written_down_without_what_was_searched_for(owner: Person) -> None:
    rows(owner, search="mina.park@example.com", role="owner")
    with owner.app.app_context():
        [event] = db.session.scalars(select(AuditEvent)).all()
        db.session.remove()
    assert (event.event, event.actor_id, event.detail) == ("members_exported", 1, '{"role": "owner"}')


def test_spreadsheet_computes_nothing_of_the_file(mina: Person) -> None:
    add(mina.app, {"name": "=HYPERLINK(1)", "email": "+1@example.org"})
    [row] = rows(mina, search="hyperlink")
    assert (row["name"], row["email"]) == ("'=HYPERLINK(1)", "'+1@example.org")


def test_file_of_many_is_whole(mina: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "EXPORTED_AT_ONCE", 7)
    add(mina.app, *({"name": f"Person {n:03}"} for n in range(50)))
    assert [row["name"] for row in rows(mina)] == ["Mina Park", *(f"Person {n:03}" for n in range(50))]


@pytest.mark.parametrize("sort", listing.Sort)
def test_file_goes_on_where_a_member_was_that_is_deleted_meanwhile(
    mina: Person, engine: Engine, monkeypatch: pytest.MonkeyPatch, sort: listing.Sort
) -> None:
    monkeypatch.setattr(listing, "EXPORTED_AT_ONCE", 2)
    add(mina.app, *({"name": f"Person {n}"} for n in range(5)))
    with mina.app.test_request_context():
        pages = listing.every(Wanted(sort=sort), mina.clock())
        names = []
        for page in pages:
            names += [one.account.name for one in page]
            with engine.begin() as connection:
                connection.execute(delete(Account).where(Account.id == page[-1].account.id))
    assert sorted(names) == ["Mina Park", *(f"Person {n}" for n in range(5))]


def test_file_takes_a_fresh_proof(owner: Person, clock: Clock) -> None:
    owner.get(URL)
    clock.advance(minutes=20)
    owner.get(URL)
    response = owner.post(f"{URL}.csv", headers={"HX-Request": ""})
    assert response.status_code == 303
    assert response.headers["Location"].startswith("/account/two-step/confirm")


def test_second_step_of_each_is_as_the_tables_of_the_extension_have_it(
    protected: Person, make_person: Make
) -> None:
    make_person().sign_up("jun@example.com")
    with protected.app.app_context():
        on = set(db.session.scalars(select(SecondStep.person_id)))
        listed = dict(db.session.execute(select(Account.person_id, Account.two_step_on)).all())
        db.session.remove()
    assert {person for person, is_on in listed.items() if is_on} == on
    assert len(roles(protected.app)) == 2
