"""A receiver, and applications that know it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from console.extensions import db
from tests.support.applications import Applications
from tests.support.hooks import SECRET, Authority, HookServer
from tests.support.smtp import free_port


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def hooks_port() -> int:
    return free_port()


@pytest.fixture
def hooks(authority: Authority, hooks_port: int) -> Iterator[HookServer]:
    server = HookServer(authority.tls("127.0.0.1", "localhost"), port=hooks_port)
    yield server
    server.stop()


@pytest.fixture
def config(config: dict[str, Any], authority: Authority, hooks: HookServer) -> dict[str, Any]:
    """Without workers: the tests deliver by hand."""
    return {
        **config,
        "MAIL_WORKER": "none",
        "WEBHOOK_URL": f"https://127.0.0.1:{hooks.port}/twostep",
        "WEBHOOK_SECRET": SECRET,
        "WEBHOOK_CA_FILE": str(authority.file),
    }


@pytest.fixture
def app(config: dict[str, Any], applications: Applications) -> Iterator[Flask]:
    app = applications.get(config)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
