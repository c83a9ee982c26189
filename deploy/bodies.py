"""The bodies of requests: read before a request takes a thread, so that a slow client holds none."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from mfa.devices import shorten


class Refusal(Exception):
    """A body that is not read to its end; the connection closes after the answer."""

    status: int
    says: str


class TooSlow(Refusal):
    """The client did not send it in time (RFC 9110 §15.5.9)."""

    status = 408
    says = "Your request did not arrive in time. Try again.\n"


class TooMany(Refusal):
    """The network of the client is sending too many already (RFC 6585 §4)."""

    status = 429
    says = "Too many requests are arriving from your network. Try again in a few seconds.\n"


class CutShort(Refusal):
    """The client went before it had sent what it announced: half a password is not a wrong one."""

    status = 400
    says = "Your request broke off. Try again.\n"


class Bodies:
    """Reads bodies, in one event loop.

    :param longest: bytes; what exceeds it is not read, so that the application sees that it is too much.
    :param seconds: how long a client may take to send one.
    :param per_network: how many of one network are read at once; None for no limit, as for a proxy, which
        sends the bodies of everybody.
    """

    def __init__(self, *, longest: int, seconds: float, per_network: int | None) -> None:
        self._longest, self._seconds = longest, seconds
        self._per_network = per_network
        self._reading: Counter[str] = Counter()

    async def read(self, protocol: Any, client: str, announced: int) -> bytes:
        """Return the body of a request.

        :param client: the address that it comes from.
        :param announced: the bytes that it should have; 0 if the client did not say.
        :raises Refusal: one of its kinds.
        """
        network = shorten(client)
        if self._per_network is not None and self._reading[network] >= self._per_network:
            raise TooMany
        self._reading[network] += 1
        try:
            async with asyncio.timeout(self._seconds):
                body = await self._read(protocol)
        except TimeoutError as error:
            raise TooSlow from error
        finally:
            self._reading[network] -= 1
            if not self._reading[network]:
                del self._reading[network]
        if len(body) < min(announced, self._longest):
            raise CutShort
        return body

    async def _read(self, protocol: Any) -> bytes:
        body = bytearray()
        async for part in protocol:
            body += part
            if len(body) > self._longest:
                break
        return bytes(body)
