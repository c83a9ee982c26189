"""The limits by network, counted in the database by all processes together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from console import config as settings, create_app, housekeeping
from console.extensions import db
from mfa.attempts.models import NetworkHit
from mfa.attempts.networks import DatabaseStorage
from tests.support.clock import Clock
from tests.support.person import Person, entered
from tests.support.remote import RemoteClient, fresh_address
from tests.support.smtp import Inbox
from tests.support.workers import Workers

WRONG = "not my password at all"
KEY = "LIMITER/203.0.113.0/24/refused/3/1/minute"
DEFAULT = settings.DEFAULTS["RATELIMIT_STORAGE_URI"]


@pytest.fixture
def app(config: dict[str, Any]) -> Iterator[Flask]:
    """Three refusals and two mails a minute, counted as they are by default."""
    limits = {"RATELIMIT_REFUSED": "3 per minute; 5 per hour", "RATELIMIT_MAILS": "2 per minute"}
    app = create_app({**config, **limits, "RATELIMIT_STORAGE_URI": DEFAULT, "MAIL_WORKER": "none"})
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def storage(app: Flask) -> Iterator[DatabaseStorage]:
    with app.app_context():
        yield DatabaseStorage()


def guess(person: Person, number: int) -> int:
    return person.sign_in(f"person{number}@example.com", WRONG).status_code


def hits(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(NetworkHit)) or 0


def test_database_is_the_default(app: Flask) -> None:
    assert isinstance(app.extensions["mfa_ranges"].storage, DatabaseStorage)


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory, stores: Any) -> Iterator[Workers]:
    """The server of `make serve` with two processes and the default limits."""
    folder = tmp_path_factory.mktemp("networks")
    cheap = {"MODE": "development", "PASSWORD_HASH_COST": "t=1,m=8,p=1", "EVENT_LOG": "none"}
    server = Workers(folder, {**stores.fresh(folder), **cheap, "RATELIMIT_STORAGE_URI": DEFAULT})
    server.start()
    yield server
    server.stop()


def posts(server: Workers, path: str, times: int, **fields: str) -> list[tuple[int, str]]:
    """Post a form again and again from one network, each time for another address: statuses, processes."""
    client = RemoteClient(server.url, address=fresh_address())
    twin = create_app({**server.settings, "MAIL_WORKER": "none"})
    person = Person(twin, None, server.clock, client=client)  # type: ignore[arg-type]
    person.get(path)
    answers = [
        person.client.post(
            path,
            data={**person.hidden(path), **fields, "email": f"{client.address}-{number}@example.com"},
            headers={"HX-Request": "true"},
        )
        for number in range(times)
    ]
    client.close()
    with twin.app_context():
        db.engine.dispose()
    return [(answer.status_code, answer.headers["X-Worker"]) for answer in answers]


def test_two_processes_check_thirty_guesses_a_minute_together(processes: Workers) -> None:
    answers = posts(processes, "/sign-in", 45, password=WRONG)
    assert Counter(status for status, _ in answers) == {422: 30, 429: 15}
    assert len({worker for _, worker in answers}) == 2


def test_two_processes_send_twenty_mails_a_minute_together(processes: Workers) -> None:
    answers = posts(processes, "/sign-up", 30)
    assert Counter(status for status, _ in answers) == {200: 20, 429: 10}


def test_right_passwords_write_no_row(app: Flask, mina: Person) -> None:
    before = hits(app)
    mina.sign_out()
    mina.forget_device()
    assert entered(mina.sign_in())
    assert hits(app) == before


def test_guesses_that_are_not_checked_write_no_row(app: Flask, person: Person) -> None:
    for number in range(3):
        guess(person, number)
    before = hits(app)
    assert [guess(person, number) for number in range(3, 9)] == [429] * 6
    assert hits(app) == before


def test_refusal_is_counted_in_all_windows_by_one_commit(app: Flask, person: Person) -> None:
    done: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *given: done.append(given[2]))
        event.listen(db.engine, "commit", lambda _: done.append("COMMIT"))
    guess(person, 1)
    written = [number for number, what in enumerate(done) if what.startswith("INSERT INTO mfa_network_hits")]
    assert len(written) == 2
    assert "COMMIT" not in done[written[0] : written[1]]
    assert "COMMIT" in done[written[1] :]


def test_window_moves_on(person: Person, clock: Clock) -> None:
    assert [guess(person, number) for number in range(4)] == [422] * 3 + [429]
    clock.advance(seconds=61)
    assert [guess(person, number) for number in range(4, 7)] == [422] * 2 + [429]


def test_answer_says_how_long_to_wait(person: Person, clock: Clock) -> None:
    for number in range(3):
        guess(person, number)
        clock.advance(seconds=10)
    response = person.sign_in("person9@example.com", WRONG)
    assert response.headers["Retry-After"] == "31"  # rounded up


def test_clock_that_was_ahead_holds_nobody_up(person: Person, clock: Clock) -> None:
    clock.advance(days=1)
    assert [guess(person, number) for number in range(4)] == [422] * 3 + [429]
    clock.advance(days=-1)
    assert guess(person, 9) == 422


def test_no_setting_turns_the_limits_off(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, inbox: Inbox, clock: Clock
) -> None:
    monkeypatch.setenv("MFA_RATELIMIT_ENABLED", "false")
    app = create_app({**config, "RATELIMIT_REFUSED": "3 per minute", "MAIL_WORKER": "none"})
    person = Person(app, inbox, clock)
    assert [guess(person, number) for number in range(4)] == [422] * 3 + [429]
    with app.app_context():
        db.engine.dispose()


def test_what_no_window_holds_is_deleted(app: Flask, person: Person, clock: Clock) -> None:
    guess(person, 1)
    assert hits(app) == 2
    with app.app_context():
        clock.advance(seconds=61)
        list(housekeeping.tidy())
        assert hits(app) == 1
        clock.advance(hours=1)
        list(housekeeping.tidy())
    assert hits(app) == 0


def test_of_many_at_once_no_more_than_the_limit_are_counted(app: Flask) -> None:
    def hit(_: int) -> bool:
        with app.app_context():
            return DatabaseStorage().acquire_entry(KEY, 3, 60)

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(hit, range(24))) == 3


def test_table_that_is_away_closes_no_door(
    app: Flask, make_person: Callable[..., Person], inbox: Inbox
) -> None:
    mina = make_person().sign_up()
    mina.sign_out()
    with app.app_context():
        NetworkHit.__table__.drop(db.engine)  # type: ignore[attr-defined]
    mina.forget_device()
    assert entered(mina.sign_in())


def test_storage_can_be_emptied(storage: DatabaseStorage, clock: Clock) -> None:
    storage.acquire_entry(KEY, 3, 60)
    storage.acquire_entry("another", 3, 60)
    storage.clear(KEY)
    assert storage.get_moving_window(KEY, 3, 60) == (clock.seconds, 0)
    assert storage.reset() == 1
