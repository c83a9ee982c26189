"""The security log: one JSON object a line, for the people who watch the installation.

It holds the time (UTC), the event, its outcome, the account's id as text, the kind of device and the network.
It never holds an e-mail or IP address, a secret, a code, a token or a password; and as every value is a JSON
string, nobody can write a line of their own into it. An application gives the logger a handler.
"""

from __future__ import annotations

import logging
from typing import Any

from blinker import Signal

from mfa import database
from mfa.here import Here

said = Signal()
"""Sent with each line: the event, and what else the line says."""

_EVENTS = logging.getLogger("twostep.events")
# Without a handler of the application, Python would print what is refused.
_EVENTS.addHandler(logging.NullHandler())


def write(event: str, here: Here, **more: Any) -> None:
    """Write a line now; what it says is as in :func:`after_commit`."""
    _say(*_line(event, here, **more))


def after_commit(event: str, here: Here, **more: Any) -> None:
    """Write a line once the transaction at work is committed, and not if it is rolled back.

    :param more: ``outcome`` ("done" or "refused"), ``account`` (its id or None), and what else the event
        is about.
    """
    line = _line(event, here, **more)
    database.after_commit(lambda: _say(*line))


def _line(
    event: str, here: Here, *, outcome: str, account: object | None, **more: Any
) -> tuple[int, str, dict[str, Any]]:
    return (
        logging.WARNING if outcome == "refused" else logging.INFO,
        event,
        {
            "time": here.now.isoformat(),
            "outcome": outcome,
            "account": None if account is None else str(account),
            "device": here.device.name or None,
            "network": here.device.address or None,
            **more,
        },
    )


def _say(level: int, event: str, extra: dict[str, Any]) -> None:
    _EVENTS.log(level, event, extra=extra)
    said.send(event, **extra)
