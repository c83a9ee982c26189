"""Add rows to the chain one after the other, each in the transaction of what was done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from blinker import Signal
from flask_babel import lazy_gettext as _
from sqlalchemy import Row

from console.organization.audit import keys, statements
from console.organization.audit.chain import NOTHING_BEFORE, Copy, Link
from console.organization.audit.events import Event
from console.organization.audit.models import HEAD_ID, REASON_LENGTH, AuditHead
from mfa.activity import log
from mfa.database import insert_if_absent, run, transaction
from mfa.errors import Refusal
from mfa.here import Here

written_down = Signal()
"""Sent with each row in the transaction that writes it: the event, ``subject``, ``detail`` and ``now``."""
_NOTHING: Mapping[str, str] = MappingProxyType({})


class BadReason(Refusal):
    """A reason is missing, too long, or holds what is no text, like control characters."""

    says = _("Give a reason of 1 to 200 characters.")


def check_reason(text: str) -> None:
    """Refuse a reason that nobody could read later.

    :raises BadReason: it is empty, too long, or holds characters that don't show: they could make the line
        look like another one.
    """
    if not text.strip() or len(text) > REASON_LENGTH or not text.isprintable():
        raise BadReason


def write_down(
    event: str,
    *,
    actor: int | None,
    subject: int | None,
    reason: str = "",
    detail: Mapping[str, str] = _NOTHING,
    now: datetime,
) -> None:
    """Add a row to the chain, as part of the caller's transaction.

    Call it last there: it holds the head of the chain until the transaction ends, so all writers wait for
    each other from here on. To wait for any other row after it could be a deadlock.

    The security log gets the row's id and hash, so a log on another machine is a copy of them.

    :param event: one of :class:`.events.Event`.
    :param actor: the account that did it; None for a command of the operator.
    :param subject: the account that it was done to, if it was one.
    :param reason: as somebody gave it; see :func:`check_reason`.
    :param detail: what the sentence of the event needs: roles, settings, numbers. No name and no address: the
        row stays when the account is deleted.
    :raises BadReason: see :func:`check_reason`.
    :raises ValueError: there is no such event.
    """
    event = Event(event)
    if reason:
        check_reason(reason)
    written_down.send(event, subject=subject, detail=detail, now=now)
    head = _hold_head(count=1)
    key_id, key = keys.newest(now)
    link = Link(
        id=head.last_id,
        at=now,
        event=event.value,
        actor_id=actor,
        subject_id=subject,
        reason=reason,
        detail=json.dumps(dict(detail), sort_keys=True),
        key_id=key_id,
        previous=head.last_hash,
    )
    made = link.hash(key)
    run(statements.ADD_EVENT, {**vars(link), "hash": made})
    run(statements.NOTE_HASH, {"new_hash": made})
    log.after_commit(
        "audit_row_added",
        Here(now),
        outcome="done",
        account=actor,
        what=event.value,
        subject=None if subject is None else str(subject),
        row=link.id,
        hash=made.hex(),
    )


def replace_keys(now: datetime) -> bool:
    """Seal the keys of the chain with the current master key, and go on with a new one.

    Return False if there was nothing to do.

    :raises UnknownKey: a master key that is needed is not on the ring.
    :raises Unreadable: somebody changed a key in the database.
    """
    if not keys.are_stale():
        return False
    with transaction():
        _hold_head(count=0)
        if not keys.seal_again():
            return False  # somebody else did it at this moment
        keys.make(now)
        write_down(Event.KEYS_ROTATED, actor=None, subject=None, now=now)
    return True


def head() -> Copy:
    """Return the id and hash of the last row; 0 and zeros before there is one."""
    found = run(statements.HEAD).one_or_none()
    return Copy(found.last_id, bytes(found.last_hash)) if found else Copy(0, NOTHING_BEFORE)


def _hold_head(count: int) -> Row[tuple[int, bytes]]:
    """Lock the head until the transaction ends, and move its id on by *count*."""
    found = run(statements.COUNT_ON, {"count": count}).one_or_none()
    if found is None:
        last: Any = run(statements.NEWEST_EVENT).one_or_none()
        insert_if_absent(
            AuditHead,
            id=HEAD_ID,
            last_id=last.id if last else 0,
            last_hash=last.hash if last else NOTHING_BEFORE,
        )
        found = run(statements.COUNT_ON, {"count": count}).one()
    return found
