"""The wait of somebody who has lost everything, and its mails: at its beginning, in its middle, a day before
its end, and at its end, with the link that leads back.

The password was typed for the challenge at sign-in, a mailed number shows the mailbox. The owner, wherever
they still are, has the days of the wait to stop it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from mfa import database
from mfa.accounts import Person, find
from mfa.activity import rules as activity
from mfa.attempts import rules as attempts
from mfa.database import affected, run, transaction
from mfa.here import Here
from mfa.lifetimes import LONGEST_RECOVERY_SECONDS, READY_SECONDS
from mfa.notices import messages, outbox
from mfa.people import recoveries, rules as people, statements
from mfa.people.models import Recovery
from mfa.people.recoveries import WAIT, Plan
from mfa.people.rules import Changed, Owner
from mfa.recovery import number
from mfa.ring import ring
from mfa.settings import settings
from mfa.sign_in.challenges import Live
from mfa.sign_in.rules import ChallengeEnded

BEGUN, MIDDLE, NEAR = "begun", "middle", "near"
"""When a mail tells of a wait."""
_A_DAY = timedelta(days=1)
_LATE = timedelta(hours=1)
"""How late the mail a day before the end may be."""
_OPEN_FOR = timedelta(seconds=READY_SECONDS)
_KEPT_FOR = timedelta(seconds=LONGEST_RECOVERY_SECONDS)
"""How long after its beginning a wait is given up if its owner can't be told."""


def begin(live: Live, here: Here) -> Recovery:
    """Begin the wait, or return what is open already: help, or a wait that was begun before.

    :raises attempts.Throttled: it was begun and stopped too often.
    :raises ChallengeEnded: the challenge was answered, or the account was changed.
    """
    owner = live.owner
    found = recoveries.of(owner, here.now)
    if found is not None:
        return found
    ready_at = here.now + timedelta(days=settings().recovery_days)
    middle = here.now + (ready_at - here.now) / 2
    plan = Plan(WAIT, here.now, ready_at, ready_at + _OPEN_FOR, tell_at=middle)
    try:
        with transaction():
            people.hold(owner)
            attempts.count_success(attempts.account_subject(owner.id), attempts.RECOVERY_WAITS, here.now)
            recovery_id = recoveries.begin(owner, plan, here)
            activity.record(owner.id, activity.RECOVERY_BEGUN, here, kind=WAIT)
            begun = recoveries.get(recovery_id)
            assert begun is not None
            _tell(begun, owner.person, BEGUN, here.now)
    except Changed as error:
        raise ChallengeEnded from error
    return begun


def check_may_begin(owner: Owner, now: datetime) -> None:
    """Refuse to mail a number with which nothing could be begun.

    :raises attempts.Throttled: the wait was begun and stopped too often.
    """
    subject = attempts.account_subject(owner.id)
    if attempts.wait(subject, attempts.RECOVERY_WAITS, now):
        raise attempts.throttled(subject, attempts.RECOVERY_WAITS, now)


def send_link(recovery: Recovery, owner: Owner, here: Here) -> None:
    """Mail the link once more that leads back.

    :raises attempts.Throttled: it was mailed too short a time ago.
    """
    counts = number.lost_counts(owner, here.device)
    attempts.count(counts.subject, counts.sending, here.now)
    with transaction():
        _send_link(recovery, owner.person, here.now)


def tell_due(now: datetime) -> Iterator[int]:
    """Write the mails about waits that are due; yield how many each batch has."""
    if not settings().recovery_days:
        return
    while due := run(statements.UNTOLD, {"now": now, "at_most": database.BATCH}).all():
        for one in due:
            _tell_one(one, now)
        yield len(due)


def _tell_one(recovery: Any, now: datetime) -> None:
    try:
        person = find(recovery.person_id)
    except SQLAlchemyError:
        raise
    except Exception:
        # The others are told all the same, and this one later.
        current_app.logger.exception("the owner of a recovery could not be asked for")
        _put_off(recovery, now)
        return
    if now < recovery.begun_at + _KEPT_FOR and (person is None or not ring().has(recovery.key)):
        # Locked for a while, or this server lacks a new key: the way back opens only after they are told.
        _put_off(recovery, now)
        return
    is_alive = person is not None and recoveries.is_alive(recovery, people.owner(person), now)
    then, ready, ends = _next(recovery, now) if is_alive else (None, recovery.ready_at, now)
    with transaction():
        given = {"recovery_id": recovery.id, "told_at": recovery.tell_at}
        if not affected(statements.TELL, {**given, "then": then, "ready": ready, "ends": ends}):
            return
        told = recoveries.get(recovery.id)
        if person is None or not is_alive or told is None:
            return
        if then is None:
            _send_link(told, person, now)
        else:
            _tell(told, person, NEAR if then == ready else MIDDLE, now)


def _put_off(recovery: Any, now: datetime) -> None:
    then, ready, ends = now + _LATE, recovery.ready_at, recovery.ends_at
    if recovery.tell_at < ready <= then:
        # It must not be over before the mail that announces it.
        ready = then + _LATE
        ends = ready + _OPEN_FOR
    given = {"recovery_id": recovery.id, "told_at": recovery.tell_at, "then": then}
    with transaction():
        affected(statements.TELL, {**given, "ready": ready, "ends": ends})


def _next(recovery: Recovery, now: datetime) -> tuple[datetime | None, datetime, datetime]:
    """Return when to tell next, when the wait is over, and when its link ends.

    If the servers or the clock stood still, it is over a day after the mail that announces it.
    """
    ready, ends, due = recovery.ready_at, recovery.ends_at, recovery.tell_at
    assert due is not None
    if due >= ready:
        return None, ready, ends
    near = ready - _A_DAY
    if due < near and now < near:
        return near, ready, ends
    if now > near + _LATE:
        ready = now + _A_DAY
        ends = ready + _OPEN_FOR
    return ready, ready, ends


def _tell(recovery: Recovery, person: Person, phase: str, now: datetime) -> None:
    recoveries.tell(
        messages.recovery_waits,
        person,
        now,
        recovery=recovery.id,
        begun=recovery.begun_at.isoformat(),
        sent=now.isoformat(),
        ready=recovery.ready_at.isoformat(),
        phase=phase,
        device=recovery.device,
        network=recovery.network,
    )


def _send_link(recovery: Recovery, person: Person, now: datetime) -> None:
    outbox.post(
        messages.recovery_ready,
        person,
        now,
        always=True,
        recovery=recovery.id,
        sent=now.isoformat(),
        ends=recovery.ends_at.isoformat(),
        has_password=people.owner(person).has_password,
    )
