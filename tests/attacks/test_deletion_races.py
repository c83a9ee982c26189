"""A deletion that is taken back at its very hour: it is done, or it is not, and never both."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from console.accounts.models import Role
from console.auth import password
from console.deletion import rules
from console.extensions import db
from console.sessions.models import AccountSession
from mfa.database import run
from tests.deletion.steps import DELETE, account, ask, delete_at, delete_due, keep_house, traces
from tests.organization.people import give, roles, sign_up
from tests.support.applications import Applications
from tests.support.clock import Clock
from tests.support.crowd import AT_ONCE, at_once, copies
from tests.support.person import EMAIL, Person, entered

Make = Callable[..., Person]


@pytest.fixture
def app(config: dict[str, Any], applications: Applications) -> Flask:
    """Without a worker: a test sees to the mails itself, and knows when the outbox is empty."""
    return applications.get({**config, "MAIL_WORKER": "none"})


@pytest.fixture
def leaving(person: Person, clock: Clock) -> Person:
    """Somebody with 2-step verification on, one second before the account is deleted."""
    person.sign_up().activate()
    give(person.app, EMAIL, Role.MEMBER)
    ask(person)
    clock.advance(days=14, seconds=-1)
    return person


def outcome(app: Flask, clock: Clock, signed_in: list[bool], deleted: list[int]) -> str:
    """Which of the two has happened, wholly."""
    found = account(app)
    with app.app_context():
        sessions = db.session.scalars(select(AccountSession.id)).all()
        db.session.remove()
    if found is None:
        assert sum(deleted) == 1
        assert not any(signed_in)
        assert sessions == []
        clock.advance(seconds=1)  # by which the server that deleted it was ahead
        keep_house(app)
        assert traces(app, EMAIL, "Mina Park") == []
        return "deleted"
    assert sum(deleted) == 0
    assert sum(signed_in) == len(sessions) > 0
    assert found.delete_at is None
    return "kept"


@pytest.mark.parametrize("deleters", [1, AT_ONCE - 1])
def test_taken_back_and_deleted_at_once_has_one_outcome(
    leaving: Person, make_person: Make, clock: Clock, deleters: int
) -> None:
    """The housekeeping of servers whose clocks are a second ahead."""
    at = delete_at(leaving.app)
    leaving.sign_in()
    code = leaving.code()
    (half,) = copies(leaving, make_person, 1)

    def act(number: int) -> tuple[bool, int]:
        return (entered(half.verify(code)), 0) if number == 0 else (False, delete_due(leaving.app, at))

    results = at_once(act, deleters + 1)
    outcome(leaving.app, clock, [entered for entered, _ in results], [deleted for _, deleted in results])


def test_sign_in_that_the_deletion_overtakes_fails(
    person: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.sign_up()
    give(person.app, EMAIL, Role.MEMBER)
    ask(person)
    at, note = delete_at(person.app), password.note

    def note_after_the_deletion(right: password.Right, now: datetime) -> None:
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(delete_due, person.app, at).result() == 1
        note(right, now)

    monkeypatch.setattr(password, "note", note_after_the_deletion)
    response = person.sign_in()
    assert not entered(response)
    assert response.status_code in (409, 422)
    assert outcome(person.app, clock, [False], [1]) == "deleted"


def test_deletion_that_a_sign_in_overtakes_leaves_the_account(
    leaving: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, delete = delete_at(leaving.app), rules._delete
    leaving.sign_in()

    def delete_after_the_sign_in(account_id: int, now: datetime) -> bool:
        with ThreadPoolExecutor(1) as pool:
            assert entered(pool.submit(leaving.verify, leaving.code()).result())
        return delete(account_id, now)

    monkeypatch.setattr(rules, "_delete", delete_after_the_sign_in)
    with leaving.app.app_context():
        ids = run(rules.statements.DUE, {"now": at, "after": 0, "at_most": 10}).scalars().all()
        db.session.remove()
    assert len(ids) == 1
    assert delete_due(leaving.app, at) == 0
    assert outcome(leaving.app, clock, [True], [0]) == "kept"


def test_deletion_asked_for_64_times_at_once_is_asked_for_once(
    person: Person, make_person: Make, clock: Clock
) -> None:
    person.sign_up()
    give(person.app, EMAIL, Role.MEMBER)
    person.get(DELETE)
    people = copies(person, make_person, AT_ONCE)
    at_once(lambda number: people[number].post(DELETE).status_code, AT_ONCE)
    keep_house(person.app)
    told = [letter for letter in person.inbox.take_all() if letter.subject.endswith("will be deleted")]
    assert len(told) == 1
    assert delete_at(person.app) == clock() + timedelta(days=14)


@pytest.mark.parametrize("times", range(3))
def test_of_two_owners_who_leave_at_once_one_stays(make_person: Make, times: int) -> None:
    one = sign_up(make_person, "one@example.com", Role.OWNER)
    two = sign_up(make_person, "two@example.com", Role.OWNER)
    for owner in (one, two):
        owner.get(DELETE)
    owners: list[Any] = [one, two]
    at_once(lambda number: owners[number].post(DELETE).status_code, 2)
    found = [account(one.app, email) for email in roles(one.app)]
    assert len([owner for owner in found if owner and owner.delete_at is None]) == 1
