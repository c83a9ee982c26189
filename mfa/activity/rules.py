"""The events of an account, written with what they tell of, and read page by page.

None of the writing functions commits: an event is part of the change that it tells of, and stands or falls
with it. The log says the same, after the commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from blinker import Signal
from sqlalchemy import bindparam, delete, insert, select

from mfa import signals
from mfa.activity import log
from mfa.activity.models import DEVICE_LENGTH, IS_NOBODYS, ActivityEvent
from mfa.database import after_commit, first, in_batches, run, session
from mfa.here import Here
from mfa.settings import settings

SECOND_STEP_FAILED = "second_step_failed"
SECOND_STEP_CONFIRMED = "second_step_confirmed"
THROTTLED = "throttled"
recorded = Signal()
"""Sent with each event in the transaction that writes it, so that a listener's rows stand or fall with it:
the event, ``person_id`` and ``now``. What a listener raises undoes the change; :mod:`mfa.signals` come after
the commit, and harm nothing."""
TWO_STEP_ON = "two_step_on"
TWO_STEP_OFF = "two_step_off"
TWO_STEP_RESET = "two_step_reset"
AUTHENTICATOR_ADDED = "authenticator_added"
AUTHENTICATOR_RENAMED = "authenticator_renamed"
AUTHENTICATOR_REMOVED = "authenticator_removed"
TWO_STEP_MOVED = "authenticator_moved"
RECOVERY_CODES_REISSUED = "recovery_codes_reissued"
RECOVERY_CODES_REVOKED = "recovery_codes_revoked"
RECOVERY_CODE_USED = "recovery_code_used"
BROWSER_REMEMBERED = "browser_remembered"
REMEMBERED_BROWSER_USED = "remembered_browser_used"
REMEMBERED_BROWSER_FORGOTTEN = "remembered_browser_forgotten"
REMEMBERED_BROWSERS_FORGOTTEN = "remembered_browsers_forgotten"
RECOVERY_BEGUN = "recovery_begun"
RECOVERY_STOPPED = "recovery_stopped"
PASSKEY_COPIED = "passkey_copied"
"""A passkey was refused because its counter went back."""

REFUSED = {SECOND_STEP_FAILED, THROTTLED, PASSKEY_COPIED}
"""Events of something that was not let through."""
PAGE = 20
_FOR_THE_OWNER_ALONE = {"reason", "name"}
"""Details that people type: they could hold a name or an address, so the log does without."""
_STRANGERS_STAY = timedelta(days=1)


@dataclass(frozen=True)
class Page:
    """Some events, the newest first.

    :param older: the id before which the next page begins; None on the last page.
    """

    events: Sequence[ActivityEvent]
    older: int | None


def record(person_id: object | None, event: str, here: Here, **details: Any) -> None:
    """Write an event, as part of the caller's transaction.

    :param person_id: None where an attempt was made on an address without an account; such rows are
        nobody's, cost what a real one costs, and are forgotten after a day.
    :param details: what the sentence of the event needs; nothing secret, and no address.
    """
    run(
        _RECORD,
        {
            "person_id": None if person_id is None else str(person_id),
            "event": event,
            "happened_at": here.now,
            "device": here.device.name[:DEVICE_LENGTH],
            "address": here.device.address,
            "details": details,
        },
    )
    recorded.send(event, person_id=person_id, now=here.now)
    after_commit(
        lambda: signals.send(
            event,
            person_id=None if person_id is None else str(person_id),
            now=here.now,
            device=here.device.name,
            network=here.device.address,
            details=details,
        )
    )
    log.after_commit(
        event,
        here,
        account=person_id,
        outcome="refused" if event in REFUSED else "done",
        **{name: value for name, value in details.items() if name not in _FOR_THE_OWNER_ALONE},
    )


def record_all(person_ids: Iterable[object], event: str, now: datetime) -> None:
    """Write an event that many accounts have in common, and that an operator brought about.

    As part of the caller's transaction; the log has one line of it, written by the caller.
    """
    common = {"event": event, "happened_at": now, "device": "", "address": "", "details": {}}
    rows = [{"person_id": str(person_id), **common} for person_id in person_ids]
    if rows:
        run(_RECORD, rows)


def page(person_id: object, before: int | None = None) -> Page:
    """The :data:`PAGE` newest events of an account that are older than the one with the id *before*."""
    found = select(ActivityEvent).where(ActivityEvent.person_id == str(person_id))
    if before is not None:
        found = found.where(ActivityEvent.id < before)
    events = session().scalars(found.order_by(ActivityEvent.id.desc()).limit(PAGE + 1)).all()
    more = len(events) > PAGE
    return Page(events[:PAGE], events[PAGE - 1].id if more else None)


def forget_old(now: datetime) -> Iterator[int]:
    """Delete the events that are older than ``MFA_ACTIVITY_DAYS``, batch by batch."""
    return in_batches(_FORGET_OLDER, {"before": now - timedelta(days=settings().activity_days)})


def forget_strangers(now: datetime) -> Iterator[int]:
    """Delete the events that are nobody's and older than a day, batch by batch."""
    return in_batches(_FORGET_STRANGERS, {"before": now - _STRANGERS_STAY})


_RECORD = insert(ActivityEvent)
_IS_OLDER = ActivityEvent.happened_at < bindparam("before")
_FORGET_OLDER = delete(ActivityEvent).where(first(ActivityEvent.happened_at, _IS_OLDER))
_FORGET_STRANGERS = delete(ActivityEvent).where(first(ActivityEvent.happened_at, _IS_OLDER, IS_NOBODYS))
