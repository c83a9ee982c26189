"""The events of an account, written with what they tell of, and read page by page.

None of the writing functions commits: an event is part of the change that it tells of, and stands or falls
with it. The log says the same, after the commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, insert, select

from mfa.activity import log
from mfa.activity.models import DEVICE_LENGTH, ActivityEvent
from mfa.database import run, session
from mfa.here import Here

SECOND_STEP_FAILED = "second_step_failed"
SECOND_STEP_CONFIRMED = "second_step_confirmed"
THROTTLED = "throttled"
TWO_STEP_ON = "two_step_on"
TWO_STEP_OFF = "two_step_off"
TWO_STEP_MOVED = "authenticator_moved"
RECOVERY_CODES_REISSUED = "recovery_codes_reissued"
RECOVERY_CODE_USED = "recovery_code_used"

REFUSED = {SECOND_STEP_FAILED, THROTTLED}
"""Events of something that was not let through."""
PAGE = 20
_FOR_THE_OWNER_ALONE = {"reason"}
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
    if event == THROTTLED:
        # Asked for known and unknown addresses alike, so that both take the same time.
        run(_FORGET_STRANGERS, {"before": here.now - _STRANGERS_STAY})
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
    log.after_commit(
        event,
        here,
        account=person_id,
        outcome="refused" if event in REFUSED else "done",
        **{name: value for name, value in details.items() if name not in _FOR_THE_OWNER_ALONE},
    )


def record_all(person_ids: Iterable[object], event: str, now: datetime) -> None:
    """Write an event that many accounts have in common, and that an operator brought about.

    As part of the caller's transaction; the log has one line of it, by whoever brings it about.
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


_RECORD = insert(ActivityEvent)
_FORGET_STRANGERS = delete(ActivityEvent).where(
    ActivityEvent.person_id.is_(None), ActivityEvent.happened_at < bindparam("before")
)
