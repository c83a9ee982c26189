"""``python -m tests.migrations.dying``: makes the tables, and is killed before one of its statements.

``SETTINGS`` holds the application's, as JSON; ``DIE_BEFORE`` the number of the statement, from 0, among those
that change something.
"""

from __future__ import annotations

import json
import os
import signal
from itertools import count
from typing import Any

import flask_migrate
from sqlalchemy import event

from console import create_app
from console.extensions import db

CHANGES = ("CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE")
last = int(os.environ["DIE_BEFORE"])
steps = count()
app = create_app(json.loads(os.environ["SETTINGS"]))


def _live_or_die(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
    if statement.lstrip().startswith(CHANGES) and next(steps) == last:
        os.kill(os.getpid(), signal.SIGKILL)


with app.app_context():
    event.listen(db.engine, "before_cursor_execute", _live_or_die)
    flask_migrate.upgrade()
