"""``flask --app app webhooks …``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from console import create_app
from console.extensions import db
from console.webhooks import outbox
from mfa.database import transaction
from tests.support.clock import Clock
from tests.support.hooks import HookServer
from tests.support.smtp import free_port

Run = Callable[..., Result]


@pytest.fixture
def run(config: dict[str, Any]) -> Run:
    """Run a command in an application of its own."""

    def command(*args: str, **settings: Any) -> Result:
        app = create_app({**config, **settings})
        result: Result = app.test_cli_runner().invoke(args=["webhooks", *args])
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        return result

    return command


def test_a_test_is_posted_now_and_the_answer_is_said(run: Run, hooks: HookServer) -> None:
    result = run("test")
    assert re.fullmatch(rf"127\.0\.0\.1:{hooks.port} answered 204 after \d+\.\d\d s\.\n", result.output)
    assert result.exit_code == 0
    posted = hooks.wait_for()
    assert posted.event == {"type": "test", "timestamp": "2026-11-24T12:00:10Z", "data": {}}
    assert "webhook-signature" in posted.headers


def test_what_keeps_a_test_from_the_receiver_is_said(run: Run, hooks: HookServer) -> None:
    hooks.answer = b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"
    result = run("test")
    assert result.exit_code == 1
    assert result.output == (f"Error: 127.0.0.1:{hooks.port} has not taken it. It answered 404 Not Found.\n")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("https://nobody.invalid/", "Its name does not resolve."),
        ("https://10.0.0.7/", "It is in a network that is not the internet's;"),
        ("https://127.0.0.1:{closed}/", "There is no connection to it. (Connection refused)"),
        ("https://127.0.0.2:{open}/", "Its certificate is not accepted. (IP address mismatch"),
    ],
)
def test_where_a_test_could_not_go_is_said(
    run: Run, hooks: HookServer, authority: Any, url: str, sentence: str
) -> None:
    elsewhere = HookServer(authority.tls("127.0.0.1"), "127.0.0.2")
    result = run("test", WEBHOOK_URL=url.format(closed=free_port(), open=elsewhere.port))
    elsewhere.stop()
    assert result.exit_code == 1
    assert f"has not taken it. {sentence}" in result.output


def test_a_test_without_a_receiver_says_so(run: Run) -> None:
    result = run("test", WEBHOOK_URL=None)
    assert result.exit_code == 1
    assert result.output == "Error: MFA_WEBHOOK_URL is not set, so no webhooks are sent.\n"


def test_a_test_in_development_reaches_a_server_without_tls_on_this_machine(run: Run) -> None:
    plain = HookServer(None)
    assert run("test", WEBHOOK_URL=f"http://localhost:{plain.port}/").exit_code == 0
    assert plain.wait_for().line == "POST / HTTP/1.1"
    plain.stop()


def fail_two(app: Flask, hooks: HookServer, clock: Clock) -> list[str]:
    """One event waits for another try and one is given up; return their ids."""
    hooks.answer = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
    for _ in range(2):
        with transaction():
            outbox.post("account.unlocked", {"account": "7"}, clock())
        outbox.deliver_due()
        hooks.answer = b"HTTP/1.1 410 No\r\nContent-Length: 0\r\n\r\n"
    return [posted.id for posted in hooks.take_all()]


def test_the_list_says_what_waits_and_why(app: Flask, run: Run, hooks: HookServer, clock: Clock) -> None:
    waits, given_up = fail_two(app, hooks, clock)
    first, second, end = run("list").output.splitlines()
    assert re.fullmatch(
        rf"{waits}  account.unlocked      2026-11-24 12:00  next 2026-11-24 12:00  1 try     "
        r"It answered 500 Internal Server Error\.",
        first,
    )
    assert second.startswith(f"{given_up}  account.unlocked      2026-11-24 12:00  given up ")
    assert second.endswith("1 try     It answered 410 Gone.")
    assert end == "1 waiting, 1 given up"


def test_an_empty_list_says_so(run: Run) -> None:
    assert run("list").output == "0 waiting, 0 given up\n"


def test_what_was_given_up_is_tried_again(app: Flask, run: Run, hooks: HookServer, clock: Clock) -> None:
    fail_two(app, hooks, clock)
    assert run("retry", "--given-up").output == "1 event to be tried again\n"
    hooks.answer = b"HTTP/1.1 204 No Content\r\n\r\n"
    clock.advance(minutes=1)
    assert outbox.deliver_due() == 2


def test_one_event_is_tried_again(app: Flask, run: Run, hooks: HookServer, clock: Clock) -> None:
    waits, _ = fail_two(app, hooks, clock)
    assert run("retry", waits).output == "1 event to be tried again\n"
    hooks.answer = b"HTTP/1.1 204 No Content\r\n\r\n"
    assert outbox.deliver_due() == 1
    assert "No such event waits" in run("retry", waits).output


@pytest.mark.parametrize("given", [[], ["msg_1", "--given-up"]])
def test_a_retry_must_say_of_what(run: Run, given: list[str]) -> None:
    assert run("retry", *given).exit_code == 2
