"""The master key is replaced while somebody waits, and while the links that stop it are in mailboxes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from console import create_app
from tests.recovery.steps import finish, is_led_to_wizard, press, recoveries
from tests.recovery.test_wait import BEGUN, DAYS, MIDDLE, READY, app, back_of, begin, letter, work
from tests.support.clock import Clock
from tests.support.person import EMAIL, Person
from tests.two_step.test_rotate import NEW_KEY, OLD_ID, closed, rotate

__all__ = ["app"]
Make = Callable[..., Person]
MakeServer = Callable[..., Flask]


@pytest.fixture
def make_server(app: Flask, config: dict[str, Any]) -> Iterator[MakeServer]:
    """Make a server of the same installation with the keys that it is given, the current one first."""
    made: list[Flask] = []

    def make(*keys: str) -> Flask:
        current, *fallbacks = keys
        own = {"RECOVERY_DAYS": DAYS, "MAIL_WORKER": "none"}
        made.append(create_app({**config, **own, "SECRET_KEY": current, "SECRET_KEY_FALLBACKS": fallbacks}))
        return made[-1]

    yield make
    for each in made:
        closed(each)


@pytest.fixture
def old_key(config: dict[str, Any]) -> str:
    return str(config["SECRET_KEY"])


@pytest.fixture
def before(make_server: MakeServer, old_key: str) -> Flask:
    """A server that knows the new key, and does not use it yet."""
    return make_server(old_key, NEW_KEY)


@pytest.fixture
def after(make_server: MakeServer, old_key: str) -> Flask:
    """A server that uses the new key already."""
    return make_server(NEW_KEY, old_key)


@pytest.fixture
def waiting(protected: Person, before: Flask) -> Person:
    """Somebody whose wait began before the new key was in use."""
    protected.clock.advance(minutes=2)
    return begin(at(before, protected))


def at(server: Flask, person: Person) -> Person:
    """A new browser of the same person, on that server."""
    return Person(server, person.inbox, person.clock, email=EMAIL)


def stop_link(person: Person, subject: str) -> str:
    text = person.inbox.wait_for(subject, to=EMAIL).text
    (stop,) = set(re.findall(r"https?://[^/]+(/\S+/stop/\S+)", text))
    return stop


def to_the_end(server: Flask, clock: Clock) -> None:
    for days in (DAYS / 2, DAYS / 2 - 1, 1):
        clock.advance(seconds=days * 24 * 3600)
        work(server)


def test_link_of_the_first_mail_stops_it_after_the_rotation(waiting: Person, after: Flask) -> None:
    stop = stop_link(waiting, BEGUN)
    rotate(after)
    assert "It was stopped" in press(at(after, waiting), stop).text
    assert recoveries(after)[0].stopped_at


def test_link_of_the_new_key_stops_it_where_the_old_one_is_in_use(
    waiting: Person, before: Flask, after: Flask, clock: Clock
) -> None:
    rotate(after)
    clock.advance(days=DAYS / 2)
    work(after)
    assert "It was stopped" in press(at(before, waiting), stop_link(waiting, MIDDLE)).text
    assert recoveries(before)[0].stopped_at


def test_whole_wait_goes_on_across_the_rotation(waiting: Person, after: Flask, clock: Clock) -> None:
    rotate(after)
    to_the_end(after, clock)
    back = back_of(letter(at(after, waiting), READY))
    assert is_led_to_wizard(finish(at(after, waiting), back))


def test_key_of_a_wait_is_not_called_unused(waiting: Person, after: Flask, clock: Clock) -> None:
    rotate(after)
    assert f"{OLD_ID}  old       0 people, 1 way back" in list_keys(after)
    clock.advance(days=DAYS + 8)
    assert f"{OLD_ID}  unused    0 people\n" in list_keys(after)


def test_without_its_key_it_ends_and_can_be_begun_again(
    waiting: Person, after: Flask, make_server: MakeServer, clock: Clock
) -> None:
    """Its first mail holds a link that is signed with that key: it opens nothing that this can't stop."""
    rotate(after)
    alone = make_server(NEW_KEY)
    assert "This link has ended" in press(at(alone, waiting), stop_link(waiting, BEGUN)).text
    to_the_end(alone, clock)
    waiting.inbox.take_all()
    begin(at(alone, waiting))
    first, second = recoveries(alone)
    assert first.stopped_at
    assert second.stopped_at is None


def test_link_stops_it_also_on_a_server_that_lacks_its_key(
    waiting: Person, after: Flask, make_server: MakeServer, clock: Clock
) -> None:
    """While the old key is taken away from one server after the other, the wait could be ended on another."""
    rotate(after)
    clock.advance(days=DAYS / 2)
    work(after)
    alone = make_server(NEW_KEY)
    assert "It was stopped" in press(at(alone, waiting), stop_link(waiting, MIDDLE)).text
    assert recoveries(after)[0].stopped_at


def list_keys(server: Flask) -> str:
    result = server.test_cli_runner().invoke(args=["keys", "list"])
    assert result.exit_code == 0, result.output
    return result.output
