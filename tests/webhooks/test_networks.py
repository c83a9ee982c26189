"""Which addresses a webhook may go to."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from console.webhooks.networks import LOOPBACK, is_allowed

INTERNET = [
    "8.8.8.8",
    "203.0.114.7",
    "2606:4700:4700::1111",
    "2a00:1450:4001:80b::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]
ELSEWHERE = [
    "0.0.0.0",  # noqa: S104 (an address like the others)
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",
    "2001:0:808:808:0:0:f7f7:f7f7",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a00:1::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]


@pytest.mark.parametrize("address", INTERNET)
def test_a_webhook_may_go_to_the_internet(address: str) -> None:
    assert is_allowed(ip_address(address), ())


@pytest.mark.parametrize("address", ELSEWHERE)
def test_a_webhook_may_go_nowhere_else(address: str) -> None:
    assert not is_allowed(ip_address(address), ())


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "fd00::7"])
def test_operators_may_name_networks_of_their_own(address: str) -> None:
    own = (ip_network("10.1.0.0/16"), ip_network("fd00::/64"))
    assert is_allowed(ip_address(address), own)


@pytest.mark.parametrize("address", ["10.2.0.1", "::ffff:10.2.0.1", "fd00:0:0:1::7", "127.0.0.1"])
def test_a_network_that_is_named_opens_no_other(address: str) -> None:
    own = (ip_network("10.1.0.0/16"), ip_network("fd00::/64"))
    assert not is_allowed(ip_address(address), own)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_this_machine_in_both_families(address: str) -> None:
    assert is_allowed(ip_address(address), LOOPBACK)
