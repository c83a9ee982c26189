"""Between Granian and the application: from a request as Granian's RSGI gives it to WSGI.

Granian has a WSGI of its own. There ``X_Forwarded_For`` and ``X-Forwarded-For`` have become one name before
any of our code runs, so a client could replace what a proxy wrote. RSGI still has the names as they were
sent, and here every header whose name has an underscore is dropped (RFC 9110 §17.10).
"""

from __future__ import annotations

import asyncio
import io
import logging
import sys
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext
from typing import Any

from deploy.bodies import Bodies, Refusal
from deploy.turns import Turns

_log = logging.getLogger("twostep.server")
_OWN_NAMES = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}
_VERSIONS = {"1": "1.0"}
"""The versions of HTTP that Granian calls otherwise than WSGI."""
_SEPARATORS = {"cookie": "; "}
"""What joins the lines of a header that was sent twice, where it is no comma (RFC 9113 §8.2.3)."""

_LAST = [
    *(("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store")),
    *(("connection", "close"), ("retry-after", "5")),
]
"""The headers of a refusal: the rest of the request is not read."""


class Gateway:
    """An RSGI application that has a WSGI application answer, in threads.

    :param threads: the number of requests under way at once; further ones wait.
    :param bodies: reads the body of a request before the request takes a thread.
    :param last: the paths whose posts come after all other requests, when there is no thread for all.
    """

    def __init__(
        self,
        application: Callable[..., Iterable[bytes]],
        *,
        threads: int,
        bodies: Bodies,
        last: Collection[str] = (),
    ) -> None:
        self._application = application
        self._bodies = bodies
        self._last = frozenset(last)
        self._turns = Turns(threads)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="request")

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        environ = environment(scope)
        try:
            body = await self._read(protocol, environ) if _has_body(environ) else b""
        except Refusal as refusal:
            protocol.response_str(refusal.status, _LAST, refusal.says)
            return
        environ["wsgi.input"] = io.BytesIO(body)
        last = environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"] in self._last
        async with self._turns.turn(last=last):
            await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, environ, protocol)

    async def _read(self, protocol: Any, environ: dict[str, Any]) -> bytes:
        length = environ.get("CONTENT_LENGTH", "")
        announced = int(length) if length.isdecimal() else 0
        return await self._bodies.read(protocol, environ["REMOTE_ADDR"], announced)

    def _answer(self, environ: dict[str, Any], protocol: Any) -> None:
        started: list[Any] = []
        try:
            parts = self._application(environ, lambda *line: started.extend(line[:2]))
            with closing(parts) if hasattr(parts, "close") else nullcontext():
                body = b"".join(parts)
        except Exception:
            _log.exception("the application failed")
            started, body = ["500 Internal Server Error", []], b""
        status, headers = started
        protocol.response_bytes(int(status[:3]), headers, body)


def environment(scope: Any) -> dict[str, Any]:
    """Return what WSGI says of a request (PEP 3333), without its body."""
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "SERVER_NAME": host.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{_VERSIONS.get(scope.http_version, scope.http_version)}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        # Not in PEP 3333; Werkzeug asks whether the input ends by itself.
        "wsgi.input_terminated": True,
    }
    for name, value in scope.headers.items():
        if "_" in name:
            continue
        key = _OWN_NAMES.get(name) or "HTTP_" + name.upper().replace("-", "_")
        environ[key] = environ[key] + _SEPARATORS.get(name, ",") + value if key in environ else value
    return environ


def _has_body(environ: dict[str, Any]) -> bool:
    return "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ
