"""Many write at once: the rows still make one chain."""

from __future__ import annotations

from contextlib import suppress

from flask import Flask

from console.organization import audit
from mfa.database import transaction
from tests.organization.chains import findings, head, write
from tests.support.clock import Clock
from tests.support.crowd import AT_ONCE, at_once


def test_64_rows_at_once_make_one_chain(app: Flask) -> None:
    """Also the first ones, when there is neither a head nor a key."""
    at_once(lambda number: write(app, subject=number), AT_ONCE)
    assert head(app).startswith(f"{AT_ONCE}:")
    assert findings(app) == []


def test_rows_and_rollbacks_at_once_make_one_chain(app: Flask, clock: Clock) -> None:
    def act(number: int) -> None:
        with app.app_context(), suppress(ZeroDivisionError), transaction():
            audit.write_down("member_locked", actor=1, subject=number, now=clock())
            assert 1 / (number % 3)

    at_once(act, AT_ONCE)
    assert head(app).startswith(f"{sum(number % 3 != 0 for number in range(AT_ONCE))}:")
    assert findings(app) == []


def test_verification_meanwhile_finds_nothing(app: Flask) -> None:
    def act(number: int) -> list[str]:
        if number % 4 == 0:
            return findings(app)
        write(app, subject=number)
        return []

    assert at_once(act, 32) == [[]] * 32
