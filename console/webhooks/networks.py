"""Which addresses a webhook may go to: those of the internet, and the networks that the operator names.

Otherwise, somebody who controls the receiver's name in the DNS could have this server post into its own
network.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network

from console.config.webhooks import Network

IPAddress = IPv4Address | IPv6Address

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1"))
_UNICAST = IPv6Network("2000::/3")
"""What IANA assigns to the internet; all other IPv6 addresses have another purpose."""
_NAT64 = IPv6Network("64:ff9b::/96")
_NOT_GLOBAL: tuple[Network, ...] = (
    ip_network("192.88.99.0/24"),  # relays of 6to4, given up (RFC 7526)
    ip_network("2001::/23"),  # for protocols, Teredo among them (RFC 2928)
    ip_network("3fff::/20"),  # documentation (RFC 9637), which older Pythons take for global
)


def is_allowed(address: IPAddress, private: Collection[Network]) -> bool:
    """Return True if a webhook may go to *address*.

    :param private: networks that are allowed all the same.
    """
    inner = _inner(address)
    if any(one in network for network in private for one in {address, inner}):
        return True
    if isinstance(inner, IPv6Address) and inner not in _UNICAST:
        return False
    return (
        inner.is_global
        and not inner.is_multicast
        and not inner.is_reserved
        and not any(inner in network for network in _NOT_GLOBAL)
    )


def _inner(address: IPAddress) -> IPAddress:
    """Return the IPv4 address that an IPv6 address stands for: mapped, 6to4, or behind a NAT64."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address
