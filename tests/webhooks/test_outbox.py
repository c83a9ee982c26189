"""Events: with the change they tell of, after it stands, and not lost when the receiver is down."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from standardwebhooks import Webhook

from console import create_app
from console.extensions import db
from console.webhooks import outbox, sending
from console.webhooks.models import WebhookEvent
from mfa.database import transaction
from tests.support.clock import Clock
from tests.support.hooks import SECRET, HookServer, Posted


def post(clock: Clock, account: str = "7") -> None:
    with transaction():
        outbox.post("account.unlocked", {"account": account}, clock())


def rows() -> list[WebhookEvent]:
    db.session.expire_all()
    return list(db.session.query(WebhookEvent).order_by(WebhookEvent.id))


def answer(hooks: HookServer, status: int, *lines: str) -> None:
    head = "\r\n".join([f"HTTP/1.1 {status} Said", "Content-Length: 0", *lines])
    hooks.answer = f"{head}\r\n\r\n".encode()


def test_an_event_leaves_once(app: Flask, hooks: HookServer, clock: Clock) -> None:
    post(clock)
    assert outbox.deliver_due() == 1
    assert outbox.deliver_due() == 0
    (posted,) = hooks.take_all()
    assert posted.event == {
        "type": "account.unlocked",
        "timestamp": "2026-11-24T12:00:10Z",
        "data": {"account": "7"},
    }
    assert rows() == []


def test_an_event_is_signed_as_it_is_posted(app: Flask, hooks: HookServer, clock: Clock) -> None:
    post(clock)
    clock.advance(hours=1)
    outbox.deliver_due()
    posted = hooks.wait_for()
    assert posted.headers["webhook-timestamp"] == str(int(clock.seconds))
    expected = Webhook(SECRET).sign(posted.id, clock(), posted.body.decode())
    assert posted.headers["webhook-signature"] == expected


def test_a_change_that_was_rolled_back_tells_nothing(app: Flask, hooks: HookServer, clock: Clock) -> None:
    with pytest.raises(RuntimeError), transaction():
        outbox.post("account.unlocked", {"account": "7"}, clock())
        raise RuntimeError
    assert outbox.deliver_due() == 0
    assert rows() == []


def test_without_a_receiver_nothing_is_written(config: dict[str, Any], clock: Clock) -> None:
    app = create_app({**config, "WEBHOOK_URL": None})
    with app.app_context():
        post(clock)
        assert rows() == []
        assert outbox.deliver_due() == 0
        db.session.remove()
        db.engine.dispose()


def test_each_event_has_an_id_of_its_own(app: Flask, hooks: HookServer, clock: Clock) -> None:
    for _ in range(3):
        post(clock)
    assert outbox.deliver_due() == 3
    assert len({posted.id for posted in hooks.take_all()}) == 3


def test_a_retry_has_the_same_id_and_body_and_a_new_time(app: Flask, hooks: HookServer, clock: Clock) -> None:
    post(clock)
    answer(hooks, 500)
    assert outbox.deliver_due() == 0
    clock.advance(hours=1)
    answer(hooks, 204)
    assert outbox.deliver_due() == 1
    first, second = hooks.take_all()
    assert (first.id, first.body) == (second.id, second.body)
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 3600
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


def test_a_receiver_that_is_down_for_two_days_delays_the_event(
    app: Flask, hooks: HookServer, clock: Clock
) -> None:
    post(clock)
    answer(hooks, 503)
    for _ in range(48):
        assert outbox.deliver_due() == 0
        clock.advance(hours=1)
    answer(hooks, 204)
    assert outbox.deliver_due() == 1


def pauses(hooks: HookServer, clock: Clock, tries: int) -> list[timedelta]:
    """Fail, and wait for the next try each time; return the pauses."""
    found = []
    for _ in range(tries):
        assert outbox.deliver_due() == 0
        (row,) = rows()
        assert row.due_at
        found.append(row.due_at - clock())
        clock.advance(seconds=found[-1].total_seconds())
    return found


def test_the_pauses_grow_to_an_hour_and_half_of_them_is_chance(
    app: Flask, hooks: HookServer, clock: Clock
) -> None:
    post(clock)
    answer(hooks, 500)
    for number, pause in enumerate(pauses(hooks, clock, 12)):
        most = min(timedelta(seconds=30) * 2**number, timedelta(hours=1))
        assert most / 2 <= pause <= most


def test_two_events_that_fail_together_are_not_tried_together_again(
    app: Flask, hooks: HookServer, clock: Clock
) -> None:
    for _ in range(8):
        post(clock)
    answer(hooks, 500)
    outbox.deliver_due()
    assert len({row.due_at for row in rows()}) > 1


@pytest.mark.parametrize(("asked", "at_least"), [(600, 600), (100_000, 3600)])
def test_the_receiver_may_ask_for_a_pause_of_up_to_an_hour(
    app: Flask, hooks: HookServer, clock: Clock, asked: int, at_least: int
) -> None:
    post(clock)
    answer(hooks, 429, f"Retry-After: {asked}")
    assert pauses(hooks, clock, 1) == [timedelta(seconds=at_least)]


def test_an_event_that_is_not_taken_for_three_days_is_given_up(
    app: Flask, hooks: HookServer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    post(clock)
    answer(hooks, 500)
    outbox.deliver_due()
    clock.advance(days=3)
    outbox.deliver_due()
    assert outbox.counts() == outbox.Counts(waiting=0, given_up=1)
    clock.advance(days=1)
    assert outbox.deliver_due() == 0
    assert len(hooks.take_all()) == 2
    assert caplog.messages[-1].endswith("(account.unlocked) was given up")


def test_a_receiver_that_is_gone_is_not_asked_again(app: Flask, hooks: HookServer, clock: Clock) -> None:
    post(clock)
    answer(hooks, 410)
    outbox.deliver_due()
    assert outbox.counts().given_up == 1


def test_what_was_given_up_can_be_tried_again(app: Flask, hooks: HookServer, clock: Clock) -> None:
    post(clock)
    post(clock)
    answer(hooks, 410)
    outbox.deliver_due()
    outbox.deliver_due()
    clock.advance(days=10)
    answer(hooks, 500)
    assert outbox.retry(None, clock()) == 2
    outbox.deliver_due()
    assert outbox.counts() == outbox.Counts(waiting=2, given_up=0)


def test_what_was_given_up_is_forgotten_a_month_later(app: Flask, hooks: HookServer, clock: Clock) -> None:
    post(clock)
    answer(hooks, 410)
    outbox.deliver_due()
    clock.advance(days=32)
    list(outbox.tidy(clock()))
    assert len(rows()) == 1
    clock.advance(days=2)
    list(outbox.tidy(clock()))
    assert rows() == []


def test_a_clock_that_was_ahead_keeps_no_event_back(app: Flask, hooks: HookServer, clock: Clock) -> None:
    ahead = clock() + timedelta(days=400)
    with transaction():
        outbox.post("account.unlocked", {"account": "7"}, ahead)
    list(outbox.tidy(clock()))
    assert outbox.deliver_due() == 1


@pytest.mark.parametrize("how", ["silent", "busy", "elsewhere"])
def test_a_receiver_that_is_down_is_asked_once_a_look(
    app: Flask, hooks: HookServer, clock: Clock, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    for _ in range(5):
        post(clock)
    if how == "silent":
        hooks.answer = b""
    else:
        answer(hooks, 503 if how == "busy" else 302)
    assert outbox.deliver_due() == 0
    assert len(hooks.take_all()) == 1
    answer(hooks, 204)
    assert outbox.deliver_due() == 4


def test_an_event_that_the_receiver_refuses_keeps_no_other(
    app: Flask, hooks: HookServer, clock: Clock
) -> None:
    for account in ("1", "2", "3"):
        post(clock, account)
    refusing(hooks, "2")
    assert outbox.deliver_due() == 2
    (left,) = rows()
    assert json.loads(left.body)["data"] == {"account": "2"}
    assert left.said == "It answered 400 Bad Request."


def refusing(hooks: HookServer, account: str) -> None:
    """Have the server refuse what is about an account."""

    def look(connection: Any) -> None:
        posted: Posted = hooks._posted[-1]
        status = 400 if posted.event["data"]["account"] == account else 204
        connection.sendall(f"HTTP/1.1 {status} Said\r\nContent-Length: 0\r\n\r\n".encode())

    hooks.answer = look


def test_an_event_that_a_killed_worker_had_taken_is_posted_by_the_next(
    app: Flask, hooks: HookServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: Any) -> None:
        raise Killed

    post(clock)
    monkeypatch.setattr(sending, "send", die)
    with pytest.raises(Killed):
        outbox.deliver_due()
    monkeypatch.undo()
    assert outbox.deliver_due() == 0
    clock.advance(minutes=3)
    assert outbox.deliver_due() == 1


def test_a_worker_that_was_away_for_long_does_not_undo_what_the_next_has_done(
    app: Flask, hooks: HookServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its machine slept; meanwhile another one took the event and gave it up."""
    real, nested = sending.send, []

    def slow(*given: Any) -> sending.Answer:
        if not nested:
            nested.append(1)
            clock.advance(minutes=5)
            answer(hooks, 410)
            outbox.deliver_due()
            answer(hooks, 500)
        return real(*given)

    post(clock)
    monkeypatch.setattr(sending, "send", slow)
    outbox.deliver_due()
    assert outbox.counts() == outbox.Counts(waiting=0, given_up=1)


def test_a_worker_that_is_told_to_stop_leaves_the_rest(app: Flask, hooks: HookServer, clock: Clock) -> None:
    for _ in range(3):
        post(clock)
    asked: list[int] = []

    def stopped() -> bool:
        asked.append(1)
        return len(asked) > 1

    assert outbox.deliver_due(stopped) == 1
    assert outbox.counts().waiting == 2


def test_what_waits_is_signed_with_the_secrets_and_posted_to_the_address_of_that_day(
    app: Flask, config: dict[str, Any], hooks: HookServer, clock: Clock
) -> None:
    post(clock)
    later = create_app({**config, "WEBHOOK_URL": f"https://localhost:{hooks.port}/moved"})
    with later.app_context():
        assert outbox.deliver_due() == 1
        db.session.remove()
        db.engine.dispose()
    assert hooks.wait_for().line.startswith("POST /moved ")


def test_the_log_says_why_and_not_where(
    app: Flask, hooks: HookServer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """An address may hold a token."""
    post(clock)
    answer(hooks, 500)
    outbox.deliver_due()
    posted = hooks.wait_for()
    assert caplog.messages == [
        f"webhook {posted.id} (account.unlocked) not taken: It answered 500 Internal Server Error."
    ]
