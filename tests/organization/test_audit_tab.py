"""The tab Activity of Organization Management, and its exports."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from console.accounts.models import Role
from console.organization.audit import listing, words
from console.organization.audit.events import Event
from console.organization.audit.listing import Filter
from tests.organization.chains import change, findings, write, write_some
from tests.organization.people import Make, give, sign_up
from tests.support.clock import Clock
from tests.support.database import dump
from tests.support.person import EMAIL, Person, Response

TAB = "/organization/activity"
OTHER = "jun@example.com"
FULL_PAGE = {"HX-Request": ""}


@pytest.fixture
def owner(mina: Person, make_person: Make) -> Person:
    """The owner, with the account 1, beside a member with the account 2."""
    sign_up(make_person, OTHER)
    give(mina.app, EMAIL, Role.OWNER)
    mina.get("/", headers=FULL_PAGE)
    return mina


def choose(whom: Person, **fields: str) -> Response:
    return whom.post(TAB, {"event": "", "person": "", "since": "", "until": "", **fields})


def subjects(page: str) -> list[int]:
    """The rows of a page by the numbers in their reasons, in its order."""
    return [int(part.split("<")[0]) for part in page.split("number ")[1:]]


def numbered(app: Flask, count: int, **row: Any) -> None:
    for number in range(count):
        write(app, reason=f"number {number}", **row)


# What is shown


def test_row_says_what_who_whom_when_and_why(owner: Person) -> None:
    write(owner.app, actor=1, subject=2, reason="asked by phone", detail={"role": "administrator"})
    page = owner.get(TAB).text
    assert "Role changed: Administrator" in page
    assert f"By: <bdi>Mina Park</bdi> (<bdi>{EMAIL}</bdi>)" in page
    assert f"(<bdi>{OTHER}</bdi>)" in page
    assert "<bdi>asked by phone</bdi>" in page
    assert 'datetime="2026-11-24T12:00' in page


def test_command_of_the_operator_has_no_name(owner: Person) -> None:
    write(owner.app, event="member_locked", actor=None, subject=2, detail={})
    assert "By an operator’s command" in owner.get(TAB).text


def test_deleted_account_is_said_to_be_one(owner: Person, engine: Engine) -> None:
    write(owner.app, actor=2, subject=99)
    change(engine, "DELETE FROM sessions WHERE account_id = 2", "DELETE FROM accounts WHERE id = 2")
    page = owner.get(TAB).text
    assert page.count("a deleted account") == 2
    assert OTHER not in page
    assert findings(owner.app) == []


def test_newest_come_first_page_by_page(owner: Person) -> None:
    numbered(owner.app, 2 * listing.PAGE + 3)
    seen, url = [], TAB
    for _ in range(3):
        page = owner.get(url).text
        seen += subjects(page)
        older = page.rpartition(">Older<")[0].rpartition('href="')[2].partition('"')[0]
        url = older.replace("&amp;", "&")
    assert seen == list(range(2 * listing.PAGE + 3))[::-1]
    assert ">Older<" not in page


def test_rows_of_one_moment_and_a_clock_that_went_back_are_all_shown_once(
    owner: Person, clock: Clock
) -> None:
    moments = [clock() + timedelta(seconds=[5, 0, 3][number % 3]) for number in range(60)]
    for number, moment in enumerate(moments):
        write(owner.app, reason=f"number {number}", now=moment)
    with owner.app.app_context():
        first = listing.page(Filter())
        second = listing.page(Filter(), first.older)
        third = listing.page(Filter(), second.older)
        every = [entry.row.id for page in listing.every(Filter(), upto=10**6) for entry in page]
    found = [entry.row.id for page in (first, second, third) for entry in page.entries]
    assert sorted(found) == list(range(1, 61))
    assert third.older is None
    assert every == found[::-1]


@pytest.mark.parametrize("reason", ["<b>bold</b>", "{{ 7 * 7 }}", "نسيت هاتفي", "%(who)s"])
def test_reason_is_text_and_nothing_else(owner: Person, reason: str) -> None:
    write(owner.app, reason=reason)
    page = owner.get(TAB).text
    shown = reason.replace("<", "&lt;").replace(">", "&gt;")
    assert f"<bdi>{shown}</bdi>" in page


@pytest.mark.parametrize(
    "detail", ["no json", "[1]", "null", '{"role": {"a": 1}}', '{"accounts": "many"}', ""]
)
def test_row_that_somebody_changed_is_still_shown(owner: Person, engine: Engine, detail: str) -> None:
    write(owner.app)
    change(engine, "UPDATE audit_events SET detail = :detail, event = 'of another version'", detail=detail)
    response = owner.get(TAB)
    assert response.status_code == 200
    assert "of another version" in response.text


@pytest.mark.parametrize(
    ("event", "detail", "said"),
    [
        ("accounts_imported", {"accounts": "1"}, "Accounts imported: 1 account"),
        ("accounts_imported", {"accounts": "500"}, "Accounts imported: 500 accounts"),
        ("accounts_imported", {"accounts": "9" * 5000}, f"accounts {'9' * 5000}"),
        (
            "requirement_on",
            {"scope": "managers", "grace_days": "7"},
            "2-step verification required: grace period of 7 days, Owners and administrators only",
        ),
        ("settings_changed", {"grace_days": "0", "passkeys": "true"}, "no grace period, passkeys only for"),
        ("members_exported", {"state": "without-2sv"}, "Members exported: without 2-step verification"),
        (
            "activity_exported",
            {"event": "role_changed", "format": "csv", "person": "2", "since": "2026-11-01"},
            "Activity exported: “Role changed”, CSV, account number 2, from 2026-11-01 on",
        ),
        ("role_changed", {"of a newer version": "x"}, "Role changed: of a newer version x"),
    ],
)
def test_details_are_said_in_words(owner: Person, event: str, detail: dict[str, str], said: str) -> None:
    write(owner.app, event=event, detail=detail)
    assert said in owner.get(TAB).text


@pytest.mark.parametrize("event", Event)
def test_every_event_has_its_words(owner: Person, event: Event) -> None:
    write(owner.app, event=event.value, detail={})
    assert str(words.WORDS[event]) in owner.get(TAB).text


def test_empty_tab_says_so(owner: Person) -> None:
    assert "Nothing has happened yet." in owner.get(TAB).text
    assert "Nothing passes these filters." in owner.get(f"{TAB}?event=role_changed").text


# The filters


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"event": "member_locked"}, [1]),
        ({"person": OTHER}, [3, 2, 0]),
        ({"person": f" {OTHER.upper()[:3]}{OTHER[3:]} "}, [3, 2, 0]),
        ({"since": "2026-11-25"}, [3, 2]),
        ({"until": "2026-11-24"}, [1, 0]),
        ({"since": "2026-11-25", "until": "2026-11-25"}, [2]),
        ({"event": "role_changed", "person": OTHER, "until": "2026-11-25"}, [2, 0]),
        ({}, [3, 2, 1, 0]),
    ],
)
def test_filter_leaves_what_passes(owner: Person, fields: dict[str, str], expected: list[int]) -> None:
    day = datetime(2026, 11, 24, 23, 59, 59, 999999, tzinfo=UTC)
    rows: list[dict[str, Any]] = [
        {"actor": 1, "subject": 2, "now": day - timedelta(hours=5)},
        {"event": "member_locked", "actor": 1, "subject": 3, "now": day},
        {"actor": 2, "subject": 2, "now": day + timedelta(microseconds=1)},
        {"actor": 2, "subject": None, "now": day + timedelta(days=1, microseconds=1)},
    ]
    for number, row in enumerate(rows):
        write(owner.app, reason=f"number {number}", **row)
    response = choose(owner, **fields)
    assert response.status_code == 200
    assert subjects(response.text) == expected
    assert subjects(owner.get(response.headers["HX-Push-Url"]).text) == expected


def test_address_of_the_page_holds_no_address_of_a_person(owner: Person) -> None:
    url = choose(owner, person=OTHER).headers["HX-Push-Url"]
    assert url.endswith(f"{TAB}?person=2")
    page = owner.get(url).text
    assert f'value="{OTHER}"' in page
    assert "Only what concerns" in page


def test_rows_of_a_deleted_account_are_found_by_the_same_address(owner: Person, engine: Engine) -> None:
    write(owner.app, actor=1, subject=99, reason="number 7")
    page = owner.get(f"{TAB}?person=99").text
    assert subjects(page) == [7]
    assert "Only what concerns a deleted account." in page


def test_pages_keep_the_filters(owner: Person) -> None:
    numbered(owner.app, listing.PAGE + 1)
    write_some(owner.app, 3)
    page = owner.get(f"{TAB}?event=role_changed&since=2026-11-24&person=2").text
    assert f"{TAB}?before=2&amp;event=role_changed&amp;person=2&amp;since=2026-11-24" in page
    assert f"{TAB}/export?event=role_changed&amp;person=2&amp;since=2026-11-24" in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"person": "nobody@example.com"}, "There is no account with this address."),
        ({"person": "no address"}, "Enter one complete e-mail address"),
        ({"since": "yesterday"}, "Enter a day, like 2026-11-24."),
        ({"until": "2026-13-01"}, "Enter a day, like 2026-11-24."),
        ({"since": "2026-11-25", "until": "2026-11-24"}, "The last day is before the first."),
    ],
)
def test_refusal_is_said_at_its_field(owner: Person, fields: dict[str, str], said: str) -> None:
    response = choose(owner, **fields)
    assert response.status_code == 422
    assert said in response.text
    (name,) = [*fields][-1:]
    assert f'id="mfa-{name}-error"' in response.text


def test_without_htmx_filters_lead_to_their_page(owner: Person) -> None:
    owner.get(TAB, headers=FULL_PAGE)
    response = owner.post(TAB, {"event": "member_locked"}, headers=FULL_PAGE)
    assert response.status_code == 303
    assert response.headers["Location"].endswith(f"{TAB}?event=member_locked")


@pytest.mark.parametrize(
    "query",
    [
        "event=none",
        "person=x",
        "person=0",
        f"person={2**63}",
        "since=x",
        "until=9999-12-31",
        "until=0001-01-01",
        "since=0001-01-01",
        "since=9999-12-31",
        "before=0",
        "before=x",
        f"before={2**63 - 1}",
        "person=-1",
    ],
)
def test_nonsense_in_the_address_is_no_error(owner: Person, query: str) -> None:
    write(owner.app)
    assert owner.get(f"{TAB}?{query}").status_code == 200
    assert owner.get(f"{TAB}/export?{query}").status_code == 200


# The exports


def export(person: Person, kind: str, query: str = "") -> Response:
    return person.post(f"{TAB}/export{query}", {"format": kind}, headers=FULL_PAGE)


def test_json_lines_hold_every_row_and_that_of_the_export(owner: Person, engine: Engine) -> None:
    write(owner.app, actor=1, subject=99, reason="“quoted”, 이유", detail={"role": "owner"})
    response = export(owner, "jsonl")
    assert response.headers["Content-Type"] == "application/jsonl; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    assert "activity.jsonl" in response.headers["Content-Disposition"]
    first, last = map(json.loads, response.text.splitlines())
    with engine.connect() as connection:
        made: bytes = connection.scalar(text("SELECT hash FROM audit_events WHERE id = 1")) or b""
    assert first == {
        "id": 1,
        "at": "2026-11-24T12:00:10+00:00",
        "event": "role_changed",
        "actor_id": 1,
        "actor_name": "Mina Park",
        "actor_email": EMAIL,
        "subject_id": 99,
        "subject_name": None,
        "subject_email": None,
        "reason": "“quoted”, 이유",
        "detail": {"role": "owner"},
        "hash": made.hex(),
    }
    assert (last["event"], last["actor_id"], last["detail"]) == ("activity_exported", 1, {"format": "jsonl"})


def test_csv_holds_the_same(owner: Person) -> None:
    write_some(owner.app, 3)
    response = export(owner, "csv")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(response.text.removeprefix("\ufeff"))))
    assert [row["subject_id"] for row in rows] == ["100", "101", "102", ""]
    assert rows[0]["detail"] == '{"role": "owner"}'
    assert rows[0]["actor_email"] == EMAIL


@pytest.mark.parametrize("reason", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "'=1"])
def test_no_cell_of_the_csv_is_a_formula(owner: Person, reason: str) -> None:
    write(owner.app, reason=reason)
    text = export(owner, "csv").text
    row = next(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert row["reason"] == f"'{reason}"


def test_export_takes_the_filters_and_is_an_event_that_names_them(owner: Person) -> None:
    write(owner.app, subject=2)
    write(owner.app, subject=3)
    lines = export(owner, "jsonl", "?person=2&event=role_changed&since=2026-11-01").text.splitlines()
    assert [json.loads(line)["subject_id"] for line in lines] == [2]
    with owner.app.app_context():
        (entry, *_) = listing.page(Filter()).entries
    assert entry.row.event == "activity_exported"
    assert entry.details == {"event": "role_changed", "format": "jsonl", "person": "2", "since": "2026-11-01"}
    assert "JSON lines" in owner.get(TAB).text


def test_export_is_made_while_it_is_read(owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "EXPORT_PAGE", 10)
    write_some(owner.app, 35)
    response = export(owner, "jsonl")
    pieces = list(response.response)
    assert [len(piece.splitlines()) for piece in pieces] == [10, 10, 10, 6]


@pytest.mark.parametrize("kind", ["", "xlsx", "csv\0"])
def test_no_other_format_is_known(owner: Person, engine: Engine, kind: str) -> None:
    owner.get(f"{TAB}/export")
    before = dump(engine, without={"sessions"})
    assert export(owner, kind).status_code == 400
    assert dump(engine, without={"sessions"}) == before


def test_export_takes_a_recent_verification(owner: Person, clock: Clock, engine: Engine) -> None:
    owner.get(f"{TAB}/export")
    clock.advance(minutes=16)
    response = export(owner, "csv")
    assert response.status_code == 303
    assert "verify" in response.headers["Location"] or "confirm" in response.headers["Location"]
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM audit_events")) == 0


def test_page_of_the_export_says_what_is_in_the_file(owner: Person) -> None:
    assert "every event" in owner.get(f"{TAB}/export").text
    page = owner.get(f"{TAB}/export?event=role_changed&person=2&until=2026-11-24").text
    for said in ("Only “Role changed”.", "Only what concerns", OTHER, "Until 2026-11-24."):
        assert said in page


def test_filter_of_the_last_day_there_is_is_no_overflow() -> None:
    assert len(listing._conditions(Filter(until=date.max))) == 0
