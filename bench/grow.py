"""Fill the tables that grow with time: ``python -m bench.grow 1000000`` where ``bench.fill`` was before.

A tenth as many accounts are there, and their activity. So many notifications wait, for half an hour to come;
so many counters, sessions and used things are remembered. A tenth of each table is over.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, case, cast, literal, text

from bench.fill import STRIDE, insert_many, token_hash
from bench.people import ACTIVITY_EACH
from bench.served import twostep
from console.extensions import db
from console.sessions.models import AccountSession
from mfa import clock
from mfa.activity.models import ActivityEvent
from mfa.attempts.models import Spent, Throttle
from mfa.notices.models import OutboxMail

_PART_OVER = 10
_BEHIND = 10**9
"""The tokens of these sessions come after those of ``bench.fill``."""


def grow(rows: int) -> None:
    """Add so many rows to each table; to the activity, which has so many, those that are over."""
    accounts = rows // ACTIVITY_EACH
    now = clock.now()
    past, future = now - timedelta(days=400), now + timedelta(days=20)

    def moment(number: Any, column: Any) -> ColumnElement[Any]:
        return case(
            (number % _PART_OVER == 0, literal(past, column.type)), else_=literal(future, column.type)
        )

    insert_many(
        ActivityEvent,
        rows // _PART_OVER,
        lambda i: {
            "person_id": cast(1 + (i * STRIDE) % accounts, String),
            "event": literal("signed_in"),
            "happened_at": literal(past, ActivityEvent.happened_at.type),
            "device": literal("Chrome on Linux"),
            "address": literal("203.0.113.0/24"),
            "details": literal({"by": "code"}, ActivityEvent.details.type),
        },
    )
    insert_many(
        OutboxMail,
        rows,
        lambda i: {
            "message": literal("sign_in_unfinished"),
            "person_id": cast(1 + (i * STRIDE) % accounts, String),
            "recipient": literal("someone") + cast(i, String) + literal("@bench.example.com"),
            "language": literal("en"),
            "details": literal({"name": "Mina Park"}, OutboxMail.details.type),
            "created_at": literal(now, OutboxMail.created_at.type),
            "due_at": literal(now + timedelta(minutes=30), OutboxMail.due_at.type),
            "tries": literal(0),
            "unanswered": literal(0),
        },
    )
    insert_many(
        Throttle,
        rows,
        lambda i: {
            "subject": literal("account:")
            + cast(1 + (i * STRIDE) % accounts, String)
            # A device each.
            + literal(":")
            + cast(i, String),
            "purpose": literal("sign_ins"),
            "attempts": literal(1),
            "blocked_until": literal(0),
            "attempted_at": case((i % _PART_OVER == 0, _seconds(past)), else_=_seconds(now)),
        },
    )
    insert_many(
        Spent,
        rows,
        lambda i: {
            "purpose": literal("pending"),
            "reference": literal("reference") + cast(i * STRIDE, String),
            "forget_at": moment(i, Spent.forget_at),
        },
    )
    insert_many(
        AccountSession,
        rows,
        lambda i: {
            "account_id": 1 + (i * STRIDE) % accounts,
            "token_hash": token_hash(i + _BEHIND),
            **{
                name: literal(now - timedelta(days=1), AccountSession.created_at.type)
                for name in ("created_at", "proved_at", "seen_at")
            },
            "expires_at": moment(i, AccountSession.expires_at),
            "user_agent": literal("Mozilla/5.0"),
            "address": literal("203.0.113.0/24"),
        },
    )
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if db.engine.dialect.name == "sqlite" else "VACUUM ANALYZE"))


def _seconds(moment: datetime) -> ColumnElement[int]:
    return literal(int(moment.timestamp()), Throttle.attempted_at.type)


if __name__ == "__main__":
    with twostep.flask.app_context():
        grow(int(sys.argv[1]))
