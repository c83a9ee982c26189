"""The invitations page by page, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.accounts import search
from console.accounts.models import Account, Invitation
from console.extensions import db
from console.organization.invitations import rules, statements

PAGE = 25


class Show(StrEnum):
    """Which invitations are shown."""

    OPEN = ""
    ALL = "all"


class State(StrEnum):
    """What has become of an invitation."""

    WAITING = "waiting"
    EXPIRED = "expired"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"
    HAS_ACCOUNT = "has-account"
    """The address got an account in another way."""
    ENDED = "ended"
    """Its sender may no longer give the role."""


@dataclass(frozen=True)
class Wanted:
    """
    :param text: a part of the address, in either case.
    """

    text: str = ""
    show: Show = Show.OPEN


@dataclass(frozen=True)
class Listed:
    """An invitation as a page shows it.

    :param inviter: None for an account that is deleted.
    :param can_change: True if the visitor may withdraw it, and send it again where that is of use.
    """

    row: Invitation
    inviter: Account | None
    state: State
    can_change: bool

    @property
    def can_be_sent(self) -> bool:
        return self.can_change and self.state is not State.HAS_ACCOUNT


@dataclass(frozen=True)
class Page:
    """
    :param next: the id before which the next page begins, if there is one.
    """

    invitations: Sequence[Listed]
    next: int | None


def page(wanted: Wanted, reader: Account, now: datetime, before: int | None = None) -> Page:
    """Return a page of what is wanted.

    :param before: the id of the invitation after which it goes on; from the newest if None.
    """
    statement = statements.page(
        has_text=bool(wanted.text), is_open=wanted.show is Show.OPEN, is_first=before is None
    )
    values: dict[str, object] = {"at_most": PAGE + 1}
    if wanted.text:
        values["text"] = search.fold(wanted.text)
    if before is not None:
        values["before"] = before
    found = db.session.execute(statement, values).all()
    shown = [_listed(row, inviter, invited, reader, now) for row, inviter, invited in found[:PAGE]]
    return Page(shown, shown[-1].row.id if len(found) > PAGE else None)


def _listed(
    row: Invitation, inviter: Account | None, invited: Account | None, reader: Account, now: datetime
) -> Listed:
    state = _state(row, inviter, invited, now)
    is_open = not row.used_at and not row.withdrawn_at
    return Listed(row, inviter, state, is_open and rules.may_give(reader, row.role))


def _state(row: Invitation, inviter: Account | None, invited: Account | None, now: datetime) -> State:
    if row.used_at:
        return State.ACCEPTED
    if row.withdrawn_at:
        return State.WITHDRAWN
    if invited and not invited.removed_at:
        return State.HAS_ACCOUNT
    if not rules.may_give(inviter, row.role):
        return State.ENDED
    return State.EXPIRED if row.expires_at <= now else State.WAITING
