"""The organization's activity with many events: ``python -m bench.events 1000000`` in Twostep's environment.

In a database that `bench.members` has filled, it makes so many events, opens the tab Activity with each
filter, at its beginning, in its middle and at its end, and prints what a page takes.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any

from sqlalchemy import case, literal, update

from bench.fill import insert_many
from bench.members import look, minutes_before, signed_in
from bench.served import twostep
from console.organization.audit import Event
from console.organization.audit.models import AuditEvent, AuditHead
from mfa import clock
from mfa.database import run, transaction

ADMINISTRATORS = 100
"""Who did what was done."""
RARE = 5000
"""One event of so many is a reset."""
_APART = 7919
_WHO = ADMINISTRATORS // 2


def fill(amount: int) -> None:
    """Make so many events, one a minute."""
    now = clock.now()

    def of(i: Any) -> dict[str, Any]:
        rare, often = literal(Event.TWO_STEP_RESET.value), literal(Event.MEMBER_LOCKED.value)
        return {
            "id": i,
            "at": minutes_before(now, amount - i),
            "event": case((i % RARE == 0, rare), else_=often),
            "actor_id": 1 + i % ADMINISTRATORS,
            "subject_id": 1 + (i * _APART) % amount,
            "reason": literal("#4711"),
            "detail": literal("{}"),
            "key_id": literal(1),
            "previous": literal(bytes(32), AuditEvent.previous.type),
            "hash": literal(bytes(32), AuditEvent.hash.type),
        }

    insert_many(AuditEvent, amount, of)
    with transaction():
        run(update(AuditHead).values(last_id=amount, last_hash=bytes(32)))


def measure(amount: int) -> dict[str, dict[str, dict[str, float]]]:
    """Return the seconds of a page, by filter and place."""
    client, today = signed_in(), clock.now().date()
    far = timedelta(minutes=amount)
    month = {"since": today - far / 2, "until": today - far / 2 + timedelta(days=30)}
    filters: dict[str, dict[str, Any]] = {
        "everything": {},
        "one kind of event": {"event": Event.TWO_STEP_RESET.value},
        "one person": {"person": _WHO},
        "a month": month,
        "all of these": {"event": Event.MEMBER_LOCKED.value, "person": _WHO, **month},
    }
    places: dict[str, dict[str, int]] = {
        "first": {},
        "middle": {"before": amount // 2},
        "last": {"before": min(amount, RARE)},
    }
    return {
        name: {
            where: look(client, "/organization/activity", {**asked, **place})
            for where, place in places.items()
        }
        for name, asked in filters.items()
    }


if __name__ == "__main__":
    amount = int(sys.argv[1])
    with twostep.flask.app_context():
        fill(amount)
    print(json.dumps(measure(amount)))
