"""What the server of production makes of a request before the application sees it."""

from __future__ import annotations

import itertools
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import patience
from tests.support.workers import SturdyWorkers, Workers

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parent.parent.parent
LONGEST = 64 * 1024
NUMBERS = itertools.count()


@pytest.fixture(scope="module", params=[Workers, SturdyWorkers])
def gateway(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, stores: Any
) -> Iterator[Workers]:
    """`make serve`'s server and gunicorn, each behind one proxy."""
    folder = tmp_path_factory.mktemp("gateway")
    settings = {**stores.fresh(folder), "MODE": "development", "TRUSTED_PROXIES": 1, "EVENT_LOG": "events"}
    cheap = {"PASSWORD_HASH_COST": "t=1,m=8,p=1", "MAIL_WORKER": "none"}
    server = request.param(folder, {**settings, **cheap}, processes=1)
    server.start()
    yield server
    server.stop()


def ask(gateway: Workers, request: bytes) -> bytes:
    with socket.create_connection((gateway.host, gateway.port), timeout=patience.SECONDS) as connection:
        connection.sendall(request)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


def get(gateway: Workers) -> bytes:
    return ask(
        gateway, f"GET /sign-in HTTP/1.1\r\nHost: {gateway.name}\r\nConnection: close\r\n\r\n".encode()
    )


def guess(gateway: Workers, *lines: str) -> bytes:
    """Post a wrong password, for an address of its own, with those header lines; the status line."""
    page = get(gateway).decode()
    cookie = re.search(r"set-cookie: ([^;]+)", page, re.IGNORECASE)
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
    assert cookie and token
    body = f"email=person{next(NUMBERS)}%40example.com&password=wrong&csrf_token={token[1]}"
    head = [
        *("POST /sign-in HTTP/1.1", f"Host: {gateway.name}", f"Cookie: {cookie[1]}", "Connection: close"),
        *("Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}", *lines),
    ]
    return ask(gateway, "\r\n".join([*head, "", body]).encode()).partition(b"\r\n")[0]


def network(gateway: Workers, *lines: str) -> str:
    """The network that a guess with those header lines is taken to come from."""
    assert b" 422 " in guess(gateway, *lines)
    last = (gateway.folder / "events").read_text().splitlines()[-1]
    return str(json.loads(last)["network"])


@pytest.mark.parametrize("name", ["X_Forwarded_For", "X-Forwarded_For", "x_forwarded-for"])
@pytest.mark.parametrize("place", ["before", "after", "after others"])
def test_header_with_underscore_is_not_taken_for_the_proxys(gateway: Workers, name: str, place: str) -> None:
    true, forged = "X-Forwarded-For: 203.0.113.7", f"{name}: 8.8.8.8"
    others = [f"X-Other-{number}: x" for number in range(5)]
    lines = {"before": [forged, true], "after": [true, forged], "after others": [true, *others, forged]}
    assert network(gateway, *lines[place]) == "203.0.113.0/24"


def test_header_with_underscore_alone_is_dropped(gateway: Workers) -> None:
    assert network(gateway, "X_Forwarded_For: 8.8.8.8") == "127.0.0.0/24"


def test_no_other_header_is_read_with_an_underscore(gateway: Workers) -> None:
    assert b" 403 " in guess(gateway, "Sec-Fetch-Site: cross-site")
    assert b" 422 " in guess(gateway, "Sec_Fetch_Site: cross-site")


def test_last_line_of_a_header_sent_twice_is_the_proxys(gateway: Workers) -> None:
    assert network(gateway, "X-Forwarded-For: 8.8.8.8", "X-Forwarded-For: 203.0.113.7") == "203.0.113.0/24"


def test_underscore_does_not_make_a_content_length(gateway: Workers) -> None:
    assert b" 422 " in guess(gateway, "Content_Length: 999999")


HOSTS = {
    "the same twice": ["Host: {name}", "Host: {name}"],
    "another after": ["Host: {name}", "Host: evil.example"],
    "another before": ["Host: evil.example", "Host: {name}"],
    "an empty one after": ["Host: {name}", "Host:"],
    "others between": ["Host: {name}", "Accept: */*", "hOST: {name}"],
    "none": [],
}


@pytest.mark.parametrize("path", ["/sign-in", "/healthz"])
@pytest.mark.parametrize("lines", HOSTS)
def test_request_without_one_host_is_refused(gateway: Workers, lines: str, path: str) -> None:
    """RFC 9112 §3.2: none of them may be chosen, and joined they are no host."""
    named = [line.format(name=gateway.name) for line in HOSTS[lines]]
    head = [f"GET {path} HTTP/1.1", *named, "Connection: close"]
    assert b" 400 " in ask(gateway, "\r\n".join([*head, "", ""]).encode()).partition(b"\r\n")[0]


def test_older_protocol_needs_no_host(gateway: Workers) -> None:
    assert b" 200 " in ask(gateway, b"GET /sign-in HTTP/1.0\r\n\r\n").partition(b"\r\n")[0]


@pytest.mark.parametrize("length", ["said", "chunked"])
@pytest.mark.parametrize(("size", "status"), [(LONGEST, b" 400 "), (LONGEST + 1, b" 413 ")])
def test_body_may_be_so_long_however_it_comes(
    gateway: Workers, length: str, size: int, status: bytes
) -> None:
    """The one that may is refused for its token."""
    body = b"name=".ljust(size, b"a")
    said = f"Content-Length: {size}" if length == "said" else "Transfer-Encoding: chunked"
    if length == "chunked":
        parts = (body[start : start + 8192] for start in range(0, size, 8192))
        body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (*parts, b""))
    head = [
        *("POST /sign-in HTTP/1.1", f"Host: {gateway.name}", "Connection: close"),
        *("Content-Type: application/x-www-form-urlencoded", said, "", ""),
    ]
    assert status in ask(gateway, "\r\n".join(head).encode() + body).partition(b"\r\n")[0]


def test_shipped_caddyfile_drops_headers_with_underscore() -> None:
    """Before each of its ways to a server."""
    lines = [line.strip() for line in (ROOT / "deploy" / "Caddyfile").read_text().splitlines()]
    ways = [line for line in lines if line.startswith(("reverse_proxy ", "request_header "))]
    assert ways[0::2] == ["request_header -*_*"] * 2
    assert [way.split()[0] for way in ways[1::2]] == ["reverse_proxy"] * 2
