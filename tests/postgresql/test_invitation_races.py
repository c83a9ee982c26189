"""An invitation on PostgreSQL: the second of two waits for the first, and finds what it has left."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from console.auth import sign_up
from console.organization import audit
from console.organization.invitations import rules
from tests.deletion.steps import deliver
from tests.organization.inviting import (
    INVITED,
    NEWCOMER,
    URL,
    account,
    invite,
    link,
    path_of,
    stored,
    use_at_once,
)
from tests.organization.people import Make
from tests.postgresql.test_races import AT_ONCE, meanwhile
from tests.support.clock import Clock
from tests.support.crowd import copies
from tests.support.person import Person
from tests.support.smtp import Inbox


@pytest.fixture
def noor(mina: Person, make_person: Make, inbox: Inbox, clock: Clock) -> Person:
    """Somebody who has the link of an invitation open."""
    invite(mina)
    deliver(mina.app)
    person = make_person(email=INVITED)
    person.get(link(inbox))
    clock.advance(minutes=6)
    mina.get(URL, headers={"HX-Request": ""})
    return person


def acts(mina: Person, noor: Person, action: str, said: dict[str, int]) -> tuple[Callable[[], None], ...]:
    """To use the invitation, and to end it; each notes the status of its answer."""
    token = {"csrf_token": mina.hidden()["csrf_token"]}

    def use() -> None:
        said["use"] = noor.post(path_of(noor), NEWCOMER).status_code

    def end() -> None:
        said["end"] = mina.post(f"{URL}/1/{action}", token).status_code

    return use, end


@pytest.mark.parametrize("action", ["again", "withdraw"])
def test_what_comes_while_it_is_used_finds_it_used(
    mina: Person, noor: Person, engine: Engine, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    said: dict[str, int] = {}
    use, end = acts(mina, noor, action, said)
    meanwhile(monkeypatch, engine, (sign_up, "open_account"), use, end)
    assert said == {"use": 200, "end": 409}
    assert account(mina.app) is not None


@pytest.mark.parametrize("action", ["again", "withdraw"])
def test_who_uses_it_while_it_ends_finds_it_ended(
    mina: Person, noor: Person, engine: Engine, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    said: dict[str, int] = {}
    use, end = acts(mina, noor, action, said)
    meanwhile(monkeypatch, engine, (rules, "_take_mails_back"), end, use)
    assert said == {"use": 410, "end": 200}
    assert account(mina.app) is None


def test_used_many_times_at_once_it_opens_one_account(mina: Person, noor: Person, make_person: Make) -> None:
    statuses = use_at_once(noor, make_person, AT_ONCE)
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 410, 503}


def test_invited_twice_at_the_same_moment_one_is_refused(
    mina: Person, make_person: Make, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    mina.get(f"{URL}/new")
    (other,) = copies(mina, make_person, 1)
    other.page = mina.page
    typed, statuses = {"email": INVITED, "role": "member"}, []

    def press(person: Person) -> None:
        statuses.append(person.post(f"{URL}/new", typed).status_code)

    meanwhile(monkeypatch, engine, (audit, "write_down"), lambda: press(mina), lambda: press(other))
    assert sorted(statuses) == [200, 422]
    assert len(stored(mina.app)) == 1
