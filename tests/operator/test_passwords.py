"""`passwords cost`, with a measure that takes no time."""

from __future__ import annotations

import pytest
from click.testing import Result
from flask import Flask

from console.config import cores
from console.passwords import speed
from console.passwords.speed import CHOICES, Speed
from mfa.crypto.cost import Cost

CHEAP = Cost(passes=1, memory_kib=8, lanes=1)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Cost, int, float]]:
    """What is measured from now on: each hash takes as many milliseconds as it makes passes."""
    asked: list[tuple[Cost, int, float]] = []

    def measure(cost: Cost, places: int, seconds: float) -> Speed:
        asked.append((cost, places, seconds))
        return Speed(alone=cost.passes / 1000, rate=1000 / cost.passes)

    monkeypatch.setattr(speed, "measure", measure)
    return asked


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["passwords", "cost", *words])


def test_costs_are_compared_with_the_one_that_is_set(
    app: Flask, measured: list[tuple[Cost, int, float]]
) -> None:
    app.config["PASSWORD_HASH_COST"] = "t=2,m=1024,p=1"
    result = run(app)
    assert [cost for cost, *_ in measured] == [Cost.parse("t=2,m=1024,p=1"), *CHOICES.values()]
    assert {places for _, places, _ in measured} == {cores()}
    lines = result.output.splitlines()
    assert lines[2].split() == ["t=2,m=1024,p=1", "2", "ms", "500.0", "1", "MiB", "MFA_PASSWORD_HASH_COST"]
    assert lines[3].startswith("t=3,m=65536,p=4 ")
    assert lines[3].endswith("3 ms              333.3             64 MiB   RFC 9106, second")


def test_cost_that_is_set_is_measured_once(app: Flask, measured: list[tuple[Cost, int, float]]) -> None:
    app.config["PASSWORD_HASH_COST"] = "t=3,m=65536,p=1"
    result = run(app)
    assert len(measured) == len(CHOICES)
    assert "MFA_PASSWORD_HASH_COST; the same, one lane" in result.output


def test_costs_can_be_chosen(app: Flask, measured: list[tuple[Cost, int, float]]) -> None:
    run(app, "t=4,m=16,p=1", "--seconds", "0.5")
    assert [(str(cost), seconds) for cost, _, seconds in measured] == [
        (app.config["PASSWORD_HASH_COST"], 0.5),
        ("t=4,m=16,p=1", 0.5),
    ]


def test_cost_that_is_none_is_refused_in_one_sentence(app: Flask) -> None:
    result = run(app, "cheap")
    assert result.exit_code == 2
    assert "not a cost of argon2id: 'cheap'" in result.output


@pytest.mark.parametrize("places", [1, 3])
def test_measure_hashes_however_short_it_is(places: int) -> None:
    found = speed.measure(CHEAP, places, 0.0)
    assert found.alone > 0
    assert found.rate > 0
