"""Several workers at one outbox: each event is posted once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from flask import Flask

from console import create_app
from console.extensions import db
from console.webhooks import outbox
from mfa.database import transaction
from tests.support.clock import Clock
from tests.support.crowd import AT_ONCE, at_once
from tests.support.hooks import HookServer

EVENTS, SERVERS = 100, 2


@pytest.fixture
def config(config: dict[str, Any]) -> dict[str, Any]:
    """With a connection for each of the workers."""
    return {**config, "THREADS": AT_ONCE}


@pytest.mark.slow
def test_each_event_is_posted_once_however_many_deliver(
    app: Flask, config: dict[str, Any], hooks: HookServer, clock: Clock
) -> None:
    for number in range(EVENTS):
        with transaction():
            outbox.post("account.unlocked", {"account": str(number)}, clock())
    servers = [create_app(config) for _ in range(SERVERS)]

    def deliver(number: int) -> int:
        with servers[number % SERVERS].app_context():
            return outbox.deliver_due()

    taken = at_once(deliver, AT_ONCE)
    for server in servers:
        with server.app_context():
            db.engine.dispose()
    assert sum(taken) == EVENTS
    posted = Counter(one.event["data"]["account"] for one in hooks.take_all())
    assert posted == {str(number): 1 for number in range(EVENTS)}
    assert outbox.counts() == outbox.Counts(waiting=0, given_up=0)
