"""What all changes of the second step share: each is done once, is counted, and is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mfa.accounts import accounts
from mfa.activity import rules as activity
from mfa.attempts import rules as attempts
from mfa.database import with_host
from mfa.enrollment.pending import Pending
from mfa.enrollment.purposes import Purpose
from mfa.errors import Refusal
from mfa.here import Here
from mfa.notices import outbox
from mfa.people import rules as people
from mfa.people.rules import Changed, Owner
from mfa.sign_in import rules as sign_in

_SPENT = "pending"


class Stale(Refusal):
    """A step of something that is over: completed, canceled, or never begun in this session."""


class Expired(Stale):
    """It was open for too long."""


class StartedOver(Stale):
    """It was started over in another window."""


class Displaced(Stale):
    """Something else was begun after it, and took its place."""


class Completed(Stale):
    """It was completed already, by a press whose answer may have been lost."""


class Removed(Stale):
    """The authenticator that it is about was removed."""


class AlreadyOn(Stale):
    """2-step verification is on: there is nothing to activate."""


def is_spent(pending_id: str) -> bool:
    """Whether the pending thing of that id was completed, or an enrollment canceled."""
    return attempts.is_spent(_SPENT, pending_id)


def spend(pending: Pending, now: datetime) -> None:
    """Use up what is pending, as part of the caller's transaction.

    :raises Stale: it was completed or canceled.
    """
    try:
        attempts.spend(_SPENT, pending.id, now)
    except attempts.AlreadySpent as error:
        raise Stale from error


def advance(owner: Owner, pending: Pending, *, forget_devices: bool) -> None:
    """Count the change; what waits for a code, or was begun before it, ends, and no browser is remembered.

    Who signed in with the password alone has not shown a second step on any device; and an old phone may be
    in other hands, and with it a browser that was known: then every device is a new one.
    """
    if not owner.is_marked(pending.mark, pending.key):
        raise Changed
    people.advance(owner, forget_devices=forget_devices)
    sign_in.end_all(owner.id)


def tell(
    owner: Owner, purpose: Purpose, here: Here, *, details: Mapping[str, Any] | None = None, **of: Any
) -> None:
    """Tell the owner, in Activity and by mail.

    :param details: what the mail says besides.
    :param of: the authenticator that it is about; its ``name`` stands in Activity alone.
    """
    needs = purpose.needs
    assert needs.mail
    activity.record(owner.id, needs.event, here, **of)
    of.pop("name", None)
    outbox.post(needs.mail, owner, here.now, has_password=owner.has_password, **of, **(details or {}))


def end_other_sessions(owner: Owner) -> None:
    """Have the host end all sessions of the owner but this one."""
    with_host(lambda: accounts().end_other_sessions(owner.person))
