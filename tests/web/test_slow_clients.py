"""Two hundred clients that send or read slowly, before the server of production and its proxies."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.serve import BODIES_PER_NETWORK
from tests.conftest import SETTINGS
from tests.support import patience
from tests.support.proxies import Caddy, Nginx, Proxy
from tests.support.slow_clients import (
    ANNOUNCED,
    IDLE,
    KINDS,
    TRICKLED,
    UNFINISHED,
    UNREAD,
    SlowClients,
    established,
    hanging,
    networks,
)
from tests.support.stores import Stores
from tests.support.workers import Workers

# No thread, and so no database, has to do with a client that is slow.
pytestmark = [pytest.mark.process, pytest.mark.sqlite]

CROWD, NETWORKS = 200, 40
PAGES = 10
NGINX_PER_NETWORK = 100
BIG = "/static/mfa/vendor/htmx.min.js"


class PoorWorkers(Workers):
    """A server whose processes may open 128 files, unless they ask for more."""

    def _command(self) -> list[str]:
        *before, program = super()._command()
        limit = (
            "resource.setrlimit(resource.RLIMIT_NOFILE, (128, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))"
        )
        return [*before, f"import resource; {limit}; {program}"]


class HastyWorkers(Workers):
    """A server that waits a second for a client to take its answer."""

    def _command(self) -> list[str]:
        *before, program = super()._command()
        return [*before, f"from deploy import draining; draining.UNTAKEN_SECONDS = 1; {program}"]


Serve = Callable[..., Workers]


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory, stores: Stores) -> Iterator[Serve]:
    """Starts servers, of one process where nothing else is said, that stay for all tests here."""
    started: list[Workers] = []

    def start(kind: type[Workers] = Workers, processes: int = 1, **settings: Any) -> Workers:
        folder = tmp_path_factory.mktemp("server")
        own = {**SETTINGS, **stores.fresh(folder), "MAIL_WORKER": "none", **settings}
        started.append(kind(folder, own, processes=processes))
        started[-1].start()
        return started[-1]

    yield start
    for server in started:
        server.stop(signal.SIGINT)


@pytest.fixture(scope="module")
def patient(serve: Serve) -> Workers:
    """A server that waits for longer than the tests take."""
    return serve(processes=2, READ_SECONDS=300)


@pytest.fixture(scope="module")
def hasty(serve: Serve) -> Workers:
    return serve(HastyWorkers, READ_SECONDS=1)


@pytest.fixture(scope="module")
def behind(serve: Serve) -> Workers:
    """A server that stands behind a proxy, and leaves it to that how long it waits."""
    return serve(TRUSTED_PROXIES=1, READ_SECONDS=300)


def before(server: Workers, *kinds: str, **how: Any) -> SlowClients:
    return SlowClients((server.host, server.port), server.name, kinds, **how)


def see_pages(server: Workers) -> None:
    """See that pages are answered, each over a connection of its own."""
    for path in ("/sign-in", "/readyz") * PAGES:
        assert httpx.get(f"{server.url}{path}", timeout=patience.SECONDS).status_code == 200


@pytest.mark.parametrize("kind", [*KINDS, IDLE])
def test_pages_are_answered_while_two_hundred_clients_hang(patient: Workers, kind: str) -> None:
    with hanging(before(patient, kind), CROWD, networks(NETWORKS)):
        see_pages(patient)


def test_pages_are_answered_while_clients_read_no_answer(patient: Workers) -> None:
    with hanging(before(patient, UNREAD, page=BIG), 40, networks(NETWORKS)):
        see_pages(patient)


def test_client_that_does_not_send_its_form_in_time_gets_408(hasty: Workers) -> None:
    with hanging(before(hasty, ANNOUNCED), CROWD, networks(NETWORKS)) as clients:
        clients.go_on(lambda: not clients.hanging())
        answers = clients.answers[ANNOUNCED]
    assert {answer.partition(b"\r\n")[0] for answer in answers} == {b"HTTP/1.1 408 Request Timeout"}
    assert all(answer.endswith(b"Your request did not arrive in time. Try again.\n") for answer in answers)


@pytest.mark.parametrize("kind", [TRICKLED, UNFINISHED, IDLE])
def test_client_that_hangs_is_left_in_the_end(hasty: Workers, kind: str) -> None:
    """Whether a trickle gets its 408 is up to the byte that crosses it."""
    with hanging(before(hasty, kind), CROWD, networks(NETWORKS)) as clients:
        clients.go_on(lambda: not clients.hanging())
    see_pages(hasty)


def test_connection_whose_answer_nobody_takes_ends(hasty: Workers) -> None:
    with hanging(before(hasty, UNREAD, page=BIG), 40, networks(NETWORKS)) as clients:
        # They would not hear of it: a client that does not read has no room for the news.
        clients.go_on(lambda: established(hasty.port) == 0)


def test_one_network_holds_so_many_bodies_in_each_process(patient: Workers) -> None:
    most = BODIES_PER_NETWORK * patient.processes
    with hanging(before(patient, ANNOUNCED), most + 10, repeat("127.0.77.1")) as clients:
        clients.go_on(lambda: clients.refused() >= 10)
        form = httpx.post(f"{patient.url}/sign-in", data={"email": "nobody@example.com"})
    assert form.status_code == 400


def test_form_that_breaks_off_does_not_reach_the_application(patient: Workers) -> None:
    """A password of which half has come is no attempt."""
    head = f"POST /sign-in HTTP/1.1\r\nHost: {patient.name}\r\nContent-Length: 30\r\n\r\n"
    with socket.create_connection((patient.host, patient.port), timeout=patience.SECONDS) as connection:
        connection.sendall(f"{head}password=ora".encode())
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b"Your request broke off. Try again.\n")


def test_server_takes_more_connections_than_it_may_open_files_at_first(serve: Serve) -> None:
    server = serve(PoorWorkers, READ_SECONDS=300)
    with hanging(before(server, UNFINISHED), 2 * CROWD, networks(NETWORKS)):
        see_pages(server)


# Behind a proxy


@contextmanager
def proxied(kind: type[Proxy], folder: Path, server: Workers) -> Iterator[Proxy]:
    proxy = kind(folder)
    try:
        proxy.start([f"{server.host}:{server.port}"] * 2)
        yield proxy
    finally:
        proxy.stop()


def before_proxy(proxy: Proxy, server: Workers, *kinds: str) -> SlowClients:
    return SlowClients(("127.0.0.1", proxy.port), server.name, kinds, secure=proxy.url.startswith("https:"))


@pytest.mark.parametrize("kind", [Nginx, Caddy])
def test_pages_are_answered_behind_a_proxy_while_clients_hang(
    kind: type[Proxy], tmp_path: Path, behind: Workers
) -> None:
    with proxied(kind, tmp_path, behind) as proxy:
        clients = before_proxy(proxy, behind, *KINDS)
        with hanging(clients, CROWD, networks(NETWORKS)), proxy.client(Host=behind.name) as visitor:
            for _ in range(PAGES):
                assert visitor.get("/sign-in").status_code == 200


LEFT: dict[type[Proxy], list[str]] = {
    # nginx counts the time between two bytes; its limit by network is for the others.
    Nginx: [ANNOUNCED, UNFINISHED],
    Caddy: [ANNOUNCED, UNFINISHED, TRICKLED],
}


def test_proxy_leaves_clients_that_hang(tmp_path: Path, behind: Workers) -> None:
    """Both wait for ten seconds, which they do at the same time."""
    crowds: list[SlowClients] = []
    with ExitStack() as hung, ThreadPoolExecutor(len(LEFT)) as pool:
        for kind, left in LEFT.items():
            folder = tmp_path / kind.__name__
            folder.mkdir()
            clients = before_proxy(hung.enter_context(proxied(kind, folder, behind)), behind, *left)
            crowds.append(hung.enter_context(hanging(clients, CROWD, networks(NETWORKS))))
        leaving = [pool.submit(crowd.go_on, partial(_all_left, crowd)) for crowd in crowds]
        assert [each.exception() for each in leaving] == [None, None]


def _all_left(clients: SlowClients) -> bool:
    return not clients.hanging()


def test_nginx_sends_no_form_on_before_it_has_it(tmp_path: Path, behind: Workers) -> None:
    with proxied(Nginx, tmp_path, behind) as proxy:
        clients = before_proxy(proxy, behind, TRICKLED)
        with hanging(clients, CROWD, networks(NETWORKS)), proxy.client(Host=behind.name) as visitor:
            # Taken after them, and answered: they have been taken too.
            assert visitor.get("/sign-in").status_code == 200
            assert established(behind.port) < 10


def test_nginx_lets_one_network_have_so_many_requests_under_way(tmp_path: Path, behind: Workers) -> None:
    with proxied(Nginx, tmp_path, behind) as proxy:
        clients = before_proxy(proxy, behind, ANNOUNCED)
        with hanging(clients, NGINX_PER_NETWORK + 10, repeat("127.0.77.1")):
            clients.go_on(lambda: clients.refused() >= 10)
            with proxy.client(Host=behind.name) as visitor:
                assert visitor.get("/sign-in").status_code == 200
