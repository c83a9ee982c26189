"""The server of production: ``python -m deploy.serve``, with the settings of the environment.

Granian, several processes, several threads in each. On SIGTERM `/readyz` says 503 first; after
``MFA_DRAIN_SECONDS`` the port closes, and requests that have begun are answered. SIGINT skips the wait, and
so does a second signal.
"""

from __future__ import annotations

import importlib
import os
import resource
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings

from deploy.bodies import Bodies
from deploy.draining import DrainingServer
from deploy.gateway import Gateway
from deploy.memory import ask_for_large_pages, give_back_large_blocks

DRAINING_FILE = "TWOSTEP_DRAINING_FILE"
"""The environment variable by which `console.observability.health` learns that the server will stop."""
_LARGEST_PORT = 65535
CONNECTIONS = 1024
"""Connections that a process has at once. Slow ones wait here for their deadline, at 20 KB each."""
BODIES_PER_NETWORK = 32
"""Bodies that a process reads at once from one network. A browser's comes with its headers."""
_OTHER_FILES = 256
_PASSWORDS = ("accounts.check_password",)
"""The endpoints of the console's that take a password of anybody."""
KILL_AFTER = 30
"""Seconds that a process may take to finish what it has begun; a mail server that hangs costs less."""

_EACH_COUNTS_ALONE = (
    "MFA_RATELIMIT_STORAGE_URI is memory://, so each of {workers} processes counts for itself: a network has"
    " {workers} times its limits. database:// counts them together.\n"
)
_TOO_FEW_CONNECTIONS = (
    "The {workers} processes may open {needed} connections, and PostgreSQL has {room} (max_connections"
    " without those that it keeps for its owner). Raise max_connections, or set MFA_WORKERS or MFA_THREADS"
    " lower.\n"
)


def serve(target: str, *, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT.

    :param target: ``module:name`` of the application. It is loaded here first, so that a setting that can't
        work is said once.
    """
    # Until Granian heeds it. Linux spares the first process of a container what it has no handler for.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with tempfile.TemporaryDirectory(prefix="twostep-metrics-") as folder:
        # Here the processes add their metrics up; console.observability.metrics reads it when it is loaded.
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)
        application = _find(target)
        config = application.config
        workers = config["WORKERS"]
        if workers > 1 and config["RATELIMIT_STORAGE_URI"].startswith("memory:"):
            sys.stderr.write(_EACH_COUNTS_ALONE.format(workers=workers))
        # Not before: it loads console.observability.metrics.
        from console import readiness  # noqa: PLC0415

        with application.app_context():
            missing = readiness.missing_connections()
        if missing:
            sys.stderr.write(_TOO_FEW_CONNECTIONS.format(workers=workers, needed=missing[0], room=missing[1]))
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
            backlog=CONNECTIONS,
            backpressure=_connections(),
            # The wait for another request on the same connection, too.
            http1_settings=HTTP1Settings(header_read_timeout=1000 * config["READ_SECONDS"]),
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
    give_back_large_blocks()
    application = _find(target)
    config = application.config
    bodies = Bodies(
        longest=config["MAX_CONTENT_LENGTH"],
        seconds=config["READ_SECONDS"],
        per_network=None if config["TRUSTED_PROXIES"] else BODIES_PER_NETWORK,
    )
    return Gateway(application, threads=config["THREADS"], bodies=bodies, last=_sign_ins(application))


def _sign_ins(application: Any) -> list[str]:
    """Return the paths where passwords are posted: no page and no code waits behind hundreds of them."""
    urls = application.url_map.bind("", application.config["APPLICATION_ROOT"])
    return [urls.build(name) for name in _PASSWORDS if name in application.view_functions]


def _connections() -> int:
    """Return how many connections a process can have, after asking the system for as many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return CONNECTIONS if soft == resource.RLIM_INFINITY else min(CONNECTIONS, max(1, soft - _OTHER_FILES))


if __name__ == "__main__":
    ask_for_large_pages()
    port = os.environ.get("PORT", "5000")
    if not port.isdecimal() or not 1 <= int(port) <= _LARGEST_PORT:
        sys.exit(f"Twostep can't start. PORT is a number from 1 to {_LARGEST_PORT}.")
    serve("app:app", host=os.environ.get("HOST", "127.0.0.1").strip("[]"), port=int(port))
