"""``python -m tests.bulk.dying FILE``: imports a file, and is killed before one of the things that it does.

``SETTINGS`` holds the application's, as JSON; ``DIE_BEFORE`` the number of the statement or commit, from 0:
the first that asks for accounts.
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
steps = count()
begun = False
app = create_app(json.loads(os.environ["SETTINGS"]))


def _live_or_die(*seen: Any, **_: Any) -> None:
    global begun  # noqa: PLW0603
    # Before the import begins, the command looks whether tables and keys are there.
    begun = begun or any("accounts" in part for part in seen if isinstance(part, str))
    if begun and next(steps) == last:
        os.kill(os.getpid(), signal.SIGKILL)


with app.app_context():
    event.listen(db.engine, "before_cursor_execute", _live_or_die)
    event.listen(db.engine, "commit", _live_or_die)
result = app.test_cli_runner().invoke(args=["users", "import", sys.argv[1], "--batch", "3"])
sys.exit(result.exit_code)
