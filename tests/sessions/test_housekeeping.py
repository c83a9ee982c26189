"""What is over is deleted in the background, in short transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, event, func, insert, select, text

from console import housekeeping
from console.accounts.models import Account
from console.extensions import db
from console.sessions import rules as sessions
from console.sessions.models import AccountSession
from mfa import database
from mfa.activity import rules as activity
from mfa.activity.models import ActivityEvent
from mfa.attempts import networks, rules as attempts
from mfa.attempts.models import NetworkHit, Spent, Throttle
from mfa.database import run, transaction
from mfa.notices import outbox
from mfa.notices.models import OutboxMail
from mfa.sign_in import challenges
from mfa.sign_in.models import Challenge
from tests.support.clock import Clock
from tests.support.person import Person


def session(number: int, then: datetime) -> dict[str, Any]:
    """A row of a session that began *then*, but for its end."""
    token = {"account_id": 1, "token_hash": bytes([number]), "user_agent": ""}
    return {**token, "created_at": then, "proved_at": then, "seen_at": then}


Forget = Callable[[datetime], Iterator[int]]
OVER: dict[str, tuple[Forget, type[Any], Callable[[int, datetime], dict[str, Any]]]] = {
    "counts": (
        attempts.forget_counts,
        Throttle,
        lambda number, then: {
            "subject": f"s{number}",
            "purpose": "password",
            "attempts": 1,
            "blocked_until": 0,
            "attempted_at": int(then.timestamp()),
        },
    ),
    "used up": (
        attempts.forget_spent,
        Spent,
        lambda number, then: {"purpose": "p", "reference": f"r{number}", "forget_at": then},
    ),
    "networks": (
        networks.forget,
        NetworkHit,
        lambda _, then: {"limited": "n", "happened_at": then, "forget_at": then},
    ),
    "activity": (
        activity.forget_old,
        ActivityEvent,
        lambda number, then: {
            "person_id": str(number),
            "event": "signed_in",
            "happened_at": then,
            "device": "",
            "address": "",
            "details": {},
        },
    ),
    "challenges": (
        challenges.forget_expired,
        Challenge,
        lambda number, then: {
            "token_hash": bytes([number]),
            "person_id": str(number),
            "mark": "m",
            "key": "k",
            "expires_at": then,
            "failures": 0,
            "next": "",
            "remember": False,
        },
    ),
    "sessions": (
        sessions.forget_expired,
        AccountSession,
        lambda number, then: {**session(number, then), "expires_at": then},
    ),
    "idle sessions": (
        sessions.forget_idle,
        AccountSession,
        lambda number, then: {**session(number, then), "expires_at": then + timedelta(days=1000)},
    ),
}
"""What deletes rows that are over, the table, and such a row."""
YOUNG, OLD = timedelta(0), timedelta(days=400)


def rows(app: Flask) -> int:
    with app.app_context():
        return db.session.query(AccountSession).count() + db.session.query(Challenge).count()


def keep_house(app: Flask) -> None:
    assert app.test_cli_runner().invoke(args=["mail", "deliver"]).exit_code == 0


def test_a_session_that_is_over_is_deleted(app: Flask, mina: Person, clock: Clock) -> None:
    assert rows(app) == 1
    clock.advance(days=31)
    keep_house(app)
    assert rows(app) == 0


def test_a_session_that_nobody_used_is_deleted_a_day_after_its_end(
    app: Flask, mina: Person, clock: Clock
) -> None:
    clock.advance(hours=35)
    keep_house(app)
    assert rows(app) == 1
    assert not mina.is_signed_in()
    clock.advance(hours=2)
    keep_house(app)
    assert rows(app) == 0


def test_a_session_that_goes_on_is_kept(app: Flask, mina: Person, clock: Clock) -> None:
    clock.advance(hours=11)
    keep_house(app)
    assert rows(app) == 1
    assert mina.is_signed_in()


def test_half_a_session_that_nobody_finished_is_deleted_and_still_told(
    app: Flask, protected: Person, make_person: Callable[..., Person], clock: Clock
) -> None:
    protected.sign_out()
    protected.inbox.take_all()
    make_person().sign_in()
    assert rows(app) == 1
    clock.advance(minutes=11)
    keep_house(app)
    assert rows(app) == 0
    assert protected.inbox.wait_for("Somebody entered your Twostep password")


def test_what_was_used_up_is_remembered_for_a_month(app: Flask, mina: Person, clock: Clock) -> None:
    mina.activate()
    keep_house(app)
    with app.app_context():
        assert db.session.query(Spent).count() > 0
    clock.advance(days=29)
    keep_house(app)
    with app.app_context():
        assert db.session.query(Spent).count() > 0
    clock.advance(days=2)
    keep_house(app)
    with app.app_context():
        assert db.session.query(Spent).count() == 0


# In batches


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two rows."""
    monkeypatch.setattr(database, "BATCH", 2)


@pytest.fixture(params=OVER)
def kind(request: pytest.FixtureRequest, app: Flask, clock: Clock) -> str:
    """Five rows that are over, and three that are not."""
    name: str = request.param
    _, model, row = OVER[name]
    account = {"id": 1, "email": "a@example.com", "email_key": "a@example.com", "name": "A"}
    with app.app_context(), transaction():
        run(insert(Account).values(**account, password_hash="none", created_at=clock()))
        for number in range(8):
            then = clock() - (OLD if number < 5 else YOUNG)
            run(insert(model).values(**row(number, then)))
    return name


def left(app: Flask, model: type[Any]) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_each_batch_is_a_transaction_of_its_own(app: Flask, engine: Engine, kind: str, clock: Clock) -> None:
    forget, model, _ = OVER[kind]
    found: list[int] = []

    def commits(_: Connection) -> None:
        found.append(0)

    with app.app_context():
        event.listen(engine, "commit", commits)
        rows = [number for number in forget(clock()) if number]
        event.remove(engine, "commit", commits)
    assert rows == [2, 2, 1]
    assert len(found) >= len(rows)
    assert left(app, model) == 3


def test_others_write_between_two_batches(app: Flask, engine: Engine, kind: str, clock: Clock) -> None:
    forget, model, row = OVER[kind]
    with app.app_context():
        batches = (number for number in forget(clock()) if number)
        assert next(batches) == 2
        with engine.begin() as other:
            if engine.dialect.name == "sqlite":
                other.execute(text("PRAGMA busy_timeout = 0"))  # another that held a lock would be an error
            other.execute(insert(model).values(**row(99, clock() - OLD)))
        assert list(batches) == [2, 2]
    assert left(app, model) == 3


def test_rest_after_a_batch_is_longer_than_a_waiting_writer_of_sqlite_stays_away(
    app: Flask, engine: Engine, kind: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its looks are at most 25 ms apart at first (sqliteDefaultBusyCallback)."""
    rests: list[float] = []
    monkeypatch.setattr(database.time, "sleep", rests.append)
    forget, *_ = OVER[kind]
    with app.app_context():
        assert sum(forget(clock())) == 5
    longer = [rest for rest in rests if rest > (0.025 if engine.dialect.name == "sqlite" else 0)]
    # Nothing waits before the first batch of a table, and there are three.
    assert len(longer) == 2
    assert set(rests) - set(longer) == {0}


def test_what_was_broken_off_is_continued(app: Flask, kind: str, clock: Clock) -> None:
    forget, model, _ = OVER[kind]
    with app.app_context():
        assert next(number for number in forget(clock()) if number) == 2
        assert left(app, model) == 6
        assert sum(housekeeping.tidy()) == 3
    assert left(app, model) == 3


def test_mails_that_a_wrong_clock_put_off_are_brought_forward_in_batches(app: Flask, clock: Clock) -> None:
    mail = {"message": "m", "recipient": "a@example.com", "details": {}, "created_at": clock()}
    with app.app_context():
        with transaction():
            for hours in (0, 1, 2, 2, 2):
                run(insert(OutboxMail).values(**mail, due_at=clock() + timedelta(hours=hours)))
        assert list(outbox.bring_forward(clock())) == [2, 1]
        assert sum(outbox.bring_forward(clock())) == 0
