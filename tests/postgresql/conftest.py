"""The application on PostgreSQL, whatever the other tests run on; the people are the same."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.support.applications import Applications
from tests.support.postgresql import PostgreSQL
from tests.support.stores import Servers, Stores


@pytest.fixture(scope="session")
def postgresql(servers: Servers) -> PostgreSQL:
    return servers.postgresql


@pytest.fixture(scope="session")
def stores(servers: Servers) -> Stores:
    return servers


@pytest.fixture
def config(config: dict[str, Any]) -> dict[str, Any]:
    return {**config, "EVENT_LOG": "none", "MAIL_WORKER": "none", "RATELIMIT_STORAGE_URI": "memory://"}


@pytest.fixture
def app(config: dict[str, Any], applications: Applications) -> Flask:
    return applications.get(config)
