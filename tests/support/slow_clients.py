"""Clients that send or read slowly, many at once, each kind as an attacker would."""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support import patience

ANNOUNCED = "announces a form and sends nothing"
TRICKLED = "sends a form byte by byte"
UNFINISHED = "never finishes its headers"
IDLE = "keeps its connection after an answer"
UNREAD = "reads no answer"
KINDS = (ANNOUNCED, TRICKLED, UNFINISHED)
_PAUSE = 0.2
"""Seconds between two bytes of a trickle."""
_SMALL_BUFFER = 4096
_FORM = 60_000
"""Bytes, which nobody waits for."""


def networks(amount: int) -> Iterator[str]:
    """Return addresses of loopback, each in a /24 of its own, again and again."""
    while True:
        for number in range(1, amount + 1):
            yield f"127.0.{number}.1"


class SlowClients:
    """Connections that hang.

    :param address: host and port.
    :param name: what they say in ``Host``.
    :param kinds: what they do, in turn.
    :param page: what they ask for, if they ask for a page.
    :param secure: with TLS, whatever the certificate.
    """

    def __init__(
        self,
        address: tuple[str, int],
        name: str,
        kinds: Sequence[str],
        *,
        page: str = "/sign-in",
        secure: bool = False,
    ) -> None:
        self._address, self._name, self._kinds = address, name, kinds
        self._page, self._secure = page, secure
        self._open: dict[int, tuple[socket.socket, str]] = {}
        self.answers: dict[str, list[bytes]] = {kind: [] for kind in kinds}
        """What those that have ended got, by kind."""
        self._received: dict[int, bytes] = {}

    def connect(self, amount: int, sources: Iterator[str]) -> None:
        """Open *amount* connections from the addresses *sources*, and send what each sends at first."""
        for number in range(amount):
            kind = self._kinds[number % len(self._kinds)]
            connection = self._connect(next(sources), kind)
            self._open[connection.fileno()] = (connection, kind)
            self._received[connection.fileno()] = b""
            with suppress(BlockingIOError, ssl.SSLWantWriteError):
                connection.send(self._first(kind))

    def hanging(self) -> int:
        """Return how many have not ended."""
        return len(self._open)

    def refused(self) -> int:
        """Return how many were told that their network does too much."""
        ended = (answer for answers in self.answers.values() for answer in answers)
        return sum(answer.startswith(b"HTTP/1.1 429 ") for answer in (*ended, *self._received.values()))

    def go_on(self, until: Callable[[], bool], seconds: float = patience.SECONDS) -> None:
        """Send bytes where one trickles, and receive what comes where one reads, until *until* says so."""
        poll = select.poll()
        for number, (_, kind) in self._open.items():
            if kind != UNREAD:
                poll.register(number, select.POLLIN)
        end = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < end, f"{len(self._open)} hang on"
            for number, _ in poll.poll(1000 * _PAUSE):
                if self._hear(number):
                    poll.unregister(number)
                    self._end(number)
            self._trickle()

    def close(self) -> None:
        for number in list(self._open):
            self._end(number)

    def _connect(self, source: str, kind: str) -> socket.socket:
        raw = socket.socket()
        if kind == UNREAD:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER)
        raw.settimeout(patience.SECONDS)
        raw.bind((source, 0))
        raw.connect(self._address)
        connection = insecure().wrap_socket(raw) if self._secure else raw
        connection.setblocking(False)
        return connection

    def _first(self, kind: str) -> bytes:
        get = f"GET {self._page} HTTP/1.1\r\nHost: {self._name}\r\n\r\n"
        post = (
            f"POST {self._page} HTTP/1.1\r\nHost: {self._name}\r\nContent-Length: {_FORM}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        )
        ways = {ANNOUNCED: post, TRICKLED: post, UNFINISHED: get[:-2], IDLE: get, UNREAD: get * 200}
        return ways[kind].encode()

    def _hear(self, number: int) -> bool:
        """Take what has come; return True if it is the end."""
        connection, _ = self._open[number]
        try:
            part = connection.recv(1 << 16)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            part = b""
        self._received[number] += part
        return not part

    def _trickle(self) -> None:
        for connection, kind in self._open.values():
            if kind == TRICKLED:
                # One that was refused learns it from the answer.
                with suppress(OSError):
                    connection.send(b"a")

    def _end(self, number: int) -> None:
        connection, kind = self._open.pop(number)
        self.answers[kind].append(self._received.pop(number))
        connection.close()


@contextmanager
def hanging(clients: SlowClients, amount: int, sources: Iterator[str]) -> Iterator[SlowClients]:
    """Let *amount* of *clients* hang meanwhile."""
    try:
        clients.connect(amount, sources)
        yield clients
    finally:
        clients.close()


def established(port: int) -> int:
    """Return how many connections the server at that port has, whether or not it was told of them."""
    local = f":{port:04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(line[1].endswith(local) and line[3] == "01" for line in lines)


def insecure() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
