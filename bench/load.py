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


class _Client:
    """One connection and what is going on in it."""

    __slots__ = ("began", "expected", "keep", "received", "request", "socket")

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.socket: socket.socket | None = None
        self.began = 0.0
        self.received = b""
        self.expected = 0
        self.keep = False


def measure(host: str, port: int, requests: Sequence[bytes], *, clients: int, seconds: float) -> Load:
    """Ask for *requests* in turn, as *clients* that wait for an answer before they ask again."""
    poll = select.epoll()
    by_number: dict[int, _Client] = {}
    took: list[float] = []
    errors = 0
    turn = cycle(requests)

    def ask(client: _Client) -> None:
        client.request, client.received, client.expected = next(turn), b"", 0
        client.began = time.perf_counter()
        if client.socket is None:
            client.socket = socket.create_connection((host, port), timeout=60)
            client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            by_number[client.socket.fileno()] = client
            poll.register(client.socket.fileno(), select.EPOLLIN)
        client.socket.sendall(client.request)

    def drop(client: _Client) -> None:
        if client.socket is not None:
            poll.unregister(client.socket.fileno())
            del by_number[client.socket.fileno()]
            client.socket.close()
            client.socket = None

    everyone = [_Client(b"") for _ in range(clients)]
    wall, processor = time.perf_counter(), time.process_time()
    end = wall + seconds
    for client in everyone:
        ask(client)
    while time.perf_counter() < end:
        for number, _ in poll.poll(1):
            client = by_number[number]
            assert client.socket is not None
            try:
                part = client.socket.recv(_READ)
            except OSError:
                part = b""
            client.received += part
            if not client.expected:
                _read_head(client)
            if part and (not client.expected or len(client.received) < client.expected):
                continue
            if len(client.received) == client.expected and client.received.startswith(b"HTTP/1.1 200"):
                took.append(time.perf_counter() - client.began)
            else:
                errors += 1
            if not client.keep or not part:
                drop(client)
            ask(client)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    for client in everyone:
        drop(client)
    poll.close()
    took.sort()
    return Load(
        rate=len(took) / wall,
        median=took[len(took) // 2] if took else 0.0,
        p99=took[int(len(took) * 0.99)] if took else 0.0,
        errors=errors,
        busy=processor / wall,
    )


def _read_head(client: _Client) -> None:
    end = client.received.find(b"\r\n\r\n")
    if end < 0:
        return
    head = client.received[:end].lower()
    length = head.find(b"content-length:")
    if length < 0:
        return
    client.expected = end + 4 + int(head[length + 15 :].split(b"\r\n", 1)[0])
    client.keep = b"connection: close" not in head
