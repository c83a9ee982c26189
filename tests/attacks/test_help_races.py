"""A reset that many decide about at once has one outcome, and sends one link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from console.accounts.models import Role
from tests.deletion.steps import deliver
from tests.organization.helping import JUN, KIM, LINK, MEMBERS, REASON, ask, events, requests, take_two
from tests.organization.people import give, sign_up
from tests.support.applications import Applications
from tests.support.crowd import AT_ONCE, at_once, copies
from tests.support.person import Person

Make = Callable[..., Person]
APPROVE, WITHDRAW = f"{MEMBERS}/2/reset/1/approve", f"{MEMBERS}/2/reset/1/withdraw"


@pytest.fixture
def app(config: dict[str, Any], applications: Applications) -> Flask:
    """Without a worker: a test sees to the mails itself, and knows when the outbox is empty."""
    return applications.get({**config, "MAIL_WORKER": "none"})


@pytest.fixture
def jun(mina: Person, make_person: Make) -> Person:
    """A member whose 2-step verification is on, beside Mina, who owns the organization."""
    return make_person(email=JUN).sign_up(JUN).activate()


@pytest.fixture
def kim(jun: Person, make_person: Make) -> Person:
    """A second administrator."""
    made = sign_up(make_person, KIM, Role.ADMINISTRATOR)
    take_two(made.app)
    return made


def links(app: Flask, person: Person) -> int:
    """Send what waits, and count the mails with a link to the member."""
    deliver(app)
    return len([letter for letter in person.inbox.take_all() if letter.subject == LINK])


def test_approved_64_times_at_once_sends_one_link(mina: Person, kim: Person, make_person: Make) -> None:
    ask(mina)
    kim.get(APPROVE)
    crowd = copies(kim, make_person, AT_ONCE)
    statuses = at_once(lambda number: crowd[number].post(APPROVE).status_code, AT_ONCE)
    assert sorted(statuses) == [200] + [409] * (AT_ONCE - 1)
    assert events(mina.app) == ["reset_asked", "reset_approved"]
    assert links(mina.app, mina) == 1


@pytest.mark.parametrize("half", [1, AT_ONCE // 2])
def test_approved_and_withdrawn_at_once_has_one_outcome(
    mina: Person, kim: Person, make_person: Make, half: int
) -> None:
    ask(mina)
    kim.get(APPROVE)
    mina.get(WITHDRAW)
    approvers, withdrawers = copies(kim, make_person, half), copies(mina, make_person, half)

    def press(number: int) -> int:
        if number % 2:
            return approvers[number // 2].post(APPROVE).status_code
        return withdrawers[number // 2].post(WITHDRAW).status_code

    statuses = at_once(press, 2 * half)
    assert sorted(statuses) == [200] + [409] * (2 * half - 1)
    outcome = events(mina.app)[1:]
    assert outcome in (["reset_approved"], ["reset_withdrawn"])
    is_approved = outcome == ["reset_approved"]
    assert statuses.index(200) % 2 == is_approved
    assert len(requests(mina.app)) == links(mina.app, mina) == is_approved


@pytest.mark.parametrize("half", [1, AT_ONCE // 2])
def test_approved_and_stopped_by_the_member_at_once_it_is_stopped(
    mina: Person, jun: Person, kim: Person, make_person: Make, half: int
) -> None:
    """Before the approval or after it: then with the link that was out for that moment."""
    ask(mina)
    kim.get(APPROVE)
    jun.get("/account/two-step")
    approvers, stoppers = copies(kim, make_person, half), copies(jun, make_person, half)

    def press(number: int) -> int:
        if number % 2:
            return approvers[number // 2].post(APPROVE).status_code
        return stoppers[number // 2].post("/account/help/stop").status_code

    statuses = at_once(press, 2 * half)
    is_approved = sorted(statuses[1::2]) == [200] + [409] * (half - 1)
    assert is_approved or statuses[1::2] == [409] * half
    assert statuses[::2] == [200] * half
    assert events(mina.app)[1:] == ["reset_approved"] * is_approved + ["reset_stopped"]
    [request] = requests(mina.app)
    assert request.stopped_at


def test_asked_64_times_at_once_is_asked_once(mina: Person, kim: Person, make_person: Make) -> None:
    url = f"{MEMBERS}/2/reset"
    for person in (mina, kim):
        person.get(url)
    crowd = copies(mina, make_person, AT_ONCE // 2) + copies(kim, make_person, AT_ONCE // 2)
    statuses = at_once(lambda number: crowd[number].post(url, {"reason": REASON}).status_code, AT_ONCE)
    assert sorted(statuses) == [200] + [409] * (AT_ONCE - 1)
    assert events(mina.app) == ["reset_asked"]


def test_who_is_demoted_at_that_moment_has_no_say(mina: Person, kim: Person) -> None:
    """Either the request was approved before that, or it is void."""
    ask(kim)
    mina.get(APPROVE)

    def press(number: int) -> int:
        if number:
            return mina.post(APPROVE).status_code
        give(mina.app, KIM, Role.MEMBER)
        return 0

    _, status = at_once(press, 2)
    expected = {200: (["reset_approved"], 1), 409: (["reset_ended"], 0)}
    assert (events(mina.app)[1:], links(mina.app, mina)) == expected[status]


def test_two_who_ask_for_each_other_do_not_wait_in_a_circle(mina: Person, kim: Person) -> None:
    take_two(mina.app, wanted=False)
    kim.activate()
    mina.activate()
    give(mina.app, KIM, Role.OWNER)
    mina.get(f"{MEMBERS}/3/reset")
    kim.get(f"{MEMBERS}/1/reset")

    def press(number: int) -> int:
        person, member = ((mina, 3), (kim, 1))[number]
        return person.post(f"{MEMBERS}/{member}/reset", {"reason": REASON}).status_code

    assert at_once(press, 2) == [200, 200]
