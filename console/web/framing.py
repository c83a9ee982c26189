"""What HTTP asks of every request, and what WSGI servers leave to the application."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.wrappers import Response


class Framing:
    """WSGI middleware that wants one ``Host``, and gives a chunked body its length.

    Two ``Host`` lines, or none, are refused (RFC 9112 §3.2). Servers join the two with a comma, which no host
    has in its name.

    Werkzeug cuts a body without ``Content-Length`` where it is too long and takes the rest for a whole form.

    :param longest_body: bytes; of a longer body only enough is read to see that it is too much.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]], longest_body: int) -> None:
        self._application, self._longest_body = application, longest_body

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not _has_one_host(environ):
            return Response("Name one host.\n", 400, content_type="text/plain")(environ, start_response)
        # Taken out, for with it Werkzeug looks at no length.
        if environ.pop("HTTP_TRANSFER_ENCODING", "") and environ.get("wsgi.input_terminated"):
            body = self._read(environ["wsgi.input"])
            environ.update({"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})
        return self._application(environ, start_response)

    def _read(self, stream: Any) -> bytes:
        body = b""
        while len(body) <= self._longest_body and (part := stream.read(self._longest_body + 1 - len(body))):
            body += part
        return body


def _has_one_host(environ: dict[str, Any]) -> bool:
    host = environ.get("HTTP_HOST")
    if host is None:
        return environ.get("SERVER_PROTOCOL") in ("HTTP/1.0", "HTTP/0.9")
    return "," not in host
