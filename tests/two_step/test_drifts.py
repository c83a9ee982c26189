"""A clock that differs from everybody's phone is the server's: the operator and the person are told so."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from mfa.factors.drifts import Drifts
from tests.support.applications import Applications
from tests.support.person import Person


@pytest.fixture
def app(config: dict[str, Any], applications: Applications) -> Iterator[Flask]:
    app = applications.get({**config, "EVENT_LOG": "events"})
    yield app
    app.extensions["mfa_mail_worker"].stop()


def of_all(*seconds: int) -> int | None:
    drifts = Drifts()
    for account, drift in enumerate(seconds):
        drifts.note(account, drift)
    return drifts.of_all()


@pytest.mark.parametrize(
    "seconds",
    [(240,) * 4, (0, 30, -30, 0, 0, 0), (240, 240, 0, 0, 240), (60,) * 9, (600, -600, 240, 0, 90), ()],
)
def test_difference_of_some_is_their_phones(seconds: tuple[int, ...]) -> None:
    assert of_all(*seconds) is None


@pytest.mark.parametrize("sign", [1, -1])
def test_difference_of_nearly_all_is_the_servers(sign: int) -> None:
    assert of_all(*(sign * seconds for seconds in (240, 210, 240, 270, 240, 0))) in (sign * 240, sign * 210)


def test_one_account_counts_once() -> None:
    drifts = Drifts()
    for _ in range(30):
        drifts.note(1, 240)
    assert drifts.of_all() is None


def test_it_ends_when_the_clock_is_right_again() -> None:
    assert of_all(*[240] * 20, *[0] * 5) is None


@pytest.fixture
def people(make_person: Callable[..., Person]) -> list[Person]:
    """Five people at the step of the wizard that asks for a code."""
    return [
        make_person(email=f"person{number}@example.com").sign_up().begin().verify_email().scan()
        for number in range(5)
    ]


def enter(person: Person, seconds: float) -> str:
    return person.post("/account/two-step/enroll/code", {"code": person.code(seconds=seconds)}).text


@pytest.mark.parametrize(("ahead", "said"), [(240, "slow"), (-240, "fast")])
def test_person_and_operator_are_told_of_the_servers_clock(
    app: Flask, people: list[Person], ahead: int, said: str
) -> None:
    first, *_, last = [enter(person, ahead) for person in people]
    assert "Your phone’s clock is about 4 minutes" in first
    assert "The clock of this site seems to be wrong, not your phone’s." in last
    ready = app.test_client().get("/readyz")
    assert (ready.status_code, ready.get_json()) == (
        200,
        {"ready": True, "clock": f"about 240 seconds {said}"},
    )
    lines = map(json.loads, Path(app.instance_path, "events").read_text().splitlines())
    assert [line["seconds"] for line in lines if line["event"] == "server_clock_off"] == [ahead]


def test_right_clock_is_not_spoken_of(app: Flask, people: list[Person]) -> None:
    for person in people[:4]:
        person.enter_code()
    assert "Your phone’s clock is about 4 minutes" in enter(people[4], 240)
    assert app.test_client().get("/readyz").get_json() == {"ready": True}
