"""What balancers ask: is the process alive, and could it serve somebody now?

They ask a server by its own address, and these answers are made of nothing that a request says, so here any
host may be named.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, jsonify

from console import readiness
from console.web.access import public
from mfa.factors import drifts

blueprint = Blueprint("health", __name__)

ALIVE, READY, METRICS = PATHS = ("/healthz", "/readyz", "/metrics")
"""The paths that are asked for by machines that belong to the installation."""

DRAINING_FILE = "TWOSTEP_DRAINING_FILE"
"""The environment variable with the path of a file that exists once the server is about to stop."""


@blueprint.get(ALIVE)
@public
def alive() -> Response:
    """The process answers; it asks nobody else."""
    return _answer(200, alive=True)


@blueprint.get(READY)
@public
def ready() -> Response:
    """The database is there, with our tables, and every key that it needs is on the ring.

    Newer tables are no reason to send nobody here: they are made before the servers of the version before
    are stopped.
    """
    if _is_draining():
        return _answer(503, ready=False, reason="draining")
    try:
        readiness.check_schema()
        readiness.check_keys()
        readiness.check_writable()
    except (
        readiness.Unreachable,
        readiness.OldSchema,
        readiness.MissingKeys,
        readiness.Unwritable,
    ) as error:
        return _answer(503, ready=False, reason=error.reason)
    except readiness.NewSchema:
        pass
    behind = drifts.server_is_off()
    if behind is None:
        return _answer(200, ready=True)
    # Still ready: where it is so on every server, nobody would be served at all.
    return _answer(200, ready=True, clock=f"about {abs(behind)} seconds {'slow' if behind > 0 else 'fast'}")


def answer_to_any_host(app: Flask) -> None:
    """Have the paths of :data:`PATHS` take a request for whatever host."""
    inner: Callable[..., Iterable[bytes]] = app.wsgi_app
    host = app.config["SERVER_NAME"]

    def outer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO") in PATHS:
            environ["HTTP_HOST"] = host
        return inner(environ, start_response)

    app.wsgi_app = outer  # type: ignore[method-assign]  # the place for middleware


def _is_draining() -> bool:
    path = os.environ.get(DRAINING_FILE)
    return bool(path) and Path(str(path)).exists()


def _answer(status: int, **said: bool | str) -> Response:
    response = jsonify(said)
    response.status_code = status
    response.cache_control.no_store = True
    return response
