"""What the application sends to PostgreSQL, read on its way there."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from sqlalchemy import URL

_ASKS = {b"Q", b"P"}
"""A simple query, and a statement to parse: both have a text."""
_ENDS = {b"Q", b"S"}
"""A simple query, and Sync: after each, the client waits for the server."""


class Wire:
    """A port of loopback that leads to the server of *url*, which is on a Unix socket.

    ``texts`` has every statement's text as it was sent, and ``trips`` is how often the client has waited.
    """

    def __init__(self, url: URL) -> None:
        self.texts: list[str] = []
        self.trips = 0
        self._socket = f"{url.query['host']}/.s.PGSQL.{url.port or 5432}"
        self._listening = socket.create_server(("127.0.0.1", 0))
        port = self._listening.getsockname()[1]
        plain = {"sslmode": "disable", "gssencmode": "disable"}
        self.url = url.set(host="127.0.0.1", port=port, query=plain)
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def forget(self) -> None:
        """Count from zero."""
        self.texts.clear()
        self.trips = 0

    def stop(self) -> None:
        for each in (self._listening, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._socket)
                self._open += [client, server]
                threading.Thread(target=self._answer, args=(server, client), daemon=True).start()
                threading.Thread(target=self._ask, args=(client, server), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError), client.makefile("rb") as sent:
            kind = b""  # the first message says who connects
            while (head := sent.read(4)) and len(head) == 4:
                body = sent.read(int.from_bytes(head) - 4)
                self._note(kind, body)
                server.sendall(kind + head + body)
                kind = sent.read(1)
            server.shutdown(socket.SHUT_WR)

    def _note(self, kind: bytes, body: bytes) -> None:
        if kind in _ASKS:
            # Of what is parsed, the name of the prepared statement comes first.
            self.texts.append(body.split(b"\0")[kind == b"P"].decode())
        self.trips += kind in _ENDS

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while said := server.recv(65536):
                client.sendall(said)
            client.shutdown(socket.SHUT_WR)
