"""Post one event: to an address that was checked, within seconds, and nowhere else.

The receiver's name is looked up once for each try, all its addresses are checked, and the connection goes to
one of exactly these: a second look-up could return another one (DNS rebinding). TLS is checked against the
name. No redirect is followed, and no proxy of the environment is used.
"""

from __future__ import annotations

import http.client
import logging
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import ClassVar

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProtocolError
from urllib3.response import BaseHTTPResponse

from console.config.webhooks import Address
from console.webhooks.networks import is_allowed
from console.webhooks.receiver import Receiver

WITHIN = 15.0
"""Seconds that a try may take from the look-up to the end of the answer, however slowly that comes."""
_CONNECT_WITHIN = 5.0
_MOST_ADDRESSES = 4
_MOST_READ = 16 * 1024
"""Bytes of the body that are read and ignored, so that the receiver can finish its answer."""
_IS_OVERLOADED = {429, 502, 503, 504}
_MOST_DIGITS = 6

# It would log the path of the address, which may hold a token.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Message:
    """An event as it is posted, with the id that it keeps."""

    id: str
    body: str


@dataclass(frozen=True)
class Answer:
    """The status with which the receiver took it, and after how many seconds."""

    status: int
    seconds: float


class NotTaken(Exception):
    """The receiver has not taken an event; the sentence says why, to the operator.

    :cvar is_down: another event would not be taken now either.
    :cvar is_final: trying again is no use.
    :ivar retry_after: how long the receiver asks us to wait.
    """

    says: ClassVar[str]
    is_down: ClassVar[bool] = True
    is_final: ClassVar[bool] = False

    def __init__(self, more: str = "") -> None:
        super().__init__(more)
        self.sentence = f"{self.says} {more}".rstrip()
        self.retry_after = timedelta()


class UnknownName(NotTaken):
    """The DNS knows no address of the receiver."""

    says = "Its name does not resolve."


class PrivateNetwork(NotTaken):
    """The receiver, or one of the addresses that its name leads to, is not on the internet."""

    says = "It is in a network that is not the internet's; MFA_WEBHOOK_PRIVATE_NETWORKS could allow that:"


class Unreachable(NotTaken):
    """No connection can be opened."""

    says = "There is no connection to it."


class Cut(NotTaken):
    """It ended the connection before its answer."""

    says = "It cut the connection."


class TimedOut(NotTaken):
    """It took too long."""

    says = f"It took longer than {WITHIN:.0f} seconds, or {_CONNECT_WITHIN:.0f} to connect."


class BadCertificate(NotTaken):
    """The certificate of the receiver can't be verified."""

    says = "Its certificate is not accepted."


class BadAnswer(NotTaken):
    """The answer is not HTTP, or not TLS."""

    says = "Its answer can't be read."


class Refused(NotTaken):
    """The receiver answered, and not with 2xx."""

    says = "It answered"
    is_down = False

    def __init__(self, status: int, retry_after: timedelta) -> None:
        super().__init__(f"{status} {http.client.responses.get(status, '')}".rstrip() + ".")
        self.retry_after = retry_after


class Overloaded(Refused):
    """The receiver, or a proxy before it, asks us to come back later."""

    is_down = True


class Gone(Refused):
    """The receiver wants no more events (RFC 9110 §15.5.11)."""

    is_down, is_final = True, True


class Redirected(NotTaken):
    """The answer is a redirect."""

    says = "It leads to another address, and redirects are not followed."


def send(message: Message, to: Receiver, now: datetime) -> Answer:
    """Post *message* once.

    :raises NotTaken: the event may have arrived all the same, unless the receiver refused it.
    """
    began = time.monotonic()
    end = began + WITHIN
    headers = {
        "Host": to.address.authority,
        "Content-Type": "application/json",
        "User-Agent": "Twostep-Webhooks",
        "Connection": "close",
        **to.sign(message.id, now, message.body),
    }
    with _connected(to, end) as connection, _read_until(connection, end) as is_late:
        try:
            connection.request("POST", to.address.path, message.body.encode(), headers, preload_content=False)
            answer = connection.getresponse()
        except (OSError, HTTPError, http.client.HTTPException) as error:
            raise TimedOut if is_late() else _meaning(error) from error
        if is_late():
            raise TimedOut  # an answer that was cut looks complete
        with suppress(OSError, HTTPError, http.client.HTTPException):
            answer.read(_MOST_READ, decode_content=False)
    _check(answer)
    return Answer(answer.status, time.monotonic() - began)


def _check(answer: BaseHTTPResponse) -> None:
    status = answer.status
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise Redirected(f"({status})")
    kind = Gone if status == http.HTTPStatus.GONE else Overloaded if status in _IS_OVERLOADED else Refused
    raise kind(status, _retry_after(answer.headers.get("Retry-After", "")))


def _retry_after(text: str) -> timedelta:
    """Return the wait that a receiver asks for in seconds; a date is ignored."""
    is_number = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    return timedelta(seconds=int(text)) if is_number else timedelta()


@contextmanager
def _connected(to: Receiver, end: float) -> Iterator[HTTPConnection]:
    """Connect to the first of the receiver's addresses that answers, all of which were checked."""
    failed: NotTaken = UnknownName()
    for address in _addresses(to, end)[:_MOST_ADDRESSES]:
        connection = _connection(to, address, min(_CONNECT_WITHIN, (end - time.monotonic()) / 2))
        try:
            connection.connect()
        except (OSError, HTTPError) as error:
            connection.close()
            failed = _meaning(error)
            if isinstance(failed, BadCertificate) or time.monotonic() >= end:
                break
            continue
        try:
            yield connection
        finally:
            connection.close()
        return
    raise failed


def _connection(to: Receiver, address: str, seconds: float) -> HTTPConnection:
    port, seconds = to.address.port, max(seconds, 0.001)
    if to.address.scheme == "http":
        return HTTPConnection(address, port, timeout=seconds)
    name = to.address.host.name
    return HTTPSConnection(address, port, timeout=seconds, ssl_context=to.tls(), server_hostname=name)


@contextmanager
def _read_until(connection: HTTPConnection, end: float) -> Iterator[Callable[[], bool]]:
    """Cut the connection at *end*: a socket's own timeout begins again with each byte.

    Yield a function that returns True if that has happened.
    """
    sock = connection.sock
    late = threading.Event()

    def cut() -> None:
        late.set()
        with suppress(OSError):
            # Not the method of a TLS socket: the thread that reads would go on without TLS.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    left = max(end - time.monotonic(), 0.001)
    sock.settimeout(left + 1)
    timer = threading.Timer(left, cut)
    timer.daemon = True
    timer.start()
    try:
        yield late.is_set
    finally:
        timer.cancel()


def _addresses(to: Receiver, end: float) -> Sequence[str]:
    """Return the addresses of the receiver.

    :raises PrivateNetwork: a webhook may not go to one of them.
    """
    found = _look_up(to.address, end)
    for address in found:
        if not is_allowed(ip_address(address), to.private):
            raise PrivateNetwork(f"{address}.")
    return found


def _look_up(address: Address, end: float) -> Sequence[str]:
    """Return the addresses of a name, and give up at *end*."""
    host = address.host
    if host.is_address:
        return [host.name]
    answers: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            each = socket.getaddrinfo(host.name, address.port, type=socket.SOCK_STREAM)
            answers.put([str(info[4][0]) for info in each])
        except OSError as error:
            answers.put(error)

    # The call can't be cut; the thread ends when the system gives up.
    threading.Thread(target=ask, name="webhook look-up", daemon=True).start()
    try:
        found = answers.get(timeout=max(end - time.monotonic(), 0.001))
    except queue.Empty:
        raise TimedOut("The DNS did not answer.") from None
    if isinstance(found, OSError):
        raise UnknownName from found
    return found


def _meaning(error: Exception) -> NotTaken:
    """Return what a failure of the connection means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return BadCertificate(f"({error.verify_message})")
    if isinstance(error, NewConnectionError):
        said = getattr(error.__cause__, "strerror", None)
        return Unreachable(f"({said})" if said else "")
    return next((meaning() for kinds, meaning in _MEANINGS if isinstance(error, kinds)), Unreachable())


_MEANINGS: tuple[tuple[tuple[type[Exception], ...], type[NotTaken]], ...] = (
    ((TimeoutError, ConnectTimeoutError), TimedOut),
    ((ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionResetError, BrokenPipeError), Cut),
    ((ssl.SSLError, http.client.HTTPException, ProtocolError), BadAnswer),
)
"""The first match counts: some of these are subclasses of others."""
