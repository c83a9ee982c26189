"""What the machines are made with: one application for all walks of a test, each from the same database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from console import create_app
from tests.conftest import SETTINGS
from tests.support.database import hang_up
from tests.support.smtp import Inbox
from tests.support.stores import Stores

ENDLESS = "1000000 per second"


@pytest.fixture
def app(tmp_path: Path, inbox: Inbox, stores: Stores) -> Iterator[Flask]:
    """The application, without limits by range, which are counted by a clock that no test moves."""
    own = stores.fresh(tmp_path)
    settings: dict[str, Any] = {
        **SETTINGS,
        **own,
        "INSTANCE_PATH": tmp_path,
        "SERVER_NAME": "127.0.0.1:1",
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_PORT": inbox.port,
        "MAIL_WORKER": "none",
        "EVENT_LOG": "none",
        "RATELIMIT_REFUSED": ENDLESS,
        "RATELIMIT_MAILS": ENDLESS,
    }
    yield create_app(settings)
    hang_up()
    stores.take_back(own)
