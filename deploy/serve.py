"""The server of production: ``python -m deploy.serve``, with the settings of the environment.

Granian, several processes, several threads in each. When it is told to stop (SIGTERM) it takes no more
requests and answers those that it has.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import tempfile
import threading
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces

KILL_AFTER = 30
"""Seconds that a process may take to finish what it has begun; a mail server that hangs costs less."""
_WAKE = signal.SIGURG
"""Means nothing else to anybody here."""


def serve(target: str, *, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT.

    :param target: ``module:name`` of the application. It is loaded here first, so that a setting that can't
        work is said once.
    """
    with tempfile.TemporaryDirectory(prefix="twostep-metrics-") as folder:
        # Here the processes add their metrics up (mfa.web.metrics); it is read when that module is loaded.
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)
        config = _find(target).config
        Granian(
            target,
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            http=HTTPModes.http1,
            websockets=False,
            workers=config["WORKERS"] or 2 * (os.cpu_count() or 1),
            blocking_threads=config["THREADS"],
            respawn_failed_workers=True,
            workers_kill_timeout=KILL_AFTER,
        ).serve(target_loader=_load)


def _find(target: str) -> Any:
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def _load(target: str) -> Any:
    """The application, for a process that is about to serve it; called in its main thread."""
    _have_signals_heard()
    return _find(target)


def _have_signals_heard() -> None:
    """Have this process hear SIGTERM in whichever thread it comes.

    A signal belongs to the first thread that looks for one, and hashing a password begins threads that do so.
    Python's handlers run in the main thread alone, which would wait on, and the process serve on until it is
    killed. So Python writes each signal to a pipe as well, and who reads there wakes the main thread.
    """
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.signal(_WAKE, lambda *_: None)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    threading.Thread(target=_wake, args=(threading.get_ident(), told), name="signals", daemon=True).start()


def _wake(main: int, told: int) -> None:
    while True:
        if os.read(told, 1)[0] != _WAKE:
            signal.pthread_kill(main, _WAKE)


if __name__ == "__main__":
    try:
        port = int(os.environ.get("PORT", "5000"))
    except ValueError:
        sys.exit("Twostep can't start. PORT is a number.")
    serve("app:app", host=os.environ.get("HOST", "127.0.0.1"), port=port)
