"""Invitations that are used, sent again and withdrawn at once: each is open to one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from console.accounts.models import Role
from console.auth import sign_up as auth
from console.extensions import db
from mfa.notices import outbox
from tests.deletion.steps import keep_house
from tests.organization.inviting import (
    INVITED,
    NEWCOMER,
    URL,
    account,
    invite,
    link,
    path_of,
    press,
    stored,
    use_at_once,
)
from tests.organization.people import give, roles, sign_up
from tests.support.applications import Applications
from tests.support.clock import Clock
from tests.support.crowd import AT_ONCE, at_once, copies
from tests.support.person import EMAIL, Person
from tests.support.smtp import Inbox

Make = Callable[..., Person]


@pytest.fixture
def app(config: dict[str, Any], applications: Applications) -> Flask:
    """Without a worker: a test sees to the mails itself."""
    return applications.get({**config, "MAIL_WORKER": "none"})


@pytest.fixture
def noor(mina: Person, make_person: Make, inbox: Inbox, clock: Clock) -> Person:
    """Somebody who has the link of an invitation open."""
    invite(mina, role=Role.ADMINISTRATOR)
    keep_house(mina.app)
    person = make_person(email=INVITED)
    person.get(link(inbox))
    clock.advance(minutes=6)
    return person


def test_invitation_used_64_times_at_once_opens_one_account(noor: Person, make_person: Make) -> None:
    statuses = use_at_once(noor, make_person, AT_ONCE)
    assert statuses.count(200) == 1
    # Who had to wait for a place to hash finds the link good, or used.
    assert set(statuses) <= {200, 410, 503}
    assert roles(noor.app) == {EMAIL: Role.OWNER, INVITED: Role.ADMINISTRATOR}
    assert [row.used_at is not None for row in stored(noor.app)] == [True]


@pytest.mark.parametrize("action", ["again", "withdraw"])
@pytest.mark.parametrize("times", range(3))
def test_used_and_ended_at_once_has_one_outcome(mina: Person, noor: Person, action: str, times: int) -> None:
    path = path_of(noor)
    mina.get(URL, headers={"HX-Request": ""})
    token = {"csrf_token": mina.hidden()["csrf_token"]}

    def act(number: int) -> int:
        if number == 0:
            return noor.post(path, NEWCOMER).status_code
        return mina.post(f"{URL}/1/{action}", token).status_code

    used, ended = at_once(act, 2)
    [row] = stored(mina.app)
    assert (used, ended) in [(200, 409), (410, 200)]
    assert (account(mina.app) is not None) is (used == 200)
    assert (row.used_at is not None) is (used == 200)
    assert (row.sent == 2 or row.withdrawn_at is not None) is (ended == 200)


@pytest.mark.parametrize("times", range(3))
def test_used_while_its_author_is_demoted_has_one_outcome(
    mina: Person, make_person: Make, inbox: Inbox, times: int
) -> None:
    jun = sign_up(make_person, "jun@example.com", Role.OWNER)
    invite(jun, role=Role.OWNER)
    keep_house(mina.app)
    noor = make_person(email=INVITED)
    path = link(inbox)
    noor.get(path)
    act_url = "/organization/members/2/role"
    mina.get(act_url)

    def act(number: int) -> int:
        if number == 0:
            return noor.post(path, NEWCOMER).status_code
        return mina.post(act_url, {"role": "member", "reason": "left"}).status_code

    used, demoted = at_once(act, 2)
    assert demoted == 200
    assert used in (200, 410)
    assert (account(mina.app) is not None) is (used == 200)


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.MEMBER])
def test_author_who_is_demoted_while_the_password_is_hashed_lets_nobody_in(
    mina: Person, make_person: Make, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    jun = sign_up(make_person, "jun@example.com", Role.OWNER)
    invite(jun, role=Role.OWNER)
    keep_house(mina.app)
    noor = make_person(email=INVITED)
    noor.get(link(inbox))
    prepare = auth.prepare

    def prepare_and_demote(*given: Any, **more: Any) -> Any:
        give(mina.app, "jun@example.com", role)
        return prepare(*given, **more)

    monkeypatch.setattr(auth, "prepare", prepare_and_demote)
    assert noor.post(path_of(noor), NEWCOMER).status_code == 410
    assert account(mina.app) is None


def test_one_address_invited_by_many_at_once_is_invited_once(
    mina: Person, make_person: Make, inbox: Inbox
) -> None:
    mina.get(f"{URL}/new")
    people = copies(mina, make_person, 16)
    for person in people:
        person.page = mina.page
    typed = {"email": INVITED, "role": "member"}
    statuses = at_once(lambda number: people[number].post(f"{URL}/new", typed).status_code, 16)
    assert statuses.count(200) == 1
    assert len(stored(mina.app)) == 1
    keep_house(mina.app)
    assert len(inbox.take_all()) == 1


def test_mail_that_has_not_left_when_it_is_withdrawn_stays_here(mina: Person, inbox: Inbox) -> None:
    invite(mina)
    press(mina, "withdraw")
    with mina.app.app_context():
        assert outbox.waiting() == 0
        db.session.remove()
    keep_house(mina.app)
    assert inbox.take_all() == []
