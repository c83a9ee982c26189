"""The outbox of webhooks: events are written in the transaction of their change, and posted after its commit.

So the receiver hears of a change if and only if it was committed, and one that is down hears of it later and
loses nothing for three days. Delivery is at least once: a worker that is killed between posting and deleting
posts again, under the same id.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import current_app

from console.webhooks import sending, statements, worker
from console.webhooks.models import SAID_LENGTH
from console.webhooks.receiver import receiver
from mfa import clock
from mfa.crypto import ages
from mfa.database import affected, after_commit, in_batches, run, transaction

TAKEN_FOR = timedelta(minutes=2)
"""An event belongs to the worker that took it for longer than a try lasts, so nobody else posts it."""
FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=3)
FORGET_AFTER = timedelta(days=30)
"""Counted from when it was given up."""


@dataclass(frozen=True)
class Counts:
    """
    :param waiting: events that the receiver has not taken yet.
    :param given_up: events that are no longer tried.
    """

    waiting: int
    given_up: int


def post(kind: str, data: Mapping[str, Any], now: datetime) -> None:
    """Write an event, as part of the caller's transaction; it leaves after the commit.

    :param kind: its type, as the receiver knows it.
    :param data: nothing secret.
    """
    if receiver() is None:
        return
    message = make(kind, data, now)
    values = {
        "message_id": message.id,
        "type": kind,
        "body": message.body,
        "created_at": now,
        "due_at": now,
        "give_up_at": now + GIVE_UP_AFTER,
        "tries": 0,
        "said": "",
    }
    run(statements.ADD, values)
    after_commit(worker.wake)


def make(kind: str, data: Mapping[str, Any], now: datetime) -> sending.Message:
    """Return an event with an id of its own, as it is posted."""
    body = {"type": kind, "timestamp": _moment(now), "data": dict(data)}
    return sending.Message(f"msg_{secrets.token_hex(16)}", json.dumps(body, separators=(",", ":")))


def deliver_due(stopped: Callable[[], bool] = lambda: False) -> int:
    """Post every event that is due now, once; return how many the receiver took.

    If the receiver doesn't answer, or is overloaded, the rest waits for the next round.

    :param stopped: asked between two events; once it returns True, the rest waits likewise.
    """
    to = receiver()
    if to is None:
        return 0
    taken, until = 0, clock.now()
    while not stopped() and (event := _take_next(until)):
        try:
            sending.send(sending.Message(event.message_id, event.body), to, clock.now())
        except sending.NotTaken as error:
            said = error.sentence
            current_app.logger.warning("webhook %s (%s) not taken: %s", event.message_id, event.type, said)
            _put_off(event, error)
            if error.is_down:
                break
        else:
            with transaction():
                affected(statements.DELETE, {"event_id": event.id})
            taken += 1
    return taken


def retry(message_id: str | None, now: datetime) -> int:
    """Try an event again at once, and for three days, or all that were given up; return how many."""
    again = {"now": now, "until": now + GIVE_UP_AFTER}
    with transaction():
        if message_id:
            return affected(statements.RETRY_ONE, {**again, "whose": message_id})
        return affected(statements.RETRY_GIVEN_UP, again)


def listed(at_most: int) -> Sequence[Any]:
    """Return the oldest events that wait or were given up."""
    return run(statements.LISTED, {"at_most": at_most}).all()


def counts() -> Counts:
    """Return how many events there are."""
    return Counts(*run(statements.COUNTS).one())


def oldest() -> datetime | None:
    """Return when the event was written that has waited longest; one that is not due yet doesn't count."""
    found: datetime | None = run(statements.OLDEST, {"now": clock.now()}).scalar()
    return found


def tidy(now: datetime) -> Iterator[int]:
    """Delete what was given up long ago, and make due what a fast clock has put off too far, by batches."""
    latest = now + LONGEST_RETRY + timedelta(seconds=ages.CLOCKS_APART)
    yield from in_batches(statements.BRING_FORWARD, {"latest": latest, "now": now})
    yield from in_batches(statements.FORGET, {"before": now - FORGET_AFTER})


def _take_next(until: datetime) -> Any:
    """Take the first event that was due at *until*, so that no other worker does."""
    given = {"until": until, "taken_until": clock.now() + TAKEN_FOR}
    with transaction():
        return run(statements.TAKE_NEXT, given).one_or_none()


def _put_off(event: Any, error: sending.NotTaken) -> None:
    now = clock.now()
    later: datetime | None = now + _pause(event.tries, error.retry_after)
    if error.is_final or now >= event.give_up_at:
        later = None
        current_app.logger.error("webhook %s (%s) was given up", event.message_id, event.type)
    said = error.sentence[:SAID_LENGTH]
    with transaction():
        affected(
            statements.PUT_OFF, {"event_id": event.id, "taken": event.tries, "later": later, "why": said}
        )


def _pause(tries: int, asked: timedelta) -> timedelta:
    """Return a pause that grows with the tries: half of it random, and no less than the receiver asks."""
    most: timedelta = min(FIRST_RETRY * (1 << min(tries - 1, 10)), LONGEST_RETRY)
    pause = most / 2 + most / 2 * (secrets.randbelow(1001) / 1000)
    return min(max(pause, asked), LONGEST_RETRY)


def _moment(now: datetime) -> str:
    return now.astimezone(UTC).isoformat().replace("+00:00", "Z")
