"""PostgreSQL has no connection left, or somebody holds a row: people are asked to try again, and soon."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Engine, make_url, select

from console import create_app, readiness
from console.config.engine import WAIT_SECONDS
from console.extensions import db
from console.sessions import rules as sessions
from console.sessions.models import AccountSession
from tests.conftest import SETTINGS, SHIPPED_PATIENCE
from tests.support import patience
from tests.support.clock import Clock
from tests.support.pages import csrf_token
from tests.support.person import EMAIL, PASSWORD, Person, entered
from tests.support.postgresql import address
from tests.support.stores import Servers, Stores
from tests.web.test_serving import Served

CONNECTIONS = 10


@pytest.fixture(scope="module")
def small(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """A server that has few connections."""
    own = f"max_connections = {CONNECTIONS}\n"
    started = Servers(tmp_path_factory.mktemp("small-servers"), SETTINGS, own)
    yield started
    started.stop()


@pytest.fixture
def config(config: dict[str, Any], small: Servers) -> dict[str, Any]:
    own = small.fresh(config["INSTANCE_PATH"])
    return {**config, "SQLALCHEMY_DATABASE_URI": own["SQLALCHEMY_DATABASE_URI"]}


def take_all(config: dict[str, Any], taken: ExitStack) -> None:
    """Open connections until the server has none left."""
    plain = address(make_url(config["SQLALCHEMY_DATABASE_URI"]).set(drivername="postgresql"))
    with pytest.raises(psycopg.OperationalError, match="too many clients"):
        for _ in range(CONNECTIONS + 1):
            taken.enter_context(psycopg.connect(plain))


def test_without_a_connection_of_the_server_people_are_asked_to_try_again(
    protected: Person, engine: Engine, config: dict[str, Any]
) -> None:
    engine.dispose()
    anybody = protected.app.test_client()
    with ExitStack() as taken:
        take_all(config, taken)
        answer = protected.client.get("/account/profile")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
        assert "Try again in a moment." in answer.text
        assert anybody.get("/readyz").get_json() == {"ready": False, "reason": "database"}
        assert anybody.get("/healthz").status_code == 200
    assert protected.is_signed_in()
    protected.sign_out()
    protected.sign_in()
    assert entered(protected.verify(protected.next_code()))


@pytest.fixture
def production(config: dict[str, Any]) -> Iterator[Flask]:
    """An application with two connections, for whom nobody waits."""
    settings = {"MODE": "production", "SERVER_NAME": "console.example", "THREADS": 1}
    app = create_app({**config, **settings})
    # Not around the test: a request gives its connection back only if the context is its own.
    with app.app_context():
        engine = db.engine
    assert engine.pool.timeout() == WAIT_SECONDS == 2  # type: ignore[attr-defined]
    engine.pool._timeout = 0  # type: ignore[attr-defined]
    yield app
    engine.dispose()


def test_without_a_connection_of_the_pool_people_are_asked_to_try_again(production: Flask) -> None:
    visitor = production.test_client()
    here = {"base_url": "https://console.example"}
    form = {
        "csrf_token": csrf_token(visitor.get("/sign-in", **here).text),
        "email": EMAIL,
        "password": PASSWORD,
    }
    with production.app_context():
        engine = db.engine
    with engine.connect(), engine.connect():
        answer = visitor.post("/sign-in", data=form, headers={"Sec-Fetch-Site": "same-origin"}, **here)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
        assert visitor.get("/readyz").get_json() == {"ready": False, "reason": "database"}
    assert visitor.get("/readyz").get_json() == {"ready": True}


@pytest.mark.parametrize(
    ("workers", "threads", "mail", "missing"),
    [
        (2, 2, "thread", None),
        (1, 6, "thread", None),
        (1, 6, "none", (8, 7)),
        (2, 4, "thread", (10, 7)),
        (3, 4, "none", (16, 7)),
    ],
)
def test_connections_are_counted_for_all_processes_and_the_worker(
    config: dict[str, Any], workers: int, threads: int, mail: str, missing: tuple[int, int] | None
) -> None:
    """Of the ten, PostgreSQL keeps three for its owner."""
    app = create_app({**config, "WORKERS": workers, "THREADS": threads, "MAIL_WORKER": mail})
    with app.app_context():
        assert readiness.missing_connections() == missing


def test_server_says_once_at_the_start_that_connections_are_too_few(config: dict[str, Any]) -> None:
    served = Served({**config, "THREADS": 4})
    try:
        said = served.read_until("Started worker-2")
    finally:
        served.stop()
    warned = [line for line in said if "connections" in line]
    assert len(warned) == 1
    assert warned[0].startswith("The 2 processes may open 11 connections, and PostgreSQL has 7 ")


def test_page_waits_for_nobody_who_holds_its_session(
    protected: Person, engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When it was last seen is written with the next page."""
    monkeypatch.setattr(sessions, "PATIENCE", SHIPPED_PATIENCE)
    clock.advance(minutes=6)
    executor = ThreadPoolExecutor(1)
    with engine.connect() as other:
        before = other.scalars(select(AccountSession.seen_at).with_for_update()).one()
        answer = executor.submit(protected.client.get, "/account/profile").result(patience.SECONDS)
        assert answer.status_code == 200
    executor.shutdown()
    assert protected.is_signed_in()
    with engine.connect() as other:
        assert other.scalars(select(AccountSession.seen_at)).one() > before
