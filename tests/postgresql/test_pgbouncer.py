"""PgBouncer in transaction mode: each transaction may run on another connection of PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import flask_migrate
import psycopg
import pytest
from sqlalchemy import Engine, make_url, text

from console import create_app, readiness
from console.extensions import db
from mfa.database import unless_busy
from tests.support.person import Person, entered
from tests.support.pgbouncer import PgBouncer
from tests.support.postgresql import PostgreSQL, address
from tests.support.stores import Stores

CLIENTS = 40


@pytest.fixture(scope="module")
def pgbouncer(stores: Stores, postgresql: PostgreSQL) -> Iterator[PgBouncer]:
    url = postgresql.create()
    started = PgBouncer(url, most=CLIENTS)
    yield started
    started.stop()
    postgresql.drop(url)


@pytest.fixture
def config(config: dict[str, Any], pgbouncer: PgBouncer) -> dict[str, Any]:
    """An installation whose connections lead through PgBouncer."""
    url = pgbouncer.before(make_url(config["SQLALCHEMY_DATABASE_URI"]))
    return {**config, "SQLALCHEMY_DATABASE_URI": address(url)}


def test_same_statement_runs_on_the_connections_of_all(engine: Engine) -> None:
    """The driver would prepare it after five times, by the same name on each connection."""
    with engine.connect() as one, engine.connect() as other:
        for connection in (one, other) * 10:
            assert connection.scalar(text("SELECT :number + 1"), {"number": 1}) == 2
            connection.commit()


def test_people_who_sign_in_at_once_come_in(make_person: Callable[..., Person]) -> None:
    people = [make_person(email=f"mina{number}@example.com").sign_up().activate() for number in range(8)]

    def come_in(person: Person) -> bool:
        person.sign_out()
        person.sign_in()
        return entered(person.verify_recovery_code(person.recovery_codes[0]))

    with ThreadPoolExecutor(len(people)) as executor:
        assert list(executor.map(come_in, people)) == [True] * len(people)
    for _ in range(8):
        assert [person.client.get("/account/two-step").status_code for person in people] == [200] * 8


def test_what_is_set_for_a_transaction_ends_with_it(protected: Person, engine: Engine) -> None:
    with protected.app.app_context(), unless_busy():
        assert db.session.scalar(text("SHOW lock_timeout")) == "1ms"
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW lock_timeout")) == "0"


def test_tables_are_made_through_it(
    config: dict[str, Any], postgresql: PostgreSQL, pgbouncer: PgBouncer
) -> None:
    url = postgresql.create()
    app = create_app({**config, "SQLALCHEMY_DATABASE_URI": address(pgbouncer.before(url))})
    with app.app_context():
        flask_migrate.upgrade()
        readiness.check_schema()
        db.engine.dispose()
    postgresql.drop(url)


def test_its_connections_are_not_taken_for_those_of_postgresql(config: dict[str, Any]) -> None:
    app = create_app({**config, "WORKERS": 100, "THREADS": 64})
    with app.app_context():
        assert readiness.missing_connections() is None


def test_when_it_takes_no_client_people_are_asked_to_try_again(
    protected: Person, engine: Engine, config: dict[str, Any]
) -> None:
    engine.dispose()
    plain = address(make_url(config["SQLALCHEMY_DATABASE_URI"]).set(drivername="postgresql"))
    with ExitStack() as taken:
        with pytest.raises(psycopg.OperationalError, match="no more connections allowed"):
            for _ in range(CLIENTS + 1):
                taken.enter_context(psycopg.connect(plain))
        answer = protected.client.get("/account/profile")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert protected.is_signed_in()
