"""Guessing at many accounts from one network: counted for all processes together, whatever is claimed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tests.support.crowd import at_once
from tests.support.person import Person, Response, entered
from tests.support.remote import fresh_address

Make = Callable[..., Person]
REFUSALS_A_MINUTE = 30
WRONG = "not the password at all"


@pytest.fixture
def network() -> str:
    """The first three numbers of a range's addresses."""
    return fresh_address().rpartition(".")[0]


@pytest.fixture
def spray(make_remote_person: Make, network: str) -> Callable[..., list[Response]]:
    """One wrong password for each of many accounts, ten at a time, from all over the network."""

    def spray(times: int, **headers: str) -> list[Response]:
        people = [make_remote_person(address=f"{network}.{number + 1}") for number in range(times)]
        for person in people:
            person.get("/sign-in")

        def guess(number: int) -> Response:
            person = people[number]
            return person.post("/sign-in", {"email": person.email, "password": WRONG}, headers=headers)

        answers: list[Response] = []
        for start in range(0, times, 10):
            answers += at_once(lambda number, start=start: guess(start + number), 10)
        return answers

    return spray


def statuses(answers: list[Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def test_guesses_at_many_accounts_from_one_network_are_made_to_wait(
    spray: Callable[..., list[Response]],
) -> None:
    assert statuses(spray(50)) == {422: REFUSALS_A_MINUTE, 429: 50 - REFUSALS_A_MINUTE}


def test_both_processes_count_the_same_network(spray: Callable[..., list[Response]]) -> None:
    spray(REFUSALS_A_MINUTE)
    after = spray(30)
    assert len({answer.headers["X-Worker"] for answer in after}) == 2
    assert statuses(after) == {429: 30}


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP"])
def test_a_network_that_is_only_claimed_is_not_believed(
    spray: Callable[..., list[Response]], header: str
) -> None:
    value = "for=203.0.113.7" if header == "Forwarded" else "203.0.113.7"
    spray(REFUSALS_A_MINUTE)
    assert statuses(spray(10, **{header: value})) == {429: 10}


def test_another_network_goes_on(spray: Callable[..., list[Response]], member: Person) -> None:
    member.sign_out()
    spray(REFUSALS_A_MINUTE)
    assert entered(member.sign_in())


def test_the_owner_at_a_known_device_in_the_same_network_goes_on(
    spray: Callable[..., list[Response]], member: Person, network: str
) -> None:
    member.sign_out()
    spray(40)
    member.client.move(f"{network}.99")
    assert entered(member.sign_in())


def test_who_is_signed_in_is_made_to_wait_as_well(
    spray: Callable[..., list[Response]], make_remote_person: Make, network: str
) -> None:
    """An account of one's own, and a device that is known to it, is no license to guess at others'."""
    spray(REFUSALS_A_MINUTE)
    attacker = make_remote_person().sign_up()
    attacker.client.move(f"{network}.99")
    attacker.get("/account/profile")
    victim = {"email": "victim@example.com", "password": WRONG}
    assert attacker.post("/sign-in", {**attacker.hidden(), **victim}).status_code == 429


def test_who_is_halfway_in_is_made_to_wait_as_well(
    spray: Callable[..., list[Response]], halfway: Person, network: str
) -> None:
    spray(REFUSALS_A_MINUTE)
    halfway.client.move(f"{network}.99")
    victim = {"email": "victim@example.com", "password": WRONG}
    assert halfway.post("/sign-in", {**halfway.hidden(), **victim}).status_code == 429
