"""A real mail server on loopback that keeps what it receives."""

from __future__ import annotations

import asyncio
import email.policy
import re
import secrets
import socket
import threading
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from tests.support import patience

_PORTS = range(10_081, 32_000)
"""Below those that systems give to connections, and above the last that browsers refuse."""
_claims: list[socket.socket] = []


class Letter:
    """One received mail."""

    def __init__(self, raw: bytes, recipients: list[str]) -> None:
        message = BytesParser(policy=email.policy.default).parsebytes(raw)
        assert isinstance(message, EmailMessage)
        self.message = message
        self.recipients = recipients
        self.subject = str(message["Subject"])

    @property
    def text(self) -> str:
        return self._body("plain")

    @property
    def html(self) -> str:
        return self._body("html")

    @property
    def link(self) -> str:
        """The first link of the text."""
        return re.findall(r"https?://\S+", self.text)[0]

    @property
    def path(self) -> str:
        """The first link without its host."""
        return re.sub(r"^https?://[^/]+", "", self.link)

    @property
    def number(self) -> str:
        """The six-digit number of the text."""
        return re.findall(r"\b[0-9]{6}\b", self.text)[0]

    def _body(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert part is not None, f"the mail has no {kind} part"
        return str(part.get_content()).replace("\r\n", "\n")


class _Connection(SMTP):
    """One connection, which its server knows as long as it is open."""

    def __init__(self, *args: Any, opened: set[_Connection], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._opened = opened

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._opened.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._opened.discard(self)


class _Server(Controller):
    """aiosmtpd's, which by itself ends its loop while connections are still open."""

    def __init__(self, handler: Any, port: int, **more: Any) -> None:
        super().__init__(handler, hostname="127.0.0.1", port=port, ready_timeout=patience.SECONDS, **more)
        self._opened: set[_Connection] = set()

    def factory(self) -> SMTP:
        return _Connection(self.handler, opened=self._opened, **self.SMTP_kwargs)

    def stop(self, no_assert: bool = False) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self.loop).result()
        super().stop(no_assert)

    async def _hang_up(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        # Not closed yet: a connection that was accepted just now can't be made for a closed server.
        for listening in self.server.sockets:
            self.loop.remove_reader(listening.fileno())
        while self._opened or len(asyncio.all_tasks()) > 1:
            for connection in self._opened:
                if isinstance(connection.transport, asyncio.Transport):
                    connection.transport.abort()
            await asyncio.sleep(0)


class Inbox:
    """The mail server and what it has received. It can refuse mails, and it can be down.

    :param more: what aiosmtpd takes besides.
    """

    def __init__(self, port: int | None = None, **more: Any) -> None:
        self._more = more
        self._letters: list[Letter] = []
        # Many may wait at once, each for a mail of its own.
        self._arrived = threading.Condition()
        self.refusing = False
        self.port = port or free_port()
        self._controller: _Server | None = None
        self.start()

    def start(self) -> None:
        self._controller = _Server(self, self.port, **self._more)
        self._controller.start()

    def stop(self) -> None:
        if self._controller:
            self._controller.stop()
            self._controller = None

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.refusing:
            return "554 refused"
        with self._arrived:
            self._letters.append(Letter(envelope.content, envelope.rcpt_tos))
            self._arrived.notify_all()
        return "250 OK"

    def wait_for(self, subject: str = "", to: str = "", timeout: float = patience.SECONDS) -> Letter:
        """The next mail whose subject contains *subject*, sent to *to*; others are kept for later."""

        def first() -> Letter | None:
            fitting = (
                letter
                for letter in self._letters
                if subject in letter.subject and (not to or letter.recipients == [to])
            )
            return next(fitting, None)

        with self._arrived:
            letter = self._arrived.wait_for(first, timeout)
            assert letter, f"no mail “{subject}” for {to or 'anybody'} has come"
            self._letters.remove(letter)
            return letter

    def take_all(self) -> list[Letter]:
        """Everything that has arrived and was not waited for."""
        with self._arrived:
            letters, self._letters = self._letters, []
            return letters


def free_port() -> int:
    """Return a port that is nobody's, and is not given out again.

    Many are bound only while a test runs, so this process keeps the UDP port of the same number until it
    ends: no other worker, and no other run on this machine, gets one that is kept so.
    """
    while True:
        port = secrets.choice(_PORTS)
        claim = socket.socket(type=socket.SOCK_DGRAM)
        try:
            claim.bind(("127.0.0.1", port))
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
        else:
            _claims.append(claim)
            return port
