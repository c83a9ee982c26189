"""Slow clients: two hundred that hang, and what a page takes meanwhile, directly and behind each proxy."""

from __future__ import annotations

import functools
import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.contenders import Server
from tests.support.proxies import Caddy, Nginx, Proxy
from tests.support.slow_clients import KINDS, SlowClients, insecure, networks

CROWD, NETWORKS = 200, 40
"""The clients, and the networks that they come from: fewer would reach the limits by network."""
PROXIES: dict[str, type[Proxy] | None] = {"directly": None, "behind nginx": Nginx, "behind Caddy": Caddy}
PATHS = {"page": "/sign-in", "readyz": "/readyz"}
_PAUSE = 0.01
"""Seconds between two looks at a page: so that who measures is not the load."""


def measure(server: Server, way: str, folder: Path, *, seconds: float) -> dict[str, Any]:
    """Return what pages take without and with the crowd, for *seconds* each.

    :param way: one of :data:`PROXIES`.
    """
    with _reached(server, PROXIES[way], folder) as (address, secure):
        visit = _visits((server.host, server.port), address, f"{server.host}:{server.port}", secure=secure)
        found = {"quiet": _looks(visit, seconds)}
        clients = SlowClients(address, f"{server.host}:{server.port}", KINDS, secure=secure)
        with _crowd(clients):
            found["crowd"] = _looks(visit, seconds)
            found["hanging"] = clients.hanging()
    return found


@contextmanager
def _reached(
    server: Server, kind: type[Proxy] | None, folder: Path
) -> Iterator[tuple[tuple[str, int], bool]]:
    """The address at which the server is met, and whether with TLS."""
    if kind is None:
        yield (server.host, server.port), False
        return
    folder.mkdir(parents=True)
    proxy = kind(folder)
    try:
        proxy.start([f"{server.host}:{server.port}"] * 2)
        yield ("127.0.0.1", proxy.port), proxy.url.startswith("https:")
    finally:
        proxy.stop()


def _visits(
    own: tuple[str, int], address: tuple[str, int], name: str, *, secure: bool
) -> dict[str, Callable[[], None]]:
    """Return a way to ask for each path, over a connection of its own; the machines' at the server itself."""

    def visit(path: str) -> None:
        if path == PATHS["page"] and secure:
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                *address, timeout=60, context=insecure()
            )
        else:
            connection = http.client.HTTPConnection(*(address if path == PATHS["page"] else own), timeout=60)
        connection.request("GET", path, headers={"Host": name, "Connection": "close"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{path} was answered {answer.status}")

    return {what: functools.partial(visit, path) for what, path in PATHS.items()}


def _looks(visit: dict[str, Callable[[], None]], seconds: float) -> dict[str, dict[str, float]]:
    took: dict[str, list[float]] = {what: [] for what in visit}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for what, ask in visit.items():
            began = time.perf_counter()
            ask()
            took[what].append(time.perf_counter() - began)
            time.sleep(_PAUSE)  # who looks without pause is a load
    ordered = {what: sorted(each) for what, each in took.items()}
    return {
        what: {"count": len(each), "median": each[len(each) // 2], "p99": each[int(len(each) * 0.99)]}
        for what, each in ordered.items()
    }


@contextmanager
def _crowd(clients: SlowClients) -> Iterator[None]:
    """Let the crowd hang; who is turned away comes again."""
    over = threading.Event()
    sources = networks(NETWORKS)

    def hang() -> None:
        while not over.is_set():
            clients.connect(CROWD - clients.hanging(), sources)
            clients.go_on(lambda: over.is_set() or clients.hanging() < CROWD)

    clients.connect(CROWD, sources)
    thread = threading.Thread(target=hang)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        clients.close()
