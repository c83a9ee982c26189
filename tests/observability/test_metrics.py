"""What is counted, who may read it, and that it is nothing about anybody."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from console import create_app
from console.config import BadSetting
from mfa.notices import outbox
from tests.support.clock import Clock
from tests.support.person import EMAIL, PASSWORD, Person, entered
from tests.support.smtp import Inbox

TOKEN = "only for Prometheus, 0123"
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def config(config: dict[str, Any]) -> dict[str, Any]:
    return {**config, "METRICS_TOKEN": TOKEN}


def read(app: Flask) -> str:
    answer = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    return answer.text


def values(text: str) -> dict[tuple[str, ...], float]:
    """Each value by its name and the values of its labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def counted(app: Flask) -> Callable[..., float]:
    """How much a value has grown in this test; the counts of the process are those of all its tests."""
    before = values(read(app))
    return lambda *name: values(read(app)).get(name, 0) - before.get(name, 0)


# Who may read it


@pytest.mark.parametrize(
    "header",
    [
        None,
        "Bearer wrong",
        f"Basic {TOKEN}",
        "Bearer",
        "Bearer é",
        f"Token {TOKEN}",
        f"Digest {TOKEN}",
        TOKEN,
    ],
)
def test_without_the_token_nothing_is_shown(app: Flask, header: str | None) -> None:
    answer = app.test_client().get("/metrics", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert b"twostep" not in answer.data


def test_without_the_setting_there_is_no_such_page(config: dict[str, Any]) -> None:
    app = create_app({**config, "METRICS_TOKEN": None, "MAIL_WORKER": "none"})
    answer = app.test_client().get("/metrics", headers={"Authorization": "Bearer None"})
    assert answer.status_code == 404


@pytest.mark.parametrize("token", ["short", "", "fünfzehn Zeichen und mehr", 1234567890123456])
def test_a_token_that_can_be_guessed_or_not_be_sent_stops_the_start(
    config: dict[str, Any], token: object
) -> None:
    with pytest.raises(BadSetting, match="MFA_METRICS_TOKEN"):
        create_app({**config, "METRICS_TOKEN": token})


def test_the_token_may_be_named_by_a_file(
    config: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("from a file, 0123456789\n")
    monkeypatch.setenv("MFA_METRICS_TOKEN_FILE", str(tmp_path / "token"))
    given = {name: value for name, value in config.items() if name != "METRICS_TOKEN"}
    assert create_app({**given, "MAIL_WORKER": "none"}).config["METRICS_TOKEN"] == "from a file, 0123456789"


# What is counted


def test_a_sign_in_counts_once_both_steps_are_done(protected: Person, counted: Callable[..., float]) -> None:
    before = counted("twostep_sign_ins_total")
    protected.sign_out()
    protected.sign_in()
    assert counted("twostep_sign_ins_total") == before
    assert entered(protected.verify(protected.next_code()))
    assert counted("twostep_sign_ins_total") == before + 1


@pytest.mark.parametrize(
    ("kind", "fail"),
    [
        ("password", lambda person: person.sign_in(password="not the password")),
        ("code", lambda person: person.verify("000000")),
        ("recovery_code", lambda person: person.verify_recovery_code("0000-0000-0000-0000")),
    ],
)
def test_a_failure_counts_by_its_kind(
    protected: Person, counted: Callable[..., float], kind: str, fail: Callable[[Person], object]
) -> None:
    protected.sign_out()
    protected.sign_in()
    fail(protected)
    assert counted("twostep_failures_total", kind) == 1


def test_guessing_until_one_must_wait_counts(mina: Person, counted: Callable[..., float]) -> None:
    mina.sign_out()
    for _ in range(8):
        mina.sign_in(password="not the password")
    assert counted("twostep_failures_total", "password_throttled") == 1


def test_an_enrollment_counts_at_each_step_once(mina: Person, counted: Callable[..., float]) -> None:
    mina.begin().verify_email()
    for _ in range(3):
        mina.get("/account/two-step/enroll")
        mina.get("/account/two-step/enroll/email")
    mina.get("/account/two-step/enroll")
    mina.scan().enter_code().complete()
    steps = {step: counted("twostep_enrollments_total", step) for step in STEPS}
    assert steps == dict.fromkeys(STEPS, 1)


def test_where_an_enrollment_was_abandoned_can_be_read(mina: Person, counted: Callable[..., float]) -> None:
    mina.begin().verify_email().scan()
    mina.post("/account/two-step/enroll/cancel")
    steps = [counted("twostep_enrollments_total", step) for step in STEPS]
    assert steps == [1, 1, 1, 0, 0]


STEPS = ("email", "scan", "code", "recovery", "completed")


def test_latency_counts_by_route_and_class_of_status(person: Person, counted: Callable[..., float]) -> None:
    person.get("/sign-in")
    person.get("/nothing/here")
    assert counted("twostep_request_seconds_count", "accounts.sign_in", "2xx") == 1
    assert counted("twostep_request_seconds_count", "none", "4xx") == 1


def test_a_mail_that_does_not_leave_shows_with_its_age(
    config: dict[str, Any], inbox: Inbox, clock: Clock
) -> None:
    app = create_app({**config, "MAIL_WORKER": "none"})
    Person(app, inbox, clock).sign_up().activate()
    inbox.stop()
    clock.advance(minutes=20)
    with app.app_context():
        outbox.deliver_due()
    clock.advance(minutes=10)
    shown = values(read(app))
    assert shown["twostep_mail_waiting",] >= 1
    assert shown["twostep_mail_oldest_seconds",] == 1800


def test_an_empty_outbox_has_no_age(config: dict[str, Any]) -> None:
    shown = values(read(create_app({**config, "MAIL_WORKER": "none"})))
    assert (shown["twostep_mail_waiting",], shown["twostep_mail_oldest_seconds",]) == (0, 0)


def test_it_says_nothing_about_anybody(protected: Person) -> None:
    secret = protected.app_on_phone
    protected.sign_out()
    protected.sign_in(password="not the password")
    protected.sign_in()
    protected.verify_recovery_code(protected.recovery_codes[0])
    protected.get(f"/sign-up/{EMAIL}")
    text = read(protected.app)
    assert secret
    told = [EMAIL, "mina", "example.com", "127.0.0", PASSWORD, secret.secret, *protected.recovery_codes]
    assert [word for word in told if word in text] == []


def test_every_metric_is_explained_in_the_operators_guide(app: Flask) -> None:
    names = {family.name for family in text_string_to_metric_families(read(app))}
    guide = (ROOT / "docs/operations/monitoring.md").read_text()
    assert {name for name in names if not re.search(rf"`{name}(_total)?`", guide)} == set()
