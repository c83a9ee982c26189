"""The application behind a real HTTP server on loopback."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from werkzeug.serving import make_server

logging.getLogger("werkzeug").setLevel(logging.WARNING)


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve *app* at its SERVER_NAME; gives the base URL."""
    host, _, port = app.config["SERVER_NAME"].partition(":")
    server = make_server(host, int(port), app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
