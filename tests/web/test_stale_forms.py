"""Forms whose session is over, or whose cookie never came: what is said, by htmx and without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from console import create_app
from tests.support.clock import Clock
from tests.support.person import Person
from tests.support.smtp import Inbox

PLAIN = "http://console.example"
HTMX = pytest.mark.parametrize("htmx", [True, False])


def led_to(person: Person, url: str, fields: dict[str, Any]) -> str | None:
    """Where the answer to a post leads the window."""
    answer = person.client.post(url, data=fields, headers={"HX-Request": str(person.htmx).lower()})
    return answer.headers.get("HX-Redirect", answer.headers.get("Location"))


@HTMX
def test_signing_out_in_a_second_window_is_signed_out_too(mina: Person, htmx: bool) -> None:
    mina.htmx = htmx
    mina.get("/", headers={"HX-Request": ""})
    form = mina.hidden("/sign-out")
    assert form["csrf_token"]
    for _ in range(2):
        assert led_to(mina, "/sign-out", form) == "/sign-in"
        assert "You are signed out." in mina.client.get("/sign-in").text


@HTMX
def test_signing_out_of_a_session_that_ended_is_signed_out_too(
    mina: Person, clock: Clock, htmx: bool
) -> None:
    mina.htmx = htmx
    mina.get("/", headers={"HX-Request": ""})
    clock.advance(hours=13)
    assert led_to(mina, "/sign-out", mina.hidden("/sign-out")) == "/sign-in"


@HTMX
def test_signing_out_without_any_cookie_is_signed_out_too(person: Person, htmx: bool) -> None:
    person.htmx = htmx
    assert led_to(person, "/sign-out", {}) == "/sign-in"


@pytest.mark.parametrize("token", [{}, {"csrf_token": ""}, {"csrf_token": "forged"}])
def test_nobody_is_signed_out_without_their_own_token(mina: Person, token: dict[str, str]) -> None:
    assert mina.client.post("/sign-out", data=token).status_code == 400
    assert mina.is_signed_in()


def test_nobody_halfway_is_signed_out_without_their_own_token(protected: Person) -> None:
    protected.sign_out()
    protected.sign_in()
    assert protected.client.post("/sign-out").status_code == 400
    assert "Authentication code" in protected.client.get("/sign-in/verify").text


# Cookies that do not come


def blocked(person: Person, url: str, htmx: bool, **options: str) -> str:
    """What a browser that keeps no cookies reads after it has sent the form of *url*."""
    person.htmx = htmx
    person.get(url, **options)
    person.client = person.app.test_client(use_cookies=False)
    fields = {"email": "mina@example.com", "password": "orange kettle drives north"}
    answer = person.post(url, fields, **options)
    assert answer.status_code == 400
    return answer.text


@HTMX
@pytest.mark.parametrize("url", ["/sign-in", "/sign-up", "/forgot-password"])
def test_with_cookies_blocked_it_is_said_that_they_are_needed(person: Person, url: str, htmx: bool) -> None:
    text = blocked(person, url, htmx)
    assert "Cookies are needed" in text
    assert "Allow cookies for this site" in text


def test_a_form_with_a_cookie_of_another_time_is_out_of_date(person: Person) -> None:
    person.get("/sign-in")
    fields = person.hidden()
    person.put_cookie("")
    person.client.get("/sign-in")
    assert "This page is out of date" in person.client.post("/sign-in", data=fields).text


@pytest.fixture
def over_https(config: dict[str, Any]) -> Flask:
    """An installation whose cookies are Secure."""
    https = {"PREFERRED_URL_SCHEME": "https", "MAIL_WORKER": "none", "SERVER_NAME": "console.example"}
    return create_app({**config, **https})


@HTMX
def test_over_plain_http_it_is_said_that_the_address_must_be_https(
    over_https: Flask, inbox: Inbox, clock: Clock, htmx: bool
) -> None:
    text = blocked(Person(over_https, inbox, clock), "/sign-in", htmx, base_url=PLAIN)
    assert "The address must begin with https" in text
    assert "https://console.example/" in text


def test_over_plain_http_the_log_says_what_to_set(
    over_https: Flask, inbox: Inbox, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    blocked(Person(over_https, inbox, clock), "/sign-in", htmx=False, base_url=PLAIN)
    assert "over plain HTTP without its cookie" in caplog.text
    assert "MFA_TRUSTED_PROXIES" in caplog.text


def test_over_https_it_is_the_cookies_that_are_needed(over_https: Flask) -> None:
    answer = over_https.test_client().post("/sign-in", base_url="https://console.example")
    assert "Cookies are needed" in answer.text
