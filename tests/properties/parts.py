"""What the machines are made with: an application of their own, and a database to begin with."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from flask import Flask

from mfa import create_app
from mfa.extensions import db
from tests.conftest import SETTINGS
from tests.support.smtp import Inbox

ENDLESS = "1000000 per second"


def make_app(folder: Path, inbox: Inbox) -> Flask:
    """The application without limits by range, which are counted by a clock that no test moves."""
    settings: dict[str, Any] = {
        **SETTINGS,
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


def copy_whole(app: Flask) -> Path:
    """A copy of *app*'s database in one file, also of what stands in its log alone; *app* is done with."""
    folder = Path(app.instance_path)
    with app.app_context():
        db.engine.dispose()
    with closing(sqlite3.connect(folder / "twostep.db")) as connection:
        connection.execute("VACUUM INTO ?", [str(folder / "prepared.db")])
    return folder / "prepared.db"
