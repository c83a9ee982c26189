"""PostgreSQL is stopped and started while the application serves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import request_finished
from sqlalchemy import Engine, make_url, text

from tests.conftest import SETTINGS
from tests.support.person import Person, entered
from tests.support.stores import Servers


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Servers that nobody else uses."""
    started = Servers(tmp_path_factory.mktemp("own-servers"), SETTINGS)
    yield started
    started.stop()


@pytest.fixture
def config(config: dict[str, Any], own: Servers) -> dict[str, Any]:
    return {
        **config,
        "SQLALCHEMY_DATABASE_URI": own.fresh(config["INSTANCE_PATH"])["SQLALCHEMY_DATABASE_URI"],
    }


def test_meanwhile_it_is_alive_and_not_ready_and_afterwards_all_is_as_before(
    protected: Person, own: Servers
) -> None:
    anybody = protected.app.test_client()
    own.postgresql.stop()
    try:
        assert anybody.get("/healthz").status_code == 200
        assert anybody.get("/readyz").get_json() == {"ready": False, "reason": "database"}
        answer = protected.client.get("/account/profile")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
        assert "Try again in a moment." in answer.text
    finally:
        own.postgresql.start()
    assert anybody.get("/readyz").status_code == 200
    assert protected.is_signed_in()
    protected.sign_out()
    protected.sign_in()
    assert entered(protected.verify(protected.next_code()))


def test_an_answer_that_is_made_is_given_though_the_connection_breaks_then(
    protected: Person, own: Servers
) -> None:
    url = make_url(protected.app.config["SQLALCHEMY_DATABASE_URI"])
    broken = []

    def cut(_app: object, **_: object) -> None:
        own.postgresql.cut(url)
        broken.append(True)

    with request_finished.connected_to(cut, protected.app):
        assert protected.client.get("/account/two-step").status_code == 200
    assert broken
    assert protected.is_signed_in()


def test_while_it_takes_no_writes_people_are_asked_to_try_again(protected: Person, engine: Engine) -> None:
    """As on a standby, whose refusal is an InternalError to psycopg."""
    protected.sign_out()
    name = engine.url.database
    with engine.begin() as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
    engine.dispose()
    try:
        answer = protected.sign_in()
        assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "10")
    finally:
        with engine.begin() as connection:
            connection.execute(text("SET TRANSACTION READ WRITE"))
            connection.execute(text(f'ALTER DATABASE "{name}" RESET ALL'))
        engine.dispose()
    protected.sign_in()
    assert entered(protected.verify(protected.next_code()))
