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

from console.activity import log
from console.activity.models import DEVICE_LENGTH, ActivityEvent
from console.extensions import db
from mfa.database import run
from mfa.here import Here

ACCOUNT_CREATED = "account_created"
ACCOUNT_IMPORTED = "account_imported"
SIGNED_IN = "signed_in"
SIGNED_OUT = "signed_out"
SESSION_ENDED = "session_ended"
OTHER_SESSIONS_ENDED = "other_sessions_ended"
SECOND_STEP_FAILED = "second_step_failed"
SECOND_STEP_CONFIRMED = "second_step_confirmed"
THROTTLED = "throttled"
TWO_STEP_ON = "two_step_on"
TWO_STEP_OFF = "two_step_off"
TWO_STEP_MOVED = "authenticator_moved"
RECOVERY_CODES_REISSUED = "recovery_codes_reissued"
RECOVERY_CODE_USED = "recovery_code_used"
NAME_CHANGED = "name_changed"
PASSWORD_CHANGED = "password_changed"  # noqa: S105 (the name of an event)
PASSWORD_RESET = "password_reset"  # noqa: S105
EMAIL_CHANGE_ASKED = "email_change_asked"
EMAIL_CHANGED = "email_changed"
EMAIL_CHANGE_UNDONE = "email_change_undone"
SUPPORT_LOOKED = "support_looked"
SUPPORT_DISABLED = "support_disabled_two_step"
SUPPORT_SIGNED_OUT = "support_signed_out"
SUPPORT_LOCKED = "support_locked"
SUPPORT_UNLOCKED = "support_unlocked"

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


def record(account_id: int | None, event: str, here: Here, **details: Any) -> None:
    """Write an event, as part of the caller's transaction.

    :param account_id: None where an attempt was made on an address without an account; such rows are
        nobody's, cost what a real one costs, and are forgotten after a day.
    :param details: what the sentence of the event needs; nothing secret, and no address.
    """
    if event == THROTTLED:
        # Asked for known and unknown addresses alike, so that both take the same time.
        run(_FORGET_STRANGERS, {"before": here.now - _STRANGERS_STAY})
    run(
        _RECORD,
        {
            "account_id": account_id,
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
        account=account_id,
        outcome="refused" if event in REFUSED else "done",
        **{name: value for name, value in details.items() if name not in _FOR_THE_OWNER_ALONE},
    )


def record_all(account_ids: Iterable[int], event: str, now: datetime) -> None:
    """Write an event that many accounts have in common, and that an operator brought about.

    As part of the caller's transaction; the log has one line of it, by whoever brings it about.
    """
    common = {"event": event, "happened_at": now, "device": "", "address": "", "details": {}}
    rows = [{"account_id": account_id, **common} for account_id in account_ids]
    if rows:
        run(_RECORD, rows)


def page(account_id: int, before: int | None = None) -> Page:
    """The :data:`PAGE` newest events of an account that are older than the one with the id *before*."""
    found = select(ActivityEvent).where(ActivityEvent.account_id == account_id)
    if before is not None:
        found = found.where(ActivityEvent.id < before)
    events = db.session.scalars(found.order_by(ActivityEvent.id.desc()).limit(PAGE + 1)).all()
    more = len(events) > PAGE
    return Page(events[:PAGE], events[PAGE - 1].id if more else None)


_RECORD = insert(ActivityEvent)
_FORGET_STRANGERS = delete(ActivityEvent).where(
    ActivityEvent.account_id.is_(None), ActivityEvent.happened_at < bindparam("before")
)
