"""What may happen to a recovery: it is begun, stopped by a press, or finished by password and mailbox.

Finishing turns the old second step off and has the person enroll at once. Stopping and finishing are each one
conditional statement: of two at once, one wins, and the other gets :class:`LinkEnded`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mfa.accounts import Person, accounts, find
from mfa.activity import rules as activity
from mfa.crypto import links
from mfa.database import transaction, with_host
from mfa.enrollment import rules as enrollment
from mfa.errors import Refusal
from mfa.factors import kinds as factors
from mfa.here import Here
from mfa.i18n import lazy_gettext as _
from mfa.lifetimes import HELP_SECONDS
from mfa.notices import messages, outbox, recovery_link
from mfa.notices.delivery import NoAddress
from mfa.people import recoveries, rules as people
from mfa.people.models import Recovery
from mfa.people.recoveries import HELP, Plan
from mfa.people.rules import Changed, Owner
from mfa.settings import settings


class IsOff(Refusal):
    """There is nothing to help with: no second step is in the way."""

    says = _("2-step verification is off for this person.")


class LinkEnded(Refusal):
    """The link of a recovery is too old, used, not genuine, was stopped, or the account was changed since."""


@dataclass(frozen=True)
class Open:
    """A recovery that may be finished now, and whose it is."""

    recovery: Recovery
    owner: Owner


def help_back(person: Person, *, by: str, reason: str, here: Here) -> None:
    """Mail a person the link that leads back, as part of the caller's transaction; see ``TwoStep.help``.

    :raises enrollment.NoReason: no reason, or a longer one.
    :raises NoAddress: they have no address to mail it to.
    :raises IsOff: 2-step verification is off.
    """
    enrollment.check_reason(reason)
    if not person.email:
        raise NoAddress
    if not factors.is_on(person.id):
        raise IsOff
    owner = people.owner(person)
    ends_at = here.now + timedelta(seconds=HELP_SECONDS)
    plan = Plan(HELP, here.now, here.now, ends_at, operator=by[:80], reason=reason)
    begun: dict[str, Any] = {"recovery": recoveries.begin(owner, plan, here), "begun": here.now.isoformat()}
    activity.record(person.id, activity.RECOVERY_BEGUN, here, kind=HELP, reason=reason, operator=by)
    outbox.post(
        messages.recovery_help,
        person,
        here.now,
        always=True,
        reason=reason,
        has_password=owner.has_password,
        **begun,
    )
    recoveries.tell_elsewhere(
        messages.recovery_begun, person, here.now, has_password=owner.has_password, **begun
    )


# The link that leads back


def find_open(token: str, now: datetime) -> Open:
    """Return the recovery of a link, if it may be finished now.

    :raises LinkEnded: it may not.
    """
    recovery, person = _found(recovery_link.BACK, token, now)
    owner = people.owner(person)
    is_offered = recovery.kind == HELP or settings().recovery_days > 0
    if not is_offered or not recoveries.is_ready(recovery, now):
        raise LinkEnded
    if not recoveries.is_alive(recovery, owner, now):
        raise LinkEnded
    return Open(recovery, owner)


def finish(found: Open, here: Here) -> None:
    """Turn the old second step off for somebody who has shown password and mailbox.

    Every session ends, no browser is remembered, and the person has to enroll before anything else.

    :raises LinkEnded: it was stopped or finished meanwhile, or the account was changed.
    """
    recovery, owner = found.recovery, found.owner
    try:
        with transaction():
            people.hold(owner)
            if not recoveries.finish(recovery.id, here.now) or not enrollment.take_away(owner.id):
                raise LinkEnded
            people.must_enroll(owner.id, here.now)
            said = {"reason": recovery.reason, "operator": recovery.operator, "recovery": recovery.kind}
            activity.record(owner.id, activity.TWO_STEP_RESET, here, **said)
            recoveries.tell(messages.recovery_finished, owner.person, here.now, **here.seen)
            with_host(lambda: accounts().end_sessions(owner.person))
    except Changed as error:
        raise LinkEnded from error


# The link that stops it, and the press


def find_to_stop(token: str, now: datetime) -> tuple[Recovery, Person]:
    """Return the recovery of a link that stops it, and whose it is.

    :raises LinkEnded: it was stopped or finished, or is over.
    """
    recovery, person = _found(recovery_link.STOP, token, now)
    if not recoveries.may_be_alive(recovery, people.owner(person), now):
        raise LinkEnded
    return recovery, person


def whose(token: str, now: datetime) -> Person | None:
    """Return to whom a link that stops a recovery was mailed, also if it is over; None if it is forged."""
    try:
        return _found(recovery_link.STOP, token, now)[1]
    except LinkEnded:
        return None


def stop(token: str, here: Here) -> Person:
    """Stop the recovery of a link: nobody can finish it any more. Return whose it was.

    :raises LinkEnded: see :func:`find_to_stop`; also for the second of two at once.
    """
    recovery, person = find_to_stop(token, here.now)
    with transaction():
        people.wait_for(person.id)
        if not recoveries.stop(recovery, person, here, recoveries.OWNER):
            raise LinkEnded
    return person


def stop_open(person: Person, here: Here, by: str) -> bool:
    """Stop the open recovery of a person; False if there is none."""
    with transaction():
        people.wait_for(person.id)
        return recoveries.stop_open(person, here, by)


def _found(purpose: str, token: str, now: datetime) -> tuple[Recovery, Person]:
    try:
        recovery = recoveries.get(recovery_link.read(purpose, token, now))
    except links.BadToken as error:
        raise LinkEnded from error
    person = find(recovery.person_id) if recovery else None
    if recovery is None or person is None:
        raise LinkEnded
    return recovery, person
