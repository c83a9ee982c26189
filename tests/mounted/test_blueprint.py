"""Headers, refusals and errors of the extension's blueprint, and that the host's routes have none of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, abort, got_request_exception, request
from flask.testing import FlaskClient
from flask_babel import Babel
from flask_wtf.csrf import CSRFProtect
from jinja2 import DictLoader
from sqlalchemy.exc import IntegrityError, OperationalError

from mfa.crypto.keys import KeyRing
from mfa.web import access, assets, errors, headers, hx, nonce
from mfa.web.host import Host
from mfa.web.ranges import TooManyFromNetwork

RAISED = {
    "wait": TooManyFromNetwork(90),
    "away": OperationalError("SELECT 1", {}, Exception("no route to host")),
    "bug": IntegrityError("INSERT", {}, Exception("unique")),
    "other": ValueError("bug"),
}
FORM = {"headers": {"Sec-Fetch-Site": "same-origin"}, "data": {"a": "b"}}


@pytest.fixture
def app() -> Flask:
    app = Flask("host")
    app.config.update(SECRET_KEY="a host's own key", MAX_CONTENT_LENGTH=1000)
    app.jinja_loader = DictLoader({"own.html": "<html>{{ content }}</html>"})
    Babel(app)
    ring = KeyRing([b"0123456789abcdef" * 2])
    Host(
        product="Shop",
        language=lambda: "en",
        ring=ring,
        posted_cookie="posted",
        layouts={"account": "own.html"},
    ).take_in(app)
    two_step = Blueprint("two_step", __name__, url_prefix="/two-step")
    two_step.before_request(access.same_site)
    two_step.before_request(access.forms_alone)
    two_step.after_request(headers.add)
    errors.handle(two_step)
    inner = Blueprint("manage", __name__)

    @inner.get("/page/<kind>")
    def page(kind: str) -> Response:
        return hx.render("mfa/_ended.html", kind, title="Ended", way_url="/")

    @inner.post("/form")
    def form() -> str:
        return request.form.get("a", "")

    @inner.get("/raise/<name>")
    def fail(name: str) -> str:
        if name in RAISED:
            raise RAISED[name]
        abort(int(name))

    two_step.register_blueprint(inner)
    two_step.register_blueprint(assets.blueprint)
    app.register_blueprint(two_step)

    @app.route("/theirs", methods=["GET", "POST"])
    def theirs() -> str:
        return str(request.get_json(silent=True) or request.files or "theirs")

    @app.get("/theirs/broken")
    def broken() -> str:
        raise RAISED["other"]

    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_routes_of_the_host_are_as_before(client: FlaskClient) -> None:
    answer = client.get("/theirs")
    assert set(answer.headers.keys()) == {"Content-Type", "Content-Length"}
    crossed = {"Sec-Fetch-Site": "cross-site"}
    assert client.post("/theirs", json={"a": 1}, headers=crossed).text == "{'a': 1}"
    assert "<h1>Not Found</h1>" in client.get("/nothing").text
    assert "<h1>Internal Server Error</h1>" in client.get("/theirs/broken").text


# Headers


def test_page_of_ours_has_a_policy_with_its_nonce(client: FlaskClient) -> None:
    answer = client.get("/two-step/page/sign_in")
    told = re.findall("script-src 'nonce-([^']+)'", answer.headers["Content-Security-Policy"])
    assert set(re.findall('<script nonce="([^"]+)"', answer.text)) == set(told)
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "Strict-Transport-Security" not in answer.headers


def test_fragment_has_a_short_policy_with_its_nonce(client: FlaskClient) -> None:
    answer = client.get("/two-step/page/account", headers={"HX-Request": "true"})
    policy = answer.headers["Content-Security-Policy"]
    assert re.fullmatch("default-src 'none'; script-src 'nonce-[^']+'; frame-ancestors 'none'", policy)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Permissions-Policy" not in answer.headers


def test_page_in_a_layout_of_the_host_has_none(client: FlaskClient) -> None:
    answer = client.get("/two-step/page/account")
    assert "Content-Security-Policy" not in answer.headers
    assert "Permissions-Policy" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_host_replaces_the_policy_and_gives_the_nonce(app: Flask) -> None:
    nonce.use(app, lambda: "theirs")

    @app.after_request
    def _own(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = "script-src 'nonce-theirs'"
        return response

    answer = app.test_client().get("/two-step/page/sign_in")
    assert answer.headers.getlist("Content-Security-Policy") == ["script-src 'nonce-theirs'"]
    assert '<script nonce="theirs"' in answer.text


def test_policy_of_a_response_stays(app: Flask) -> None:
    with app.test_request_context():
        response = headers.add(Response(headers={"Content-Security-Policy": "theirs"}))
    assert response.headers.getlist("Content-Security-Policy") == ["theirs"]


def test_form_passes_the_strict_csrf_check_of_a_host_on_https(app: Flask) -> None:
    """The check wants a Referer, so our pages must let browsers send it within the site."""
    CSRFProtect(app)
    client, shop = app.test_client(), "https://shop.example"
    page = client.get("/two-step/page/sign_in", base_url=shop)
    assert page.headers["Referrer-Policy"] == "same-origin"
    token = re.findall(r'"X-CSRFToken": "([^"]+)"', page.text)[0]
    posted = {"a": "b", "csrf_token": token}
    for referer, status in ((f"{shop}/two-step/page/sign_in", 200), (None, 400)):
        headers = {"Referer": referer} if referer else {}
        assert (
            client.post("/two-step/form", data=posted, base_url=shop, headers=headers).status_code == status
        )


# What comes in


@pytest.mark.parametrize(("origin", "status"), [("same-origin", 200), ("none", 200), ("same-site", 403)])
def test_form_of_another_site_is_refused(client: FlaskClient, origin: str, status: int) -> None:
    answer = client.post("/two-step/form", data={"a": "b"}, headers={"Sec-Fetch-Site": origin})
    assert answer.status_code == status
    assert ("The request came from another site." in answer.text) == (status == 403)


@pytest.mark.parametrize("body", [{"json": {"a": 1}}, {"data": {"a": (BytesIO(b"text"), "a.txt")}}])
def test_json_and_files_are_refused(client: FlaskClient, body: dict[str, Any]) -> None:
    answer = client.post("/two-step/form", **body)
    assert answer.status_code == 415
    assert "It was not sent as a form." in answer.text


def test_form_is_taken(client: FlaskClient) -> None:
    assert client.post("/two-step/form", **FORM).text == "b"


def test_form_that_is_too_long_is_refused_calmly(client: FlaskClient) -> None:
    answer = client.post("/two-step/form", data={"a": "b" * 2000})
    assert answer.status_code == 413
    assert "Shorten it and try again." in answer.text


def test_form_without_its_token_gets_a_calm_page(app: Flask) -> None:
    CSRFProtect(app)
    answer = app.test_client().post("/two-step/form", data={"a": "b"})
    assert answer.status_code == 400
    assert "This page is out of date" in answer.text


# Errors


@pytest.mark.parametrize(
    ("name", "status", "sentence"),
    [
        ("404", 404, "There is nothing here"),
        ("400", 400, "This request did not make sense"),
        ("wait", 429, "Try again in 2 minutes."),
        ("away", 503, "Try again in a moment."),
        ("bug", 500, "That was our fault."),
        ("other", 500, "That was our fault."),
    ],
)
def test_error_has_a_calm_page_or_notice(client: FlaskClient, name: str, status: int, sentence: str) -> None:
    page = client.get(f"/two-step/raise/{name}")
    notice = client.get(f"/two-step/raise/{name}", headers={"HX-Request": "true"})
    assert (page.status_code, notice.status_code) == (status, status)
    assert sentence in page.text
    assert 'href="/">Go to the start</a>' in page.text
    assert sentence in notice.text
    assert notice.headers["HX-Retarget"] == "#mfa-notice"
    assert "script-src 'nonce-" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["wait", "away"])
def test_error_that_passes_says_when_to_come_back(client: FlaskClient, name: str) -> None:
    assert int(client.get(f"/two-step/raise/{name}").headers["Retry-After"]) > 0


@pytest.mark.parametrize("code", [401, 403, 429])
def test_what_the_host_refuses_is_answered_by_the_host(app: Flask, code: int) -> None:
    @app.before_request
    def _closed() -> None:
        abort(code)

    @app.errorhandler(code)
    def _theirs(_error: Exception) -> tuple[str, int]:
        return "theirs", code

    assert app.test_client().get("/two-step/page/account").text == "theirs"


@pytest.fixture
def reported() -> Iterator[list[BaseException]]:
    heard: list[BaseException] = []

    def note(_sender: Flask, exception: BaseException, **_others: Any) -> None:
        heard.append(exception)

    with got_request_exception.connected_to(note):
        yield heard


def test_unexpected_error_is_reported_as_the_host_does(
    client: FlaskClient, reported: list[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    client.get("/two-step/raise/other")
    assert reported == [RAISED["other"]]
    assert "Exception on /two-step/raise/other" in caplog.text


def test_unexpected_error_is_raised_while_the_host_is_tested(app: Flask) -> None:
    app.testing = True
    with pytest.raises(ValueError, match="bug"):
        app.test_client().get("/two-step/raise/other")
