"""What the answers tell the browser to forbid, and the nonce that our own markup bears."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from console import create_app
from tests.support.clock import Clock
from tests.support.pages import static_files
from tests.support.person import Person
from tests.support.smtp import Inbox

Element = tuple[str, dict[str, str | None]]

WHOLE = {"HX-Request": ""}
PUBLIC = ["/sign-in", "/sign-up", "/forgot-password"]
TABS = ["/account/profile", "/account/password", "/account/two-step", "/account/sessions"]
DOCUMENTS = ["/sign-in", "/nothing", "/account/profile"]
FRAGMENT, SENT_AWAY, FILE = "a fragment", "sent to sign-in", "a static file"
MOST_OF_HEADERS = 512
"""Bytes, of an answer that is no document, without its cookies."""
ANSWERS = [*DOCUMENTS, FRAGMENT, SENT_AWAY, FILE]
OF_DOCUMENTS = {
    "X-Frame-Options",
    "Cross-Origin-Opener-Policy",
    "Origin-Agent-Cluster",
    "Permissions-Policy",
    "Reporting-Endpoints",
}


def answer(person: Person, url: str) -> TestResponse:
    if url == FRAGMENT:
        return person.get("/sign-in")
    if url == SENT_AWAY:
        return person.get("/account/profile")
    if url == FILE:
        url = static_files(person.get("/sign-in", headers=WHOLE).text)[0]
    return person.get(url, headers=WHOLE)


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(html: str) -> list[Element]:
    parser = _Elements()
    parser.feed(html)
    return parser.found


def policy(response: TestResponse) -> str:
    return response.headers["Content-Security-Policy"]


def nonce(response: TestResponse) -> str:
    """The nonce that the browser is told; there is one."""
    told = set(re.findall("'nonce-([^']+)'", policy(response)))
    assert len(told) == 1
    return told.pop()


def unstamped(response: TestResponse) -> list[Element]:
    """The elements with an attribute of htmx that do not bear the nonce of the answer."""
    own = nonce(response)
    return [
        (tag, attributes)
        for tag, attributes in elements(response.text)
        if any(name.startswith("hx-") for name in attributes) and attributes.get("hx-nonce") != own
    ]


@pytest.fixture
def secure(config: dict[str, Any], inbox: Inbox, clock: Clock) -> Person:
    """Somebody without an account, where the cookies are for HTTPS."""
    app = create_app({**config, "PREFERRED_URL_SCHEME": "https", "MAIL_WORKER": "none"})
    return Person(app, inbox, clock)


@pytest.fixture
def wizard(mina: Person) -> Callable[[], list[TestResponse]]:
    """Walks through the wizard and gives every answer of the way."""
    answers: list[TestResponse] = []
    keep = mina._keep

    def note(response: TestResponse) -> TestResponse:
        answers.append(response)
        return keep(response)

    mina._keep = note

    def walk() -> list[TestResponse]:
        mina.begin().verify_email().scan().enter_code().complete()
        mina.get("/account/two-step")
        mina.prove_password("reissue")
        mina.get("/", headers=WHOLE)
        return [answer for answer in answers if answer.mimetype == "text/html"]

    return walk


# The policy


@pytest.mark.parametrize("url", ANSWERS)
def test_nothing_unsafe_is_allowed(person: Person, url: str) -> None:
    assert "unsafe" not in policy(answer(person, url))


@pytest.mark.parametrize("url", DOCUMENTS)
def test_text_becomes_markup_through_one_policy_alone(person: Person, url: str) -> None:
    directives = re.split("[;,] ", policy(answer(person, url)))
    assert "require-trusted-types-for 'script'" in directives
    assert "trusted-types htmx" in directives


def test_a_script_runs_by_the_nonce_alone(person: Person) -> None:
    """With 'self' beside it a planted tag could load a second htmx, which hx-csp does not guard."""
    response = person.get("/sign-in")
    sources = re.findall("script-src ([^;,]*)", policy(response))
    assert sources == [f"'nonce-{nonce(response)}'"]


@pytest.mark.parametrize("url", DOCUMENTS)
def test_the_browser_is_told_where_to_report(person: Person, url: str) -> None:
    assert policy(answer(person, url)).endswith("; report-uri /csp-report")


def test_over_https_reports_go_by_the_newer_way_too(config: dict[str, Any]) -> None:
    app = create_app({**config, "PREFERRED_URL_SCHEME": "https", "MAIL_WORKER": "none"})
    response = app.test_client().get("/nothing")
    assert response.headers["Reporting-Endpoints"] == 'csp="/csp-report"'
    assert policy(response).count("; report-uri /csp-report; report-to csp") == 1


def test_styles_of_a_first_page_are_allowed_by_their_hash(person: Person) -> None:
    response = person.client.get("/sign-in")
    (styles,) = re.findall("<style>(.*?)</style>", response.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(styles.encode()).digest()).decode()
    assert re.findall("style-src ([^;]*)", policy(response)) == [f"'sha256-{digest}' 'self'"]


@pytest.mark.parametrize("url", ANSWERS)
def test_no_other_site_may_frame_an_answer(person: Person, url: str) -> None:
    assert "frame-ancestors 'none'" in policy(answer(person, url))


@pytest.mark.parametrize("url", DOCUMENTS)
def test_documents_bear_the_headers_of_documents(secure: Person, url: str) -> None:
    headers = answer(secure, url).headers
    assert {name for name in OF_DOCUMENTS if name in headers} == OF_DOCUMENTS
    assert headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("url", [FRAGMENT, SENT_AWAY, FILE])
def test_other_answers_do_not(secure: Person, url: str) -> None:
    response = answer(secure, url)
    assert [name for name in OF_DOCUMENTS if name in response.headers] == []
    told = "".join(f"{name}: {value}\r\n" for name, value in response.headers if name != "Set-Cookie")
    assert len(told) < MOST_OF_HEADERS


@pytest.mark.parametrize("url", [FRAGMENT, SENT_AWAY])
def test_what_htmx_gets_is_shown_by_no_navigation(person: Person, url: str) -> None:
    """A cache would hand it to one, which sends no HX-Request."""
    assert answer(person, url).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("url", [FRAGMENT, FILE])
def test_other_answers_run_and_load_nothing_of_their_own(person: Person, url: str) -> None:
    assert policy(answer(person, url)).startswith("default-src 'none'; ")


def test_copying_and_passkeys_are_all_that_a_page_may_ask_of_the_device(person: Person) -> None:
    allowed = dict(
        feature.split("=")
        for feature in person.get("/sign-in", headers=WHOLE).headers["Permissions-Policy"].split(", ")
    )
    for needed in ("clipboard-write", "publickey-credentials-create", "publickey-credentials-get"):
        assert allowed.pop(needed) == "(self)"
    assert len(allowed) > 30
    assert set(allowed.values()) == {"()"}


# The nonce


def test_each_answer_has_a_nonce_of_its_own(person: Person) -> None:
    nonces = {nonce(person.get("/sign-in")) for _ in range(20)}
    assert len(nonces) == 20


def test_a_nonce_has_128_bits(person: Person) -> None:
    assert re.fullmatch("[A-Za-z0-9_-]{22}", nonce(person.get("/sign-in")))


@pytest.mark.parametrize("url", [*PUBLIC, *TABS, "/", "/nothing"])
def test_every_script_of_a_page_bears_its_nonce(
    mina: Person, make_person: Callable[..., Person], url: str
) -> None:
    visitor = make_person() if url in PUBLIC else mina
    response = visitor.get(url, headers=WHOLE)
    borne = [attributes.get("nonce") for tag, attributes in elements(response.text) if tag == "script"]
    assert borne == [nonce(response)] * 3


@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize("url", [*PUBLIC, *TABS, "/", "/nothing"])
def test_every_element_that_htmx_obeys_bears_the_nonce(
    mina: Person, make_person: Callable[..., Person], url: str, htmx: bool
) -> None:
    visitor = make_person() if url in PUBLIC else mina
    response = visitor.get(url, headers={} if htmx else WHOLE)
    assert unstamped(response) == []


def test_every_element_of_the_wizard_bears_the_nonce(wizard: Callable[[], list[TestResponse]]) -> None:
    answers = wizard()
    assert len(answers) > 8
    assert [unstamped(answer) for answer in answers if unstamped(answer)] == []


def test_no_element_hands_its_nonce_down(wizard: Callable[[], list[TestResponse]]) -> None:
    """What is planted among our elements would inherit it."""
    assert not any("hx-nonce:" in answer.text for answer in wizard())


def test_no_template_forgets_the_nonce(app: Flask) -> None:
    loader = app.jinja_env.loader
    assert loader
    stamps = ("hx-nonce=", "{{ post_to(", "{{ go_to(", "{{ link_to(")
    forgotten = [
        tag
        for name in app.jinja_env.list_templates(["html"])
        for tag in re.findall(r"<[a-z][^<>]*\shx-[^<>]*>", loader.get_source(app.jinja_env, name)[0])
        if not any(stamp in tag for stamp in stamps)
    ]
    assert forgotten == []


# The CSRF token as a header


def test_the_token_that_htmx_sends_is_enough(mina: Person) -> None:
    page = mina.get("/account/profile", headers=WHOLE)
    body = next(attributes for tag, attributes in elements(page.text) if tag == "body")
    token = re.search(r'"X-CSRFToken": "([^"]+)"', body["hx-headers:inherited"] or "")
    assert token
    response = mina.client.post(
        "/account/profile", data={"name": "Mina K. Park"}, headers={"X-CSRFToken": token[1]}
    )
    assert "Mina K. Park" in mina.get("/account/profile").text, response.text


def test_the_token_of_another_person_is_refused_as_a_header_too(
    mina: Person, make_person: Callable[..., Person]
) -> None:
    token = make_person().get("/sign-in").text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    response = mina.client.post("/account/profile", data={"name": "Changed"}, headers={"X-CSRFToken": token})
    assert response.status_code == 400


def test_an_error_page_begins_no_cookie(person: Person) -> None:
    assert "Set-Cookie" not in person.get("/nothing", headers=WHOLE).headers
