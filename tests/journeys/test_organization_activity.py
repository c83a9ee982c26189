"""The organization's activity in a browser: its filters, and both files."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from console.accounts.models import Role
from console.organization import audit
from console.organization.audit import Event
from mfa.database import transaction
from tests.journeys.visitor import EMAIL, Visitor
from tests.organization.people import sign_up
from tests.support.clock import Clock
from tests.support.expecting import expect
from tests.support.person import Person

pytestmark = pytest.mark.looks
JUN, LEA = "jun@example.com", "lea@example.com"


@pytest.fixture
def others(person: Person, make_person: Callable[..., Person], app: Flask, clock: Clock) -> Person:
    """Mina, who owns the organization with two others in it, and has done something to each."""
    person.sign_up()
    sign_up(make_person, JUN)
    sign_up(make_person, LEA, Role.ADMINISTRATOR)
    done = [
        (Event.MEMBER_LOCKED, 2, "left his laptop"),
        (Event.MEMBER_UNLOCKED, 2, "has it back"),
        (Event.ROLE_CHANGED, 3, "helps, “=1+1”"),
    ]
    with app.app_context(), transaction():
        for event, whom, reason in done:
            detail = {"from": "member", "to": "administrator"} if event is Event.ROLE_CHANGED else {}
            audit.write_down(event, actor=1, subject=whom, reason=reason, detail=detail, now=clock())
    return person


def save(mina: Visitor, button: str, name: str) -> str:
    """Press *button* and return what the browser saves."""
    with mina.page.expect_download() as coming:
        mina.press(button)
    assert coming.value.suggested_filename == name
    return Path(coming.value.path()).read_text(encoding="utf-8-sig")


def shown(mina: Visitor) -> list[str]:
    return [text.split("\n")[0] for text in mina.texts(".events__event")]


@pytest.mark.parametrize("way", ["desktop", "phone", "no-js"])
def test_events_are_filtered_and_both_files_hold_what_is_shown(
    make_visitor: Callable[..., Visitor], others: Person, way: str
) -> None:
    mina = make_visitor(way).arrive(others)
    mina.press("Organization management")
    mina.sees("Members")
    mina.follow("Activity")
    mina.sees("Activity")
    assert shown(mina) == [
        "Role changed: from member, to administrator",
        "Account unlocked",
        "Account locked",
    ]
    mina.open_help("Filter events")
    mina.fill("Email of a member", "nobody@example.com")
    mina.press("Filter")
    mina.reads("There is no account with this address.")
    mina.fill("Email of a member", JUN)
    mina.press("Filter")
    mina.reads("Only what concerns")
    assert shown(mina) == ["Account unlocked", "Account locked"]
    assert JUN not in mina.page.url
    mina.page.get_by_label("Event", exact=True).select_option("member_locked")
    mina.press("Filter")
    expect(mina.page.locator(".events__event")).to_have_count(1)
    assert shown(mina) == ["Account locked"]
    mina.follow("Export")
    mina.sees("Export activity")
    [locked] = csv.DictReader(save(mina, "Download CSV", "twostep-activity.csv").splitlines())
    assert (locked["event"], locked["reason"]) == ("member_locked", "left his laptop")
    assert (locked["actor_email"], locked["subject_email"]) == (EMAIL, JUN)
    [line] = save(mina, "Download JSON lines", "twostep-activity.jsonl").splitlines()
    assert json.loads(line)["reason"] == "left his laptop"
    # Nothing is busy, and the page stays.
    expect(mina.page.locator("[aria-busy=true]")).to_have_count(0)
    mina.follow("Cancel")
    mina.sees("Activity")
    mina.follow("Show all")
    expect(mina.page.locator(".events__event")).to_have_count(5)
    assert all(text.startswith("Activity exported") for text in shown(mina)[:2])


def test_file_of_all_is_read_by_a_spreadsheet_and_by_a_program(
    make_visitor: Callable[..., Visitor], others: Person
) -> None:
    mina = make_visitor().arrive(others)
    mina.open("/organization/activity/export")
    mina.sees("Export activity")
    rows = list(csv.DictReader(save(mina, "Download CSV", "twostep-activity.csv").splitlines()))
    lines = [
        json.loads(line) for line in save(mina, "Download JSON lines", "twostep-activity.jsonl").splitlines()
    ]
    done = ["member_locked", "member_unlocked", "role_changed", "activity_exported"]
    assert [row["event"] for row in rows] == done
    assert [line["event"] for line in lines] == [*done, "activity_exported"]
    assert [line["hash"] for line in lines[:-1]] == [row["hash"] for row in rows]
    assert lines[2]["reason"] == "helps, “=1+1”"
