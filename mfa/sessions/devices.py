"""What is kept, and shown, of the device that a session was begun on."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import lru_cache

from ua_parser import parse

_USER_AGENT_LENGTH = 200
_IPV4_PREFIX, _IPV6_PREFIX = 24, 48


@dataclass(frozen=True)
class Device:
    """Where a sign-in comes from.

    :param user_agent: what the browser calls itself, at most 200 characters.
    :param address: the network that the request came from, like ``203.0.113.0/24``; never the whole address.
    """

    user_agent: str
    address: str


def seen(user_agent: str, address: str) -> Device:
    """What is kept of a request's ``User-Agent`` and address."""
    printable = "".join(letter for letter in user_agent if letter.isprintable())
    return Device(printable[:_USER_AGENT_LENGTH], shorten(address))


def shorten(address: str) -> str:
    """The network of an IP address (its first 24 or 48 bits); empty for anything else."""
    try:
        parsed = ipaddress.ip_address(address)
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
