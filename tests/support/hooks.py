"""A system that receives webhooks: a real HTTPS server with a certificate of an authority of its own."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support import patience

NAME = "hooks.example"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD_SECRET = "whsec_" + "b2xkIGFuZCBub3QgaW4gdXNlIGFueSBsb25nZXI="
OK = b"HTTP/1.1 204 No Content\r\n\r\n"


class Authority:
    """Vouches for receivers, to those who have its :attr:`file`."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"tests {id(self)}")])
        made = self._builder(self._name, self._key, timedelta(days=1)).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self.file = folder / "authority.pem"
        self.file.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def tls(self, *names: str, valid: timedelta = timedelta(days=1)) -> ssl.SSLContext:
        """Return what a server needs that is called by *names*; some may be addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
        made = self._builder(subject, key, valid).add_extension(
            x509.SubjectAlternativeName(list(map(_general, names))), critical=False
        )
        file = self._folder / f"{'-'.join(names).replace(':', '.')}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, valid: timedelta
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=2))
            .not_valid_after(now + valid)
        )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@dataclass(frozen=True)
class Posted:
    """One request as it came.

    :param headers: by their names in lower case.
    """

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


Answer = bytes | Callable[[socket.socket], object]


class HookServer:
    """Listens on a loopback port and keeps what is posted.

    :param tls: None for a server without TLS.
    :ivar answer: what it sends to each request; or what it does with the connection.
    :ivar greeting: what it does with a connection before TLS; None for nothing.
    """

    def __init__(self, tls: ssl.SSLContext | None, host: str = "127.0.0.1", port: int = 0) -> None:
        self._tls = tls
        self.answer: Answer = OK
        self.greeting: Callable[[socket.socket], object] | None = None
        self._posted: list[Posted] = []
        self._arrived = threading.Condition()
        self.connections = 0
        self._stopped = threading.Event()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listening = socket.create_server((host, port), family=family, backlog=128)
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def drip(self, *pieces: bytes) -> Callable[[socket.socket], object]:
        """Return what sends *pieces*, then the last one again and again, with a little time between them."""

        def send(connection: socket.socket) -> None:
            rest = list(pieces)
            with suppress(OSError):
                while not self._stopped.wait(0.02):
                    connection.sendall(rest.pop(0) if len(rest) > 1 else rest[0])

        return send

    def hang(self, _connection: socket.socket | None = None) -> None:
        """Say nothing until the other one has had enough."""
        self._stopped.wait(patience.SECONDS)

    def take_all(self) -> list[Posted]:
        """Return everything that has come since the last time."""
        with self._arrived:
            found, self._posted = self._posted, []
            return found

    def wait_for(self) -> Posted:
        """Return the next request."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: self._posted, patience.SECONDS), "nothing was posted"
            return self._posted.pop(0)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, raw: socket.socket) -> None:
        raw.settimeout(patience.SECONDS)
        with raw, suppress(OSError, ValueError):
            if self.greeting:
                self.greeting(raw)
            connection = self._tls.wrap_socket(raw, server_side=True) if self._tls else raw
            with connection:
                posted = _read(connection)
                with self._arrived:
                    self._posted.append(posted)
                    self._arrived.notify_all()
                if callable(self.answer):
                    self.answer(connection)
                else:
                    connection.sendall(self.answer)
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_WR)


def _read(connection: socket.socket) -> Posted:
    with connection.makefile("rb") as file:
        line = file.readline().decode().strip()
        headers = {}
        while text := file.readline().decode().strip():
            name, _, value = text.partition(":")
            headers[name.lower()] = value.strip()
        return Posted(line, headers, file.read(int(headers["content-length"])))
