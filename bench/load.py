"""The load: so many clients that ask again and again, from one process without threads.

A Python client is slow, so this one does next to nothing: it sends bytes that were made beforehand, and reads
until the length is reached that the answer states. How much of a processor it takes is measured with it, so
that a reader sees that it was not what was measured.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

_READ = 1 << 16


@dataclass(frozen=True)
class Load:
    """What came of it.

    :param rate: answers a second.
    :param median: seconds from the connection to the last byte, and *p99* the 99th percentile.
    :param errors: answers that were not 200, and connections that broke.
    :param busy: how much of one processor the client itself took, from 0 to 1.
    """

    rate: float
    median: float
    p99: float
    errors: int
    busy: float


def measure(host: str, port: int, requests: Sequence[bytes], *, clients: int, seconds: float) -> Load:
    """Ask for *requests* in turn, as *clients* that wait for an answer before they ask again."""
    crowd = _Crowd(host, port, requests)
    wall, processor = time.perf_counter(), time.process_time()
    crowd.work(clients, wall + seconds)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    took = sorted(crowd.took) or [0.0]
    return Load(
        rate=len(crowd.took) / wall,
        median=took[len(took) // 2],
        p99=took[int(len(took) * 0.99)],
        errors=crowd.errors,
        busy=processor / wall,
    )


class _Client:
    """One client, and the answer that it waits for."""

    __slots__ = ("began", "expected", "keeps", "received", "socket")

    def __init__(self) -> None:
        self.socket: socket.socket | None = None
        self.began, self.received, self.expected, self.keeps = 0.0, b"", 0, False

    def take(self, part: bytes) -> bool:
        """Take what has arrived; whether the answer is over, whole or not."""
        self.received += part
        end = self.received.find(b"\r\n\r\n") if not self.expected else -1
        if end >= 0:
            head = self.received[:end].lower()
            length = head.find(b"content-length:")
            if length >= 0:
                self.expected = end + 4 + int(head[length + 15 :].split(b"\r\n", 1)[0])
            self.keeps = b"connection: close" not in head
        return not part or bool(self.expected and len(self.received) >= self.expected)

    def is_right(self) -> bool:
        return len(self.received) == self.expected and self.received.startswith(b"HTTP/1.1 200")


class _Crowd:
    def __init__(self, host: str, port: int, requests: Sequence[bytes]) -> None:
        self._address, self._turn = (host, port), cycle(requests)
        self._poll = select.epoll()
        self._clients: dict[int, _Client] = {}
        self.took: list[float] = []
        self.errors = 0

    def work(self, clients: int, end: float) -> None:
        for _ in range(clients):
            self._ask(_Client())
        while time.perf_counter() < end:
            for number, _ in self._poll.poll(1):
                self._hear(self._clients[number])
        for client in list(self._clients.values()):
            self._leave(client)
        self._poll.close()

    def _ask(self, client: _Client) -> None:
        client.began, client.received, client.expected = time.perf_counter(), b"", 0
        if client.socket is None:
            client.socket = socket.create_connection(self._address, timeout=60)
            client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._clients[client.socket.fileno()] = client
            self._poll.register(client.socket.fileno(), select.EPOLLIN)
        client.socket.sendall(next(self._turn))

    def _hear(self, client: _Client) -> None:
        assert client.socket is not None
        try:
            part = client.socket.recv(_READ)
        except OSError:
            part = b""
        if not client.take(part):
            return
        if client.is_right():
            self.took.append(time.perf_counter() - client.began)
        else:
            self.errors += 1
        if not part or not client.keeps:
            self._leave(client)
        self._ask(client)

    def _leave(self, client: _Client) -> None:
        assert client.socket is not None
        self._poll.unregister(client.socket.fileno())
        del self._clients[client.socket.fileno()]
        client.socket.close()
        client.socket = None
