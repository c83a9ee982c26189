"""Reports of what browsers blocked: few words of them reach the log, and nothing that could do harm."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.person import Person

OLD, NEW = "application/csp-report", "application/reports+json"
TOKEN = "InZlcnkgc2VjcmV0Ig.aOBcZw.9Yk0m3qVtGm8x5zQnT1rB7cWdEfG2hJkLpXy"


def old(**said: Any) -> dict[str, Any]:
    return {"csp-report": said}


def new(**said: Any) -> dict[str, Any]:
    return {"type": "csp-violation", "age": 10, "url": "https://here.example/", "body": said}


def send(person: Person, said: Any, kind: str = OLD) -> TestResponse:
    """Post what a browser, or somebody else, says; text and bytes as they stand."""
    data = said if isinstance(said, (str, bytes)) else json.dumps(said)
    return person.client.post("/csp-report", data=data, content_type=kind)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, logger="twostep.csp")
    return caplog


def fields(log: pytest.LogCaptureFixture) -> list[tuple[str, str, str]]:
    """Directive, blocked and document of each line."""
    lines = [vars(record) for record in log.records if record.name == "twostep.csp"]
    return [(line["directive"], line["blocked"], line["document"]) for line in lines]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (
            OLD,
            old(
                **{
                    "violated-directive": "script-src-elem",
                    "blocked-uri": "https://evil.example/x.js?a=b",
                    "document-uri": "https://here.example/account/profile?next=%2F#top",
                }
            ),
        ),
        (
            NEW,
            [
                new(
                    effectiveDirective="script-src-elem",
                    blockedURL="https://evil.example/x.js?a=b",
                    documentURL="https://here.example/account/profile?next=%2F#top",
                )
            ],
        ),
    ],
)
def test_a_report_is_a_line_in_the_log(
    person: Person, log: pytest.LogCaptureFixture, kind: str, said: Any
) -> None:
    assert send(person, said, kind).status_code == 204
    assert fields(log) == [("script-src-elem", "https://evil.example", "/account/profile")]


@pytest.mark.parametrize(
    ("blocked", "noted"),
    [
        ("inline", "inline"),
        ("eval", "eval"),
        ("trusted-types-sink", "trusted-types-sink"),
        ("data", "data"),
        ("https://name:word@evil.example:8443/path?query", "https://evil.example"),
        ("data:text/html,hello", "data"),
        ("http://[broken", ""),
        ("what is this", ""),
    ],
)
def test_of_what_was_blocked_the_origin_or_keyword_is_kept(
    person: Person, log: pytest.LogCaptureFixture, blocked: str, noted: str
) -> None:
    send(person, old(**{"blocked-uri": blocked}))
    assert fields(log) == [("", noted, "")]


def test_no_token_of_an_address_is_kept(person: Person, log: pytest.LogCaptureFixture) -> None:
    send(person, old(**{"document-uri": f"https://here.example/sign-up/{TOKEN}?token={TOKEN}#{TOKEN}"}))
    assert fields(log) == [("", "", "/sign-up/…")]


def test_nothing_else_of_a_report_is_kept(person: Person, log: pytest.LogCaptureFixture) -> None:
    send(
        person, old(**{"script-sample": "my secret", "referrer": "my secret", "original-policy": "my secret"})
    )
    assert len(fields(log)) == 1
    assert not any("my secret" in str(vars(record)) for record in log.records)


def test_a_line_can_not_be_broken(person: Person, log: pytest.LogCaptureFixture) -> None:
    send(
        person,
        old(
            **{
                "effective-directive": "img-src\r\nERROR all is lost\x1b[31m\u2028\u202e\ud800",
                "document-uri": "/a\nb\x00c\x85d",
            }
        ),
    )
    assert [(directive, document) for directive, _, document in fields(log)] == [
        ("img-srcERROR all is lost[31m", "/abcd")
    ]


def test_a_long_text_is_cut(person: Person, log: pytest.LogCaptureFixture) -> None:
    send(person, old(**{"effective-directive": "x" * 5000, "document-uri": "/short" * 900}))
    ((directive, _, document),) = fields(log)
    assert (len(directive), len(document)) == (200, 200)


def test_of_many_reports_at_once_ten_are_kept(person: Person, log: pytest.LogCaptureFixture) -> None:
    send(person, [new(effectiveDirective="img-src")] * 200, NEW)
    assert len(fields(log)) == 10


@pytest.mark.parametrize(
    "said",
    [
        [], {}, None, 7, "null", '"text"', [[]], [None], {"csp-report": None}, {"csp-report": []},
        {"body": "text"}, [{"body": 7}], "true", "NaN",
    ],
)  # fmt: skip
def test_what_holds_no_report_is_passed_over(
    person: Person, log: pytest.LogCaptureFixture, said: Any
) -> None:
    assert send(person, said).status_code == 204
    assert fields(log) == []


@pytest.mark.parametrize("said", [None, 7, ["a"], {"a": "b"}, True])
def test_a_field_that_is_no_text_is_empty(person: Person, log: pytest.LogCaptureFixture, said: Any) -> None:
    send(person, old(**{"effective-directive": said, "blocked-uri": said, "document-uri": said}))
    assert fields(log) == [("", "", "")]


@pytest.mark.parametrize("said", ["", "{", b"\xff\xfe\x00", "[" * 60_000, "9" * 10_000])
def test_what_can_not_be_read_is_refused(person: Person, log: pytest.LogCaptureFixture, said: str) -> None:
    assert send(person, said).status_code == 400
    assert fields(log) == []


def test_a_report_beyond_64_kib_is_refused(person: Person) -> None:
    assert send(person, " " * (64 * 1024 + 1)).status_code == 413


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
def test_only_a_browsers_kinds_of_report_are_taken(person: Person, kind: str) -> None:
    assert send(person, old(), kind).status_code == 415


def test_another_site_can_not_report(person: Person) -> None:
    response = person.client.post(
        "/csp-report", json=old(), content_type=OLD, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert response.status_code == 403


def test_a_report_begins_no_cookie(person: Person) -> None:
    assert "Set-Cookie" not in send(person, old()).headers


def test_our_own_file_blocked_is_no_alarm(person: Person, log: pytest.LogCaptureFixture) -> None:
    own = f"http://{person.app.config['SERVER_NAME']}/static/app.js"
    send(person, old(**{"blocked-uri": own}))
    send(person, old(**{"blocked-uri": "https://evil.example/static/app.js"}))
    assert [record.levelname for record in log.records if record.name == "twostep.csp"] == ["INFO", "WARNING"]


def test_own_file_is_no_alarm_on_any_host_that_is_served(
    person: Person, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts = [person.app.config["SERVER_NAME"], "other.example"]
    monkeypatch.setitem(person.app.config, "TRUSTED_HOSTS", hosts)
    for host in hosts:
        report = old(**{"blocked-uri": f"http://{host}/static/app.js"})
        answer = person.client.post("/csp-report", json=report, content_type=OLD, base_url=f"http://{host}")
        assert answer.status_code == 204
    assert [record.levelname for record in log.records if record.name == "twostep.csp"] == ["INFO", "INFO"]
