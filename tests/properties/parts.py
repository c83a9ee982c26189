"""What the machines are made with: an application of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask

from console import create_app
from tests.conftest import SETTINGS
from tests.support.smtp import Inbox

ENDLESS = "1000000 per second"


def make_app(folder: Path, inbox: Inbox, stores: Mapping[str, Any]) -> Flask:
    """The application, without limits by range, which are counted by a clock that no test moves.

    :param stores: the settings that lead to what it keeps things in.
    """
    settings: dict[str, Any] = {
        **SETTINGS,
        **stores,
        "INSTANCE_PATH": folder,
        "SERVER_NAME": "127.0.0.1:1",
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_PORT": inbox.port,
        "MAIL_WORKER": "none",
        "EVENT_LOG": "none",
        "RATELIMIT_REFUSED": ENDLESS,
        "RATELIMIT_MAILS": ENDLESS,
    }
    return create_app(settings)
