"""Flask-Mail with what it leaves out: limits of time, certificates that are checked, and the third outcome.

A mail is sent, or refused, or perhaps sent: it was handed over whole, and the answer to it did not come.
"""

from __future__ import annotations

import functools
import io
import os
import smtplib
import socket
import ssl
import time
from contextlib import suppress
from typing import Any

from flask import current_app
from flask_mail import Connection as FlaskMailConnection

from mfa import site

WITHIN = 25.0
"""Seconds that a conversation may take from the connection to the last answer: less than the page waits
(``defaultTimeout`` in base.html), and less than a server has that is told to stop (``KILL_AFTER``)."""
REPLY_SECONDS = 5
"""Seconds that one answer may take where ``MAIL_TIMEOUT`` is not set."""
_END_OF_MAIL = b"\r\n.\r\n"


class Unanswered(smtplib.SMTPServerDisconnected):
    """The mail server has all of the mail and said neither yes nor no: it is perhaps delivered."""


class _Reader(io.RawIOBase):
    """What the mail server says, up to a moment; a socket's own time-out begins again with each byte."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self.until = 0.0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._socket.settimeout(max(self.until - time.monotonic(), 0.001))
        return self._socket.recv_into(buffer)


class _Timed(smtplib.SMTP):
    """
    :param reply_seconds: the most that one answer may take; the answer to the mail itself may take all that
        is left of :data:`WITHIN`, since giving it up would leave open whether the mail was delivered.
    """

    def __init__(self, host: str, port: int, *, reply_seconds: float, **more: Any) -> None:
        self._end = time.monotonic() + WITHIN
        self._reply_seconds = reply_seconds
        self._handed_over = False
        super().__init__(host, port, timeout=min(reply_seconds, WITHIN), **more)

    def send(self, s: Any) -> None:
        """Send *s* within what is left of the time.

        :raises TimeoutError: nothing is left.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the mail server took too long")
        if self.sock:
            self.sock.settimeout(min(self._reply_seconds, left))
        super().send(s)
        self._handed_over = isinstance(s, bytes) and s.endswith(_END_OF_MAIL)

    def getreply(self) -> tuple[int, bytes]:
        """Return the next answer.

        :raises Unanswered: the answer to the mail did not come.
        :raises smtplib.SMTPServerDisconnected: another answer did not come.
        """
        if self.file is None and self.sock:
            self._reader = _Reader(self.sock)
            self.file = io.BufferedReader(self._reader)
        if self._handed_over:
            self._reader.until = self._end
        else:
            self._reader.until = min(self._end, time.monotonic() + self._reply_seconds)
        try:
            return super().getreply()
        except smtplib.SMTPServerDisconnected as error:
            if self._handed_over:
                raise Unanswered(*error.args) from error
            raise
        finally:
            self._handed_over = False

    def leave(self) -> None:
        """Say goodbye; what the mail server says to it changes nothing, so nobody waits for that."""
        with suppress(OSError, smtplib.SMTPException):
            self.putcmd("quit")
        self.close()


class _TimedTLS(_Timed, smtplib.SMTP_SSL):
    """The same with TLS from the start."""


def _context() -> ssl.SSLContext:
    return _context_of(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@functools.cache
def _context_of(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    """Return what checks certificates, made once: to read the system's takes longer than to write a mail."""
    return ssl.create_default_context()


class Connection(FlaskMailConnection):
    """One conversation with the mail server: ``MAIL_TIMEOUT`` seconds an answer, :data:`WITHIN` in all."""

    def configure_host(self) -> _Timed:
        settings = self.mail
        kind, tls = (_TimedTLS, {"context": _context()}) if settings.use_ssl else (_Timed, {})
        host = kind(
            settings.server,
            settings.port,
            # Without a name smtplib asks the DNS for this machine's own, which can take longer than the mail.
            local_hostname=site.host().name,
            reply_seconds=current_app.config.get("MAIL_TIMEOUT", REPLY_SECONDS),
            **tls,
        )
        try:
            if settings.use_tls:
                host.starttls(context=_context())
            if settings.username and settings.password:
                host.login(settings.username, settings.password)
        except BaseException:
            host.close()
            raise
        return host

    def __exit__(self, *_: object) -> None:
        if isinstance(self.host, _Timed):
            self.host.leave()
