"""The application on PostgreSQL; the people are the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import URL

from mfa import create_app
from mfa.extensions import db
from tests.conftest import SETTINGS
from tests.support.postgresql import PostgreSQL, address


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:
    server = PostgreSQL(tmp_path_factory.mktemp("postgresql"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def migrated(postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> URL:
    """A database made by the migrations, once; each test gets a copy."""
    url = postgresql.create()
    folder = tmp_path_factory.mktemp("migrated")
    app = create_app(
        {**SETTINGS, "INSTANCE_PATH": folder, "SQLALCHEMY_DATABASE_URI": address(url), "MAIL_WORKER": "none"}
    )
    with app.app_context():
        flask_migrate.upgrade()
        db.engine.dispose()
    return url


@pytest.fixture
def config(config: dict[str, Any], postgresql: PostgreSQL, migrated: URL) -> dict[str, Any]:
    uri = address(postgresql.create(like=migrated))
    return {**config, "SQLALCHEMY_DATABASE_URI": uri, "EVENT_LOG": "none", "MAIL_WORKER": "none"}


@pytest.fixture
def app(config: dict[str, Any]) -> Iterator[Flask]:
    app = create_app(config)
    yield app
    with app.app_context():
        db.engine.dispose()
