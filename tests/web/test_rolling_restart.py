"""Two servers behind Debian's nginx and behind its Caddy, restarted one after the other while people post."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.pages import csrf_token
from tests.support.proxies import Caddy, Nginx, Proxy
from tests.support.smtp import free_port
from tests.support.workers import Workers

pytestmark = pytest.mark.process

PEOPLE = 4
"""By each proxy."""
PAUSE_SECONDS = 0.05
"""Between two posts of one of them. As fast as they can, they would hold all cores for a minute."""
REFUSED = 422
PROXIES = [Nginx, Caddy]
DRAIN_SECONDS = 8
"""More than nginx's fail_timeout of five whole seconds and Caddy's health_interval of two, and some delay."""


@pytest.fixture
def pair(tmp_path: Path, config: dict[str, Any]) -> Iterator[list[Workers]]:
    """Two that share the database, as one name."""
    settings = {**config, "DRAIN_SECONDS": DRAIN_SECONDS, "MAIL_WORKER": "none", "TRUSTED_PROXIES": 1}
    settings["RATELIMIT_REFUSED"] = "100000 per minute"
    settings["SQLALCHEMY_DATABASE_URI"] = config.get(
        "SQLALCHEMY_DATABASE_URI", f"sqlite:///{settings.pop('INSTANCE_PATH') / 'twostep.db'}"
    )
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
    first = Workers(folders[0], settings)
    second = Workers(folders[1], settings, behind=first)
    try:
        for server in (first, second):
            server.start()
        yield [first, second]
    finally:
        for server in (first, second):
            server.stop(signal.SIGINT)


def said(answer: httpx.Response) -> str:
    """Return what tells the application's error from the proxy's."""
    return f"{answer.status_code} {answer.headers.get('X-Worker', 'proxy')} {answer.text[:60]!r}"


class Visitor:
    """Somebody who guesses at passwords, one form after the other, until told to stop."""

    def __init__(self, proxy: Proxy, name: str, number: int) -> None:
        self._client = proxy.client(Host=name)
        self._number = number

    def post(self, stop: threading.Event) -> list[int | str]:
        """Return what came back: the status of each answer, or what went wrong, which ends it for all."""
        answers: list[int | str] = []
        token = csrf_token(self._client.get("/sign-in").text)
        while not stop.wait(PAUSE_SECONDS):
            email = f"nobody{self._number}.{len(answers)}@example.com"
            fields = {"csrf_token": token, "email": email, "password": "orange kettle drives north"}
            try:
                answer = self._client.post("/sign-in", data=fields)
                answers.append(answer.status_code if answer.status_code < 500 else said(answer))
            except httpx.HTTPError as error:
                answers.append(repr(error))
            if answers[-1] != REFUSED:
                # Who goes on would fill the proxy's log as fast as it can.
                stop.set()
        self._client.close()
        return answers


# A restart takes half a minute: once, on what is served by two servers outside of tests.
@pytest.mark.servers
def test_no_request_fails_while_servers_restart(pair: list[Workers], tmp_path: Path) -> None:
    """Whichever proxy people come by; both stand before the same servers, which restart once."""
    proxies: list[Proxy] = []
    stop = threading.Event()
    try:
        for kind in PROXIES:
            (tmp_path / kind.__name__).mkdir()
            proxies.append(kind(tmp_path / kind.__name__))
            proxies[-1].start([f"{server.host}:{server.port}" for server in pair])
        with ThreadPoolExecutor(PEOPLE * len(proxies)) as pool:
            people = [
                Visitor(proxy, pair[0].name, number)
                for number, proxy in enumerate(proxy for proxy in proxies for _ in range(PEOPLE))
            ]
            posting = [pool.submit(person.post, stop) for person in people]
            try:
                for server in pair:
                    server.stop()
                    server.start()
                    for proxy in proxies:
                        proxy.wait_for(f"{server.host}:{server.port}", stop)
            finally:
                stop.set()
            answers = {
                kind.__name__: {answer for each in posting[at : at + PEOPLE] for answer in each.result()}
                for kind, at in zip(PROXIES, range(0, len(posting), PEOPLE), strict=True)
            }
    finally:
        for proxy in proxies:
            proxy.stop()
    assert answers == {kind.__name__: {REFUSED} for kind in PROXIES}


@pytest.mark.parametrize("kind", PROXIES)
def test_paths_for_machines_end_at_the_proxy(kind: type[Proxy], tmp_path: Path) -> None:
    """No server is there, so that any other path is a 502 or 503."""
    proxy = kind(tmp_path)
    proxy.start([f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"])
    try:
        with proxy.client() as client:
            answers = [client.get(path).status_code for path in ("/healthz", "/readyz", "/metrics")]
        assert answers == [404, 404, 404]
    finally:
        proxy.stop()
