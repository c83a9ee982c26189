"""How many connections a process opens, and how long it waits for one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import make_url

WAIT_SECONDS = 2
"""For a connection, from the pool or from a server that says nothing; then people are asked to try again."""


def options(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of the engine beside those that are fixed, from settings that have been checked."""
    url = make_url(config["SQLALCHEMY_DATABASE_URI"])
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        return {}
    found: dict[str, Any] = {"pool_size": connections(config)}
    if config["MODE"] == "production":
        # In development each request has a thread of its own, however many there are.
        found |= {"max_overflow": 0, "pool_timeout": WAIT_SECONDS}
    if url.get_backend_name() == "postgresql" and "connect_timeout" not in url.query:
        found["connect_args"] = {"connect_timeout": WAIT_SECONDS}
    return found


def connections(config: Mapping[str, Any]) -> int:
    """Return how many a process needs: one for each thread that serves, for mails, and for webhooks."""
    threads: int = config["THREADS"]
    return threads + 1 + bool(config["WEBHOOK_URL"])
