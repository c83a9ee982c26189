"""The device that a request comes from: what is kept of it, and whether it signed in before.

A device that signed in carries a signed cookie that says so. It opens nothing: it gives the device a count
of attempts of its own, so that nobody who guesses elsewhere can make its owner wait, and it spares the owner
the mail about a new device. An old copy of the cookie is worth no more than that, either.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ua_parser import parse

from mfa.crypto import links
from mfa.crypto.links import Signer

LIFETIME = 180 * 24 * 3600
"""Seconds without a sign-in after which a device is forgotten."""
_ACCOUNTS = 8
"""How many accounts a device is known to: the last ones that signed in on it."""
_USER_AGENT_LENGTH = 200
_IPV4_PREFIX, _IPV6_PREFIX = 24, 48


@dataclass(frozen=True)
class Mark:
    """What the device cookie says.

    :param id: 128 random bits, URL-safe; names the device in counts of attempts.
    :param known: the ids of the accounts that signed in on it, each with its ``device_epoch`` at that time.
    """

    id: str
    known: Mapping[str, int]

    @classmethod
    def new(cls) -> Mark:
        return cls(secrets.token_urlsafe(16), {})

    @classmethod
    def read(cls, cookie: str, signer: Signer, seconds: float) -> Mark | None:
        """The mark in a cookie; None for one that is forged, too old, or of another shape."""
        try:
            payload = signer.read(cookie, seconds)
        except links.BadToken:
            return None
        found, known = payload.get("id"), payload.get("known")
        if not isinstance(found, str) or not isinstance(known, dict):
            return None
        return cls(found, known)

    def with_account(self, account_id: object, epoch: int) -> Mark:
        """The mark of the same device after a sign-in."""
        others = {key: value for key, value in self.known.items() if key != str(account_id)}
        last = list(others.items())[-(_ACCOUNTS - 1) :]
        return Mark(self.id, {**dict(last), str(account_id): epoch})

    def payload(self) -> dict[str, Any]:
        return {"id": self.id, "known": dict(self.known)}


@dataclass(frozen=True)
class Device:
    """Where a request comes from.

    :param user_agent: what the browser calls itself, at most 200 characters.
    :param address: the network that the request came from, like ``203.0.113.0/24``; never the whole address.
    :param mark: what its cookie says.
    """

    user_agent: str
    address: str
    mark: Mark | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """The device in words, like "Chrome on Windows"; empty for :data:`NO_DEVICE`."""
        return "" if self is NO_DEVICE else name(self.user_agent)

    def known_to(self, account_id: object, epoch: int) -> str | None:
        """The device's id if that account signed in on it since it last forgot its devices; else None."""
        if self.mark is None or self.mark.known.get(str(account_id)) != epoch:
            return None
        return self.mark.id


NO_DEVICE = Device("", "")
"""What an operator or the server itself does comes from no device."""


def seen(user_agent: str, address: str, mark: Mark | None = None) -> Device:
    """What is kept of a request's ``User-Agent`` and address."""
    printable = user_agent if user_agent.isprintable() else "".join(filter(str.isprintable, user_agent))
    return Device(printable[:_USER_AGENT_LENGTH], shorten(address), mark)


def shorten(address: str) -> str:
    """The network of an IP address (its first 24 or 48 bits); empty for anything else."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    prefix = _IPV4_PREFIX if parsed.version == 4 else _IPV6_PREFIX
    return str(ipaddress.ip_network(f"{parsed}/{prefix}", strict=False))


@lru_cache(maxsize=1024)
def name(user_agent: str) -> str:
    """``Mozilla/5.0 (…)`` in words: "Chrome on Windows"."""
    found = parse(user_agent)
    browser = found.user_agent.family if found.user_agent else None
    system = found.os.family if found.os else None
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "Unknown device"
