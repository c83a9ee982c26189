"""The application below a path of its host: its addresses lead there, and none comes from a header."""

# Flask's test client puts APPLICATION_ROOT into SCRIPT_NAME by itself.

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from console import create_app
from console.config import BadSetting
from tests.support.applications import Applications
from tests.support.person import EMAIL
from tests.support.smtp import Inbox

ROOT = "/two-step"
ADDRESS = re.compile(r'(?:href|src|action|hx-get|hx-post|data-home)="(/[^"]*)"')


@pytest.fixture
def app(config: dict[str, Any], applications: Applications) -> Iterator[Flask]:
    app = applications.get({**config, "APPLICATION_ROOT": f"{ROOT}/"})
    yield app
    app.extensions["mfa_mail_worker"].stop()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


HANDED_ON = {
    "whole": ("", f"{ROOT}/sign-in"),
    "cut off": ("", "/sign-in"),
    "as SCRIPT_NAME": (ROOT, "/sign-in"),
}


@pytest.mark.parametrize("way", HANDED_ON)
def test_every_address_of_a_page_is_below_the_path(client: FlaskClient, way: str) -> None:
    script, path = HANDED_ON[way]
    response = client.get(path, environ_overrides={"SCRIPT_NAME": script, "PATH_INFO": path})
    found = ADDRESS.findall(response.text)
    assert response.status_code == 200
    assert len(found) > 5
    assert [address for address in found if not address.startswith(f"{ROOT}/")] == []


def test_a_header_moves_no_address(client: FlaskClient) -> None:
    named = {"X-Forwarded-Prefix": "/evil", "Script-Name": "/evil", "X-Script-Name": "/evil"}
    response = client.get("/sign-in", headers=named)
    assert "/evil" not in response.text + str(response.headers)


def test_the_path_itself_leads_to_the_start(client: FlaskClient) -> None:
    response = client.get("", environ_overrides={"SCRIPT_NAME": "", "PATH_INFO": ROOT})
    assert response.headers["Location"].endswith(f"{ROOT}/")


def test_a_path_that_only_begins_alike_is_not_found(client: FlaskClient) -> None:
    assert (
        client.get("/", environ_overrides={"SCRIPT_NAME": "", "PATH_INFO": f"{ROOT}s/sign-in"}).status_code
        == 404
    )


@pytest.mark.parametrize("path", [f"{ROOT}/readyz", "/readyz", "/healthz"])
def test_balancers_ask_below_the_path_or_without_it(client: FlaskClient, path: str) -> None:
    asked = {"SCRIPT_NAME": "", "PATH_INFO": path, "HTTP_HOST": "10.0.0.7:8000"}
    assert client.get("/", environ_overrides=asked).status_code == 200


def test_who_must_sign_in_first_is_led_back_below_the_path(client: FlaskClient) -> None:
    location = client.get("/account/activity?page=2").headers["Location"]
    assert location == f"{ROOT}/sign-in?next=/two-step/account/activity?page%3D2"


@pytest.mark.parametrize(
    ("target", "taken"),
    [
        (f"{ROOT}/account/two-step", True),
        (ROOT, True),
        ("/", False),
        ("/wiki", False),
        (f"{ROOT}s/", False),
        (f"{ROOT}/../wiki", False),
        (f"{ROOT}/%2e%2E/wiki", False),
        (f"{ROOT}/.%2e/wiki", False),
    ],
)
def test_next_leads_to_no_other_application_of_the_host(
    client: FlaskClient, target: str, taken: bool
) -> None:
    page = client.get("/sign-in", query_string={"next": target}).text
    (kept,) = re.findall(r'<input[^>]*name="next"[^>]*value="([^"]*)"', page)
    assert bool(kept) is taken


def test_mailed_links_lead_below_the_path_whatever_a_request_says(
    client: FlaskClient, app: Flask, inbox: Inbox
) -> None:
    page = client.get("/sign-up", environ_overrides={"SCRIPT_NAME": "/elsewhere", "PATH_INFO": "/sign-up"})
    assert page.status_code == 404
    page = client.get("/sign-up")
    (token,) = re.findall(r'name="csrf_token" value="([^"]*)"', page.text)
    client.post(
        "/sign-up",
        data={"email": EMAIL, "csrf_token": token},
        headers={"X-Forwarded-Prefix": "/evil"},
    )
    assert inbox.wait_for().link.startswith(f"http://{app.config['SERVER_NAME']}{ROOT}/sign-up/")


def test_violations_are_reported_below_the_path(client: FlaskClient) -> None:
    policies = client.get("/sign-in").headers["Content-Security-Policy"]
    assert set(re.findall(r"report-uri (\S+?)[;,]?(?:\s|$)", policies)) == {f"{ROOT}/csp-report"}
    sent = client.post("/csp-report", data="[]", content_type="application/reports+json")
    assert sent.status_code == 204


# Cookies


def cookies(app: Flask, base: str) -> list[str]:
    return app.test_client().get("/sign-in", base_url=base).headers.getlist("Set-Cookie")


def test_below_a_path_the_cookie_stays_there(app: Flask) -> None:
    (cookie,) = cookies(app, f"http://{app.config['SERVER_NAME']}{ROOT}")
    assert cookie.startswith("twostep-session=")
    assert f"Path={ROOT}" in cookie


def test_below_a_path_a_secure_cookie_stays_there(config: dict[str, Any]) -> None:
    app = create_app(
        {**config, "APPLICATION_ROOT": ROOT, "PREFERRED_URL_SCHEME": "https", "MAIL_WORKER": "none"}
    )
    (cookie,) = cookies(app, f"https://{config['SERVER_NAME']}{ROOT}")
    assert cookie.startswith("__Secure-twostep-session=")
    assert "Secure" in cookie.split("; ")
    assert f"Path={ROOT}" in cookie


# What can't be served


@pytest.mark.parametrize(
    "root",
    ["two-step", "", "//two", "/two step", "/a/../b", "/a;b", "/ä", '/a"', "https://x.example/", "/a//b"],
)
def test_what_is_no_path_stops_the_start(config: dict[str, Any], root: str) -> None:
    with pytest.raises(BadSetting, match="MFA_APPLICATION_ROOT must be a path like /two-step"):
        create_app({**config, "APPLICATION_ROOT": root})


@pytest.mark.parametrize("root", ["/account", "/static", "/sign-in/below"])
def test_a_path_of_the_application_itself_stops_the_start(config: dict[str, Any], root: str) -> None:
    with pytest.raises(BadSetting, match="MFA_APPLICATION_ROOT begins like a page"):
        create_app({**config, "APPLICATION_ROOT": root})


def test_a_server_below_a_path_that_no_setting_names_is_logged_once(
    config: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app({**config, "MAIL_WORKER": "none"})
    for _ in range(2):
        page = app.test_client().get("/sign-in", environ_overrides={"SCRIPT_NAME": "/mounted"})
        assert "/mounted/static/" in page.text
    assert [line for line in caplog.messages if "MFA_APPLICATION_ROOT" in line] == [
        "requests come in below /mounted: set MFA_APPLICATION_ROOT to it, or mailed links are wrong"
    ]
