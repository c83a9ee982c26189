"""The development mailbox."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mfa import create_app


@pytest.fixture
def app(config: dict[str, Any]) -> Iterator[Flask]:
    app = create_app({**config, "MAIL_SERVER": None})
    yield app
    app.extensions["mail_worker"].stop()


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
