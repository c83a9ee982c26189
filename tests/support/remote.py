"""A client over real HTTP with as much of ``flask.testing.FlaskClient`` as a Person needs."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.support import patience

_numbers = itertools.count(256)


def fresh_address() -> str:
    """A loopback address whose /24 range nobody has had before: all of 127.0.0.0/8 is this machine."""
    number = next(_numbers)
    return f"127.{number // 256 % 255}.{number % 256}.1"


class RemoteResponse:
    """An answer, with the names that Werkzeug's has."""

    def __init__(self, response: httpx.Response) -> None:
        self.status_code = response.status_code
        self.headers = response.headers
        self.data = response.content
        self.text = response.text
        self.mimetype = response.headers.get("Content-Type", "").partition(";")[0]

    @property
    def worker(self) -> str:
        """The process that answered; empty when the server itself did."""
        return str(self.headers.get("X-Worker", ""))


class Kept:
    """A cookie as the client holds it."""

    def __init__(self, value: str) -> None:
        self.value = value


class RemoteClient:
    """One browser: its cookies, and the network that it comes from. Each request is a connection of its own.

    :param url: the server's, like ``http://127.0.0.1:5000``.
    :param address: the loopback address to connect from; by default one in a range of its own.
    :param host: the name that the server is asked by; by default the one in *url*.
    """

    def __init__(self, url: str, *, address: str | None = None, host: str = "") -> None:
        self.url, self._host = httpx.URL(url), host
        self._cookies = httpx.Cookies()
        self._client = self._connect(address)

    def _connect(self, address: str | None) -> httpx.Client:
        self.address = address or fresh_address()
        # No context for TLS, which takes longer to make than all else here, and no proxy.
        transport = httpx.HTTPTransport(
            verify=False, trust_env=False, local_address=self.address, limits=_NOTHING_KEPT
        )
        return httpx.Client(
            base_url=self.url,
            transport=transport,
            trust_env=False,
            timeout=patience.SECONDS,
            cookies=self._cookies.jar,
            headers={"Connection": "close", **({"Host": self._host} if self._host else {})},
        )

    def move(self, address: str | None = None) -> None:
        """Go on from another network, by default one that nobody has had before, with the same cookies."""
        self._cookies = self._client.cookies
        self._client.close()
        self._client = self._connect(address)

    def get(self, url: str, **options: Any) -> RemoteResponse:
        return self.open(url, method="GET", **options)

    def post(self, url: str, **options: Any) -> RemoteResponse:
        return self.open(url, method="POST", **options)

    def open(
        self,
        url: str,
        *,
        method: str = "GET",
        data: Mapping[str, Any] | str | bytes | None = None,
        headers: Mapping[str, str | bytes] | None = None,
        content_type: str | None = None,
        follow_redirects: bool = False,
        buffered: bool = True,  # noqa: ARG002 (a word of FlaskClient: every answer here is read at once)
    ) -> RemoteResponse:
        """Ask for *url*; fields in *data* are sent as a form sends them, text and bytes as they are."""
        sent: dict[bytes, bytes] = {}
        for name, value in (headers or {}).items():
            sent[name.encode()] = value if isinstance(value, bytes) else value.encode()
        body: bytes | None = None
        if isinstance(data, Mapping):
            body = urlencode(data, doseq=True).encode()
            content_type = content_type or "application/x-www-form-urlencoded"
        elif data is not None:
            body = data.encode() if isinstance(data, str) else data
        if content_type:
            sent[b"Content-Type"] = content_type.encode()
        return RemoteResponse(
            self._client.request(method, url, content=body, headers=sent, follow_redirects=follow_redirects)
        )

    def raw(self, request: bytes, *, hang_up: bool = True) -> bytes:
        """Send bytes that no client would, and read until the server hangs up.

        :param hang_up: say that nothing more will be sent.
        """
        with socket.create_connection(
            (self.url.host, self.url.port or 80), timeout=patience.SECONDS, source_address=(self.address, 0)
        ) as connection:
            answer = b""
            # A server that has refused hangs up, also while it is still spoken to.
            with suppress(OSError):
                connection.sendall(request)
                if hang_up:
                    connection.shutdown(socket.SHUT_WR)
            with suppress(ConnectionError):
                while part := connection.recv(65536):
                    answer += part
            return answer

    def get_cookie(self, name: str, domain: str = "127.0.0.1", path: str = "/") -> Kept | None:
        value = self._client.cookies.get(name, domain=domain, path=path)
        return None if value is None else Kept(value)

    def set_cookie(self, name: str, value: str, domain: str = "127.0.0.1", path: str = "/") -> None:
        self._client.cookies.set(name, value, domain=domain, path=path)

    def close(self) -> None:
        self._client.close()


_NOTHING_KEPT = httpx.Limits(max_keepalive_connections=0)
