"""Host names as settings give them, in the one form in which browsers name them."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

import idna

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_PORT = re.compile(r"0*[1-9][0-9]{0,4}")
_LARGEST_PORT = 65535
_LONGEST_NAME = 253


@dataclass(frozen=True)
class Host:
    """A host, with a port if one is named.

    :param name: in lower case and ASCII, without a final dot; an IPv6 address without brackets.
    """

    name: str
    port: int | None = None

    @property
    def is_ipv6(self) -> bool:
        return ":" in self.name

    @cached_property
    def is_address(self) -> bool:
        """True for an IP address."""
        try:
            ipaddress.ip_address(self.name)
        except ValueError:
            return False
        return True

    def __str__(self) -> str:
        name = f"[{self.name}]" if self.is_ipv6 else self.name
        return name if self.port is None else f"{name}:{self.port}"


@lru_cache(maxsize=64)
def parse(text: str) -> Host:
    """Read ``Console.Example``, ``straße.example.``, ``203.0.113.7:8000`` or ``[::1]:8000``.

    :raises ValueError: not a host that a browser asks for: with a scheme, a path, an underscore …
    """
    text = text.strip()
    if text.startswith("["):
        name, bracket, rest = text[1:].partition("]")
        if not bracket or not (rest == "" or rest.startswith(":")):
            raise ValueError("not an address in brackets")
        return Host(str(ipaddress.IPv6Address(name)), _port(rest[1:]) if rest else None)
    name, colon, port = text.partition(":")
    return Host(_name(name), _port(port) if colon else None)


def origin(scheme: str, host: Host) -> str:
    """Return the origin of a host's pages as browsers write it: without the port that the scheme has."""
    usual = {"http": 80, "https": 443}.get(scheme)
    return f"{scheme}://{Host(host.name) if host.port == usual else host}"


def name_of(server_name: str) -> str:
    """Return the host in a setting that was checked, without its port: ``[::1]:8000`` gives ``::1``."""
    return parse(server_name).name


def _port(text: str) -> int:
    if not text.isascii() or not _PORT.fullmatch(text) or int(text) > _LARGEST_PORT:
        raise ValueError("not a port")
    return int(text)


def _name(text: str) -> str:
    name = text.removesuffix(".")
    if not name.isascii():
        # As browsers do; the error is a ValueError.
        name = idna.encode(name, uts46=True).decode()
    name = name.lower()
    labels = name.split(".")
    if len(name) > _LONGEST_NAME or not all(map(_LABEL.fullmatch, labels)):
        raise ValueError("not a host name")
    if labels[-1].isdigit():
        # Browsers take a name that ends in a number for an IPv4 address.
        return str(ipaddress.IPv4Address(name))
    return name
