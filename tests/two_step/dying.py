"""``python -m tests.two_step.dying``: ``keys rotate`` with its options, killed before one of its changes.

``SETTINGS`` holds the application's, as JSON; ``DIE_BEFORE`` the number of the change, from 0, among those of
what is sealed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from itertools import count
from typing import Any

from sqlalchemy import event

from console import create_app
from console.extensions import db

last = int(os.environ["DIE_BEFORE"])
changes = count()
app = create_app(json.loads(os.environ["SETTINGS"]))


def _live_or_die(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
    if (
        statement.startswith(("UPDATE mfa_authenticators", "UPDATE mfa_second_steps"))
        and next(changes) == last
    ):
        os.kill(os.getpid(), signal.SIGKILL)


with app.app_context():
    event.listen(db.engine, "before_cursor_execute", _live_or_die)
app.test_cli_runner().invoke(args=["keys", "rotate", *sys.argv[1:]])
