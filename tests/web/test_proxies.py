"""The client's address in every form that proxies write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from console.web.proxies import address
from mfa.devices import shorten
from tests.support.applications import Applications
from tests.support.person import Person

FORMS = {
    "203.0.113.7": "203.0.113.7",
    " 203.0.113.7\t": "203.0.113.7",
    "203.0.113.7:4711": "203.0.113.7",
    "203.0.113.7:_port": "203.0.113.7",
    '"203.0.113.7:4711"': "203.0.113.7",
    "for=203.0.113.7": "203.0.113.7",
    'For="203.0.113.7:4711";proto=https': "203.0.113.7",
    "::ffff:203.0.113.7": "203.0.113.7",
    "[::ffff:203.0.113.7]:4711": "203.0.113.7",
    "::FFFF:cb00:7107": "203.0.113.7",
    "2001:db8::1": "2001:db8::1",
    "2001:DB8:0:0:0:0:0:1": "2001:db8::1",
    "2001:db8:0:0:0:0:0:1:4711": "2001:db8::1",
    "[2001:db8::1]": "2001:db8::1",
    "[2001:db8::1]:4711": "2001:db8::1",
    'for="[2001:db8::1]:4711"': "2001:db8::1",
    "fe80::1%eth0": "fe80::1",
    "[fe80::1%25eth0]:4711": "fe80::1",
}
HIDDEN = [
    "",
    " ",
    "unknown",
    "_hidden",
    'for="_gazonk"',
    "for=unknown",
    "localhost:80",
    "[",
    "1",
    "203.0.113",
]


@pytest.mark.parametrize("item", FORMS)
def test_every_form_gives_the_same_address(item: str) -> None:
    assert address(item) == FORMS[item]


@pytest.mark.parametrize("item", HIDDEN)
def test_hidden_address_is_nobodys(item: str) -> None:
    assert address(item) == ""


@pytest.mark.parametrize("item", [*FORMS, *HIDDEN, "fe80::1%eth0"])
def test_every_form_can_be_shortened(item: str) -> None:
    assert shorten(address(item)) in ("203.0.113.0/24", "2001:db8::/48", "fe80::/48", "")


def test_server_that_listens_with_a_zone_names_the_network() -> None:
    assert shorten("fe80::1%eth0") == "fe80::/48"


@pytest.fixture(params=[1, 2])
def count(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def app(config: dict[str, Any], count: int, applications: Applications) -> Iterator[Flask]:
    app = applications.get({**config, "TRUSTED_PROXIES": count, "RATELIMIT_REFUSED": "3 per minute"})
    yield app
    app.extensions["mfa_mail_worker"].stop()


def forwarded(app: Flask, *items: str) -> str:
    """``X-Forwarded-For`` after as many proxies as are trusted."""
    return ",".join([*items, *["10.0.0.1"] * (app.config["TRUSTED_PROXIES"] - 1)])


@pytest.mark.parametrize("before", ["8.8.8.8", '"', 'for="', "", ",", "unknown", "8.8.8.8,"])
def test_what_the_client_wrote_before_is_not_believed(app: Flask, person: Person, before: str) -> None:
    person.client.environ_base["HTTP_X_FORWARDED_FOR"] = forwarded(app, before, "203.0.113.7:4711")
    person.sign_up()
    assert "203.0.113.0/24" in person.get("/account/sessions").text


def test_request_from_an_inner_proxy_is_its_clients(app: Flask, person: Person) -> None:
    person.client.environ_base["HTTP_X_FORWARDED_FOR"] = "203.0.113.7:4711"
    person.sign_up()
    assert "203.0.113.0/24" in person.get("/account/sessions").text


@pytest.mark.parametrize("item", ["203.0.113.7:4711", '"[2001:db8::1]:4711"'])
def test_sessions_activity_and_mails_name_the_network(app: Flask, person: Person, item: str) -> None:
    network = shorten(address(item))
    person.sign_up()
    person.sign_out()
    person.client.delete_cookie("twostep-device", domain="127.0.0.1")
    person.client.environ_base["HTTP_X_FORWARDED_FOR"] = forwarded(app, item)
    person.sign_in()
    assert network in person.get("/account/sessions").text
    assert network in person.get("/account/activity").text
    assert network in person.inbox.wait_for("New sign-in").text


def test_limits_count_each_network_for_itself(app: Flask, person: Person) -> None:
    statuses = []
    for port in range(4):
        person.client.environ_base["HTTP_X_FORWARDED_FOR"] = forwarded(app, f"203.0.113.7:{4711 + port}")
        statuses.append(person.sign_in(f"person{port}@example.com", "wrong").status_code)
    person.client.environ_base["HTTP_X_FORWARDED_FOR"] = forwarded(app, "198.51.100.9:4711")
    statuses.append(person.sign_in("another@example.com", "wrong").status_code)
    assert statuses == [422, 422, 422, 429, 422]
