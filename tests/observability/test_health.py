"""What balancers ask."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine

from console import create_app
from tests.support.person import Person
from tests.support.stores import Stores

NEW_KEY = "fedcba9876543210" * 4
PATHS = ["/healthz", "/readyz", "/metrics"]


def run_sql(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)


def test_a_server_with_all_that_it_needs_is_alive_and_ready(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/healthz").get_json() == {"alive": True}
    assert client.get("/readyz").get_json() == {"ready": True}


def test_without_its_database_it_is_alive_but_not_ready(app: Flask, stores: Stores) -> None:
    stores.lose(app)
    client = app.test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()) == (503, {"ready": False, "reason": "database"})


def test_with_older_tables_it_is_not_ready(app: Flask, engine: Engine) -> None:
    run_sql(engine, "DELETE FROM alembic_version")
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.get_json()) == (503, {"ready": False, "reason": "schema"})


def test_while_a_newer_version_is_brought_in_it_goes_on(app: Flask, engine: Engine) -> None:
    run_sql(engine, "UPDATE alembic_version SET version_num = '9999'")
    assert app.test_client().get("/readyz").status_code == 200


def test_without_a_key_that_the_database_needs_it_is_not_ready(app: Flask, engine: Engine) -> None:
    run_sql(engine, "INSERT INTO mfa_sealing_keys VALUES ('ffffffff', '2026-11-24 12:00:00')")
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.get_json()) == (503, {"ready": False, "reason": "keys"})


def test_it_is_ready_again_when_the_database_is(app: Flask, engine: Engine) -> None:
    run_sql(engine, "ALTER TABLE alembic_version RENAME TO put_away")
    assert app.test_client().get("/readyz").status_code == 503
    run_sql(engine, "ALTER TABLE put_away RENAME TO alembic_version")
    assert app.test_client().get("/readyz").status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_no_cookie_comes_back(mina: Person, path: str) -> None:
    assert "Set-Cookie" not in mina.client.get(path).headers


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", ["10.0.0.3:8000", "localhost"])
def test_a_server_is_asked_by_its_own_address(config: dict[str, Any], path: str, host: str) -> None:
    settings = {"MODE": "production", "SERVER_NAME": "console.example", "METRICS_TOKEN": "t" * 16}
    app = create_app({**config, **settings, "MAIL_WORKER": "none"})
    client = app.test_client()
    assert client.get(path, base_url=f"http://{host}").status_code in (200, 401)
    assert client.get("/sign-in", base_url=f"http://{host}").status_code == 400


def test_however_often_it_is_asked_it_answers(app: Flask) -> None:
    client = app.test_client()
    assert {client.get(path).status_code for path in ("/healthz", "/readyz") for _ in range(400)} == {200}
