"""A process killed in the middle of a change, while another one serves: all of it stands, or nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.attacks.conftest import Site
from tests.support.person import PASSWORD, Person, entered
from tests.support.workers import SturdyWorkers

MAY_CHANGE = {"mfa_throttles", "sessions.seen_at", "sqlite_sequence"}
NEW_PASSWORD = "seven boats under glass"
COMPLETE = "/account/two-step/enroll/recovery"


@pytest.fixture(scope="module")
def site(start_site: Callable[..., Site]) -> Iterator[Site]:
    """A server of its own, whose mails are left waiting."""
    return start_site(SturdyWorkers, MAIL_WORKER="none")


@pytest.fixture
def member(site: Site) -> Person:
    return site.person().sign_up()


def die_through(site: Site, person: Person, url: str, fields: dict[str, str]) -> tuple[int, str, str]:
    """Post *fields*, the process killed one step later each time, until the answer comes.

    How many processes died, and the database before and after.

    :raises AssertionError: after a death the database was neither as before nor as after the change.
    """
    before = site.dump(without=MAY_CHANGE)
    cookie, page = person.cookie(), person.page
    deaths, half_done = 0, []
    for step in range(80):
        person.put_cookie(cookie)
        person.page = page
        try:
            person.post(url, fields, headers={"X-Die-Before": str(step)})
        except httpx.TransportError:
            deaths += 1
            after = site.dump(without=MAY_CHANGE)
            if after != before:
                half_done.append(after)
            continue
        break
    after = site.dump(without=MAY_CHANGE)
    # Once the commit has happened the change stands, and what is left of the request changes nothing.
    assert all(state == after for state in half_done)
    return deaths, before, after


def mails(dumped: str, message: str) -> int:
    """How many mails of a kind to one of the visitors a dump holds."""
    return len(re.findall(rf"'{message}', '\d+', 'visitor", dumped))


def events(dumped: str, event: str) -> int:
    """How often an event stands in the activity of a dump."""
    return len(re.findall(rf"^mfa_activity: .*'{event}'", dumped, re.MULTILINE))


def test_complete(site: Site, member: Person) -> None:
    member.begin().verify_email().scan().enter_code()
    deaths, before, after = die_through(site, member, COMPLETE, {"saved": "y"})
    assert deaths >= 10
    gained = [after.count(kind) - before.count(kind) for kind in ("authenticators:", "recovery_codes:")]
    assert gained == [1, 10]
    assert mails(after, "two_step_on") - mails(before, "two_step_on") == 1
    assert events(after, "two_step_on") - events(before, "two_step_on") == 1


def test_complete_of_a_move(site: Site, member: Person) -> None:
    member.activate()
    old = member.app_on_phone
    member.begin_move().scan().enter_code()
    deaths, before, after = die_through(site, member, COMPLETE, {"saved": "y"})
    assert old
    assert deaths >= 10
    gained = [after.count(kind) - before.count(kind) for kind in ("authenticators:", "recovery_codes:")]
    assert gained == [0, 0]
    assert mails(after, "authenticator_moved") == 1
    assert events(after, "authenticator_moved") == 1
    member.sign_out()
    member.sign_in()
    assert not entered(member.verify(old.code(member.clock.seconds)))
    assert entered(member.verify(member.next_code()))


def test_a_change_of_the_password(site: Site, member: Person) -> None:
    member.get("/account/password")
    fields = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    deaths, before, after = die_through(site, member, "/account/password", fields)
    assert deaths >= 8
    assert mails(after, "password_changed") - mails(before, "password_changed") == 1
    assert events(after, "password_changed") - events(before, "password_changed") == 1


def test_the_other_process_serves_on(site: Site, member: Person) -> None:
    member.get("/account/profile")
    with pytest.raises(httpx.TransportError):
        member.post("/account/profile", {"name": "Mina two"}, headers={"X-Die-Before": "0"})
    assert member.is_signed_in()
