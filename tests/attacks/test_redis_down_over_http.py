"""Redis goes away while people are at work: nobody is signed out, and no code may be guessed more often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.attacks.conftest import Site
from tests.support.crowd import at_once
from tests.support.person import Person, entered
from tests.support.redis import Redis
from tests.support.remote import RemoteClient

WRONG = "000000"


@pytest.fixture(scope="module")
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    server = Redis(tmp_path_factory.mktemp("redis-that-stops"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def own_site(start_site: Callable[..., Site], own_redis: Redis) -> Site:
    return start_site(RATELIMIT_STORAGE_URI=own_redis.url)


@pytest.fixture(scope="module")
def people(own_site: Site, own_redis: Redis) -> Iterator[list[Person]]:
    """People with 2-step verification who signed in while Redis was there; now it is not."""
    people = [own_site.person().sign_up().activate() for _ in range(4)]
    own_redis.stop()
    yield people[:]
    for person in people:
        assert isinstance(person.client, RemoteClient)
        person.client.close()


@pytest.fixture
def guarded(people: list[Person]) -> Person:
    return people.pop()


def test_nobody_is_signed_out(guarded: Person) -> None:
    assert all(guarded.is_signed_in() for _ in range(8))


def test_people_sign_in_with_both_steps(guarded: Person) -> None:
    guarded.sign_out()
    guarded.sign_in()
    assert entered(guarded.verify(guarded.next_code()))


def test_of_many_wrong_codes_five_are_looked_at(guarded: Person) -> None:
    guarded.sign_out()
    guarded.sign_in()
    assert Counter(guarded.verify(WRONG).status_code for _ in range(12)) == {422: 5, 429: 7}


def test_the_right_code_does_not_pass_while_its_owner_must_wait(guarded: Person) -> None:
    guarded.sign_out()
    guarded.sign_in()
    for _ in range(6):
        guarded.verify(WRONG)
    assert guarded.verify(guarded.code()).status_code == 429


def test_each_process_still_counts_what_one_network_gets_wrong(own_site: Site, people: list[Person]) -> None:
    stranger = own_site.person()
    stranger.get("/sign-in")
    fields = {**stranger.hidden(), "password": "not the password at all"}

    def guess(number: int) -> int:
        return stranger.client.post(
            "/sign-in", data={"email": f"somebody{number}@example.com", **fields}
        ).status_code

    # At once, so that they are within the minute also where the machine is busy.
    seen = Counter(
        status
        for first in range(0, 100, 20)
        for status in at_once(lambda number, first=first: guess(first + number), 20)
    )
    assert seen[429] >= 10  # two processes, each with 30 of its own
    assert isinstance(stranger.client, RemoteClient)
    stranger.client.close()
