"""What the settings of webhooks may be: the receiver's address, the secrets and networks."""

from __future__ import annotations

import base64
import binascii
import re
import ssl
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from mfa import hosts
from mfa.hosts import Host

Network = IPv4Network | IPv6Network

URL = (
    "must be an https address like https://hooks.example/twostep, without a name, a password or a fragment;"
    " in development mode, http leads to this machine alone."
)
SECRETS = (
    "must be whsec_ and the base64 of 24 to 64 random bytes; while one replaces another, both, with a space"
    " between them."
)
NETWORKS = 'must be a JSON list of networks, like ["10.0.0.0/8"].'
CA_FILE = "must be the path of a PEM file with the certificates that vouch for the receiver's."
_PREFIX = "whsec_"
_SECRET_BYTES = range(24, 65)
_MOST_SECRETS = 4
_LONGEST_ADDRESS = 2000
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Address:
    """Where webhooks are posted.

    :param scheme: ``https`` or ``http``.
    :param path: and what follows it, as it stands in a request.
    """

    scheme: str
    host: Host
    path: str

    @property
    def port(self) -> int:
        return self.host.port or _PORTS[self.scheme]

    @property
    def authority(self) -> str:
        """The host as it stands in a request: without the port that the scheme has."""
        return hosts.origin(self.scheme, self.host).partition("://")[2]

    @property
    def is_this_machine(self) -> bool:
        """True if the host is named as this machine is named everywhere."""
        name = self.host.name
        return name == "localhost" or (self.host.is_address and ip_address(name).is_loopback)


def parse(text: str) -> Address:
    """Read an address that webhooks can be posted to.

    :raises ValueError: with another scheme, a name, a password, a fragment, or what no address has.
    """
    if len(text) > _LONGEST_ADDRESS or not text.isprintable() or re.search(r"[\s#\\]", text):
        raise ValueError("not an address")
    parts = urlsplit(text)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if parts.scheme not in _PORTS or "@" in parts.netloc or not path.isascii():
        raise ValueError("not an address of the web")
    return Address(parts.scheme, hosts.parse(parts.netloc), path)


def is_address(value: object, *, in_development: bool = True) -> bool:
    """Return True for an https address; in development, for one of this machine without TLS, too."""
    try:
        found = parse(str(value))
    except ValueError:
        return False
    return found.scheme == "https" or (in_development and found.is_this_machine)


def is_secrets(value: object) -> bool:
    """Return True for one or a few secrets of Standard Webhooks, with white space between them."""
    found = value.split() if isinstance(value, str) else []
    return 0 < len(found) <= _MOST_SECRETS and all(map(_is_secret, found))


def _is_secret(text: str) -> bool:
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return False
    return text.startswith(_PREFIX) and len(key) in _SECRET_BYTES and len(set(key)) > 1


def networks(values: list[str]) -> tuple[Network, ...]:
    """Return the networks that a setting lists.

    :raises ValueError: one is none.
    """
    return tuple(map(ip_network, values))


def is_networks(value: object) -> bool:
    """Return True for a list of networks, also an empty one."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        return False
    try:
        networks(value)
    except ValueError:
        return False
    return True


def is_ca_file(value: object) -> bool:
    """Return True if the file holds certificates."""
    try:
        return ssl.create_default_context(cafile=str(value)).cert_store_stats()["x509"] > 0
    except OSError:  # SSLError is one
        return False
