"""Recoveries: how somebody who has lost every second step gets back, and what stops that.

Help that was arranged for them, or a wait of some days. A recovery opens nothing by itself: its link leads to
a page that asks for the password. It ends the moment its row says so, or the account was changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from mfa.accounts import Person, accounts
from mfa.activity import rules as activity
from mfa.database import affected, dialect, in_batches, run
from mfa.here import Here
from mfa.notices import messages, outbox
from mfa.notices.office import Message
from mfa.people import statements
from mfa.people.models import Recovery
from mfa.people.rules import Owner
from mfa.ring import ring

HELP, WAIT = "help", "wait"
"""The kinds."""
OWNER, SECOND_STEP, HOST = "owner", "second_step", "host"
"""Who stops one: a press by somebody who was told of it, a second step that was shown, the host."""
_DEVICE_LENGTH = 80
_LONGEST_WAIT = timedelta(days=31)
"""A day more than ``MFA_RECOVERY_DAYS`` may say: what is ready later was begun by a clock that was ahead."""
_STAYS = timedelta(days=30)
"""For so long it is known of a recovery whether it was stopped."""


@dataclass(frozen=True)
class Plan:
    """What is begun.

    :param kind: :data:`HELP` or :data:`WAIT`.
    :param operator: who gives the help; empty for a wait.
    :param reason: why; likewise.
    """

    kind: str
    begun_at: datetime
    ready_at: datetime
    ends_at: datetime
    operator: str = ""
    reason: str = ""
    tell_at: datetime | None = None


def begin(owner: Owner, plan: Plan, here: Here) -> int:
    """Begin a recovery, as part of the caller's transaction; return its id. An open one ends silently."""
    # Hold the row, which need not be there yet: of two at once, the second ends the first.
    none = {"person_id": owner.id, "generation": 0, "device_epoch": 0}
    run(statements.change(dialect()), [none])
    run(statements.STOP_OPEN, {"whose": owner.id, "now": here.now})
    values = {
        "person_id": owner.id,
        "kind": plan.kind,
        "operator": plan.operator,
        "reason": plan.reason,
        "mark": owner.mark(),
        "key": ring().current,
        "generation": owner.generation,
        "begun_at": plan.begun_at,
        "ready_at": plan.ready_at,
        "ends_at": plan.ends_at,
        "tell_at": plan.tell_at,
        "device": here.device.name[:_DEVICE_LENGTH],
        "network": here.device.address,
    }
    return int(run(statements.BEGIN, values).scalar_one())


def get(recovery_id: int) -> Recovery | None:
    """Return a recovery, stopped or not, as it was read; None if there is none."""
    found = run(statements.RECOVERY, {"recovery_id": recovery_id}).first()
    return cast("Recovery | None", found)


def of(owner: Owner, now: datetime) -> Recovery | None:
    """Return the recovery of a person that can be finished, now or later; None if there is none."""
    found = cast("Recovery | None", run(statements.OPEN, {"whose": owner.id}).first())
    return found if found is not None and is_alive(found, owner, now) else None


def keys(now: datetime) -> dict[str, int]:
    """Return the ids of the master keys that open recoveries end without, each with their number."""
    return {row.key: row.open for row in run(statements.KEYS, {"now": now})}


def is_open(person_id: str, now: datetime) -> bool:
    """Return True if a recovery of a person is open."""
    return is_until(run(statements.RECOVERING_UNTIL, {"whose": person_id}).scalar(), now)


def is_until(until: datetime | None, now: datetime) -> bool:
    """Return True if a recovery that :func:`statements.recovering_until` has read is open."""
    return until is not None and until > now


def is_alive(recovery: Recovery, owner: Owner, now: datetime) -> bool:
    """Return True if it can be finished, now or later: not stopped, not over, and nothing was changed."""
    return ring().has(recovery.key) and may_be_alive(recovery, owner, now)


def may_be_alive(recovery: Recovery, owner: Owner, now: datetime) -> bool:
    """Return True if it is alive here, or perhaps on a server that has its key, where this one lacks it.

    While a key is taken away from one server after the other, each can stop what another can finish.
    """
    if recovery.stopped_at or recovery.finished_at or recovery.ends_at <= now:
        return False
    if recovery.ready_at > now + _LONGEST_WAIT:
        return False
    return not ring().has(recovery.key) or owner.is_marked(recovery.mark, recovery.key)


def is_ready(recovery: Recovery, now: datetime) -> bool:
    """Return True if its time has come, and all was told of it that the owner is to hear before."""
    return recovery.ready_at <= now and recovery.tell_at is None


def finish(recovery_id: int, now: datetime) -> bool:
    """Use it up, as part of the caller's transaction; False if it was stopped, used, or is not ready."""
    return affected(statements.FINISH, {"recovery_id": recovery_id, "now": now}) == 1


def stop(recovery: Recovery, person: Person, here: Here, by: str) -> bool:
    """Stop a recovery, as part of the caller's transaction; False if it was stopped, finished, or is too old.

    The person is told.
    """
    if not affected(statements.STOP, {"recovery_id": recovery.id, "now": here.now}):
        return False
    say_stopped(person, recovery.kind, here, by)
    return True


def stop_open(person: Person, here: Here, by: str) -> bool:
    """Stop the open recovery of a person, likewise; False if there is none."""
    stopped = run(statements.STOP_OPEN, {"whose": person.id, "now": here.now}).first()
    if stopped is None or stopped.ends_at <= here.now:
        return False
    say_stopped(person, stopped.kind, here, by)
    return True


def say_stopped(person: Person, kind: str, here: Here, by: str) -> None:
    """Write down that a recovery was stopped, and tell the person, as part of the caller's transaction."""
    activity.record(person.id, activity.RECOVERY_STOPPED, here, kind=kind, by=by)
    tell(messages.recovery_stopped, person, here.now, by=by)


def tell(notice: Callable[..., Message], person: Person, now: datetime, **details: Any) -> None:
    """Write *notice* to the person, as part of the caller's transaction, and to their other addresses."""
    details["has_password"] = accounts().has_password(person)
    outbox.post(notice, person, now, always=True, **details)
    tell_elsewhere(notice, person, now, **details)


def tell_elsewhere(notice: Callable[..., Message], person: Person, now: datetime, **details: Any) -> None:
    """Write *notice* to the person's other addresses alone."""
    for address in accounts().other_addresses(person):
        outbox.post(notice, person, now, to=address, always=True, copied=True, **details)


def forget_old(now: datetime) -> Iterator[int]:
    """Delete, batch by batch, those that ended a while ago: see :func:`mfa.database.in_batches`."""
    return in_batches(statements.DELETE_OLD, {"before": now - _STAYS})
