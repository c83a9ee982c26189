"""The application on PostgreSQL, whatever the other tests run on; the people are the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from mfa import create_app
from mfa.extensions import db
from tests.support.postgresql import PostgreSQL
from tests.support.stores import Servers


@pytest.fixture(scope="session")
def postgresql(servers: Servers) -> PostgreSQL:
    return servers.postgresql


@pytest.fixture
def config(config: dict[str, Any], servers: Servers, tmp_path: Path) -> dict[str, Any]:
    own = {"EVENT_LOG": "none", "MAIL_WORKER": "none", "RATELIMIT_STORAGE_URI": "memory://"}
    return {**config, **servers.fresh(tmp_path), **own}


@pytest.fixture
def app(config: dict[str, Any]) -> Iterator[Flask]:
    app = create_app(config)
    yield app
    with app.app_context():
        db.engine.dispose()
