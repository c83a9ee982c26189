"""The server of production: ``python -m deploy.serve``, with the settings of the environment.

Granian, several processes, several threads in each. On SIGTERM `/readyz` says 503 first; after
``MFA_DRAIN_SECONDS`` the port closes, and requests that have begun are answered. SIGINT skips the wait, and
so does a second signal.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces

from deploy.draining import DrainingServer
from deploy.gateway import Gateway

DRAINING_FILE = "TWOSTEP_DRAINING_FILE"
"""The environment variable by which `console.observability.health` learns that the server will stop."""
_LARGEST_PORT = 65535
KILL_AFTER = 30
"""Seconds that a process may take to finish what it has begun; a mail server that hangs costs less."""

_EACH_COUNTS_ALONE = (
    "MFA_RATELIMIT_STORAGE_URI is memory://, so each of {workers} processes counts for itself: a network has"
    " {workers} times its limits. database:// counts them together.\n"
)


def serve(target: str, *, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT.

    :param target: ``module:name`` of the application. It is loaded here first, so that a setting that can't
        work is said once.
    """
    with tempfile.TemporaryDirectory(prefix="twostep-metrics-") as folder:
        # Here the processes add their metrics up; console.observability.metrics reads it when it is loaded.
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)
        config = _find(target).config
        workers = config["WORKERS"] or 2 * (os.cpu_count() or 1)
        if workers > 1 and config["RATELIMIT_STORAGE_URI"].startswith("memory:"):
            sys.stderr.write(_EACH_COUNTS_ALONE.format(workers=workers))
        drain = Path(folder, "draining")
        os.environ[DRAINING_FILE] = str(drain)
        server = DrainingServer(
            target,
            address=host,
            port=port,
            interface=Interfaces.RSGI,
            http=HTTPModes.http1,
            websockets=False,
            workers=workers,
            respawn_failed_workers=True,
            workers_kill_timeout=KILL_AFTER,
        )
        server.drain_for(config["DRAIN_SECONDS"], drain)
        server.serve(target_loader=_load)


def _find(target: str) -> Any:
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def _load(target: str) -> Gateway:
    """Return the application, for a process that is about to serve it."""
    application = _find(target)
    config = application.config
    return Gateway(application, threads=config["THREADS"], longest_body=config["MAX_CONTENT_LENGTH"])


if __name__ == "__main__":
    port = os.environ.get("PORT", "5000")
    if not port.isdecimal() or not 1 <= int(port) <= _LARGEST_PORT:
        sys.exit(f"Twostep can't start. PORT is a number from 1 to {_LARGEST_PORT}.")
    serve("app:app", host=os.environ.get("HOST", "127.0.0.1").strip("[]"), port=int(port))
