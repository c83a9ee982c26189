"""The development mailbox."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from console import create_app
from tests.support.applications import Applications


@pytest.fixture
def app(config: dict[str, Any], applications: Applications) -> Iterator[Flask]:
    app = applications.get({**config, "MAIL_SERVER": None})
    yield app
    app.extensions["mfa_mail_worker"].stop()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def ask_to_sign_up(client: FlaskClient) -> str:
    token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/sign-up").text)[0]
    return client.post("/sign-up", data={"email": "mina@example.com", "csrf_token": token}).text


def test_an_empty_mailbox_says_so(client: FlaskClient) -> None:
    assert "Nothing was sent yet." in client.get("/dev/mailbox").text


def test_the_page_that_says_to_check_the_inbox_leads_to_it(client: FlaskClient) -> None:
    assert 'href="/dev/mailbox"' in ask_to_sign_up(client)


def test_a_mail_can_be_read_and_its_link_followed(client: FlaskClient) -> None:
    ask_to_sign_up(client)
    listed = client.get("/dev/mailbox").text
    assert "Create your Twostep account" in listed
    letter = client.get(re.findall(r'href="(/dev/mailbox/[^"]+)"', listed)[0]).text
    link = unescape(re.findall(r'href="(http://[^"]+/sign-up/[^"]+)"', letter)[0])
    assert "Create your account" in client.get(link).text


@pytest.mark.parametrize("name", ["..", "20261124120010000000-zzzzzzzz", "x" * 300, "%2e%2e%2fkey"])
def test_nothing_but_a_mail_can_be_read(client: FlaskClient, name: str) -> None:
    assert client.get(f"/dev/mailbox/{name}").status_code in (404, 308)


FOREIGN = [
    "evil.example",
    "evil.example:5000",
    "127.0.0.1.evil.example",
    "192.0.2.7:5000",
    "localhost.",
    "[::2]",
]


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("path", ["", "/20261124120010000000-00000000"])
def test_a_host_that_is_not_configured_is_refused(client: FlaskClient, host: str, path: str) -> None:
    answer = client.get(f"/dev/mailbox{path}", headers={"Host": host})
    assert (answer.status_code, answer.text) == (400, "This host is not served here.")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:5000", "localhost:5000", "[::1]:5000"])
def test_a_host_that_is_this_machine_is_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/dev/mailbox", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["console.test", "console.test:5000", "a.dev.test"])
def test_the_configured_hosts_are_answered(config: dict[str, Any], host: str) -> None:
    named = {"SERVER_NAME": "console.test:5000", "TRUSTED_HOSTS": ["console.test", ".dev.test"]}
    app = create_app({**config, **named, "MAIL_SERVER": None, "MAIL_WORKER": "none"})
    assert app.test_client().get("/dev/mailbox", headers={"Host": host}).status_code == 200
