"""The WSGI entry that ``tests.support.workers`` serves: the application, on the tests' clock."""

from __future__ import annotations

import functools
import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Response, g, has_request_context, request
from sqlalchemy import event

import tests.support.database  # noqa: F401 (what lets SQLite hurry)
from console import create_app, database
from console.extensions import db
from console.passwords.rules import Hasher
from console.sessions import rules as sessions
from mfa import clock
from tests.support import patience
from tests.support.clock import SharedClock

database.BUSY_MILLISECONDS = patience.LOCK_MILLISECONDS
sessions.PATIENCE = patience.LOCK_MILLISECONDS / 1000
clock.install(SharedClock(Path(os.environ["SERVED_CLOCK"])))
app = create_app(json.loads(os.environ["SERVED_SETTINGS"]))


@app.after_request
def _sign(response: Response) -> Response:
    """Say which process answered."""
    response.headers["X-Worker"] = str(os.getpid())
    return response


@app.before_request
def _hear_of_death() -> None:
    """``X-Die-Before: 3``: let the process be killed before the fourth thing that it asks of the database."""
    g.lives = int(request.headers.get("X-Die-Before", -1))


@app.before_request
def _take_signal() -> None:
    """``X-Take-Signal: 15``: let the thread that answers take a signal to the process, as any thread may."""
    number = int(request.headers.get("X-Take-Signal", 0))
    if number:
        signal.pthread_kill(threading.get_ident(), number)


def _hash_while(verify: Callable[..., bool]) -> Callable[..., bool]:
    """``X-Hash-While: /a/file``: let the password's hash take for as long as that file is there."""

    @functools.wraps(verify)
    def slow(*args: Any) -> bool:
        file = request.headers.get("X-Hash-While")
        while file and Path(file).exists():
            threading.Event().wait(0.01)
        return verify(*args)

    return slow


Hasher.verify = _hash_while(Hasher.verify)  # type: ignore[method-assign]


def _live_or_die(*_: Any, **__: Any) -> None:
    if has_request_context() and g.get("lives", -1) >= 0:
        if g.lives == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        g.lives -= 1


with app.app_context():
    event.listen(db.engine, "before_cursor_execute", _live_or_die)
    event.listen(db.engine, "commit", _live_or_die)
