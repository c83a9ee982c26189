"""The WSGI entry that ``tests.support.workers`` serves: the application, on the tests' clock."""

from __future__ import annotations

import json
import os
from pathlib import Path

from flask import Response

from mfa import clock, create_app
from tests.support.clock import SharedClock

clock.install(SharedClock(Path(os.environ["SERVED_CLOCK"])))
app = create_app(json.loads(os.environ["SERVED_SETTINGS"]))


@app.after_request
def _sign(response: Response) -> Response:
    """Say which process answered."""
    response.headers["X-Worker"] = str(os.getpid())
    return response
