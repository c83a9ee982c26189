"""The statements about requests to help, each made once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    SQLColumnExpression,
    String,
    bindparam,
    cast,
    delete,
    exists,
    insert,
    select,
    update,
)
from sqlalchemy.orm import aliased

from console.accounts.models import LISTED, Account
from console.organization.help.models import HelpRequest
from console.policy.models import OrganizationSettings
from console.policy.statements import IS_THE_ONE
from mfa.activity import rules as activity
from mfa.activity.models import ActivityEvent
from mfa.columns import given
from mfa.people.models import IS_OPEN, PersonState, Recovery

_THIS = HelpRequest.id == given("request_id", HelpRequest.id)
_OF_ACCOUNT = HelpRequest.account_id == given("whose", HelpRequest.account_id)
_WAITS = (
    HelpRequest.approved_at.is_(None),
    HelpRequest.stopped_at.is_(None),
    HelpRequest.ends_at > given("now", HelpRequest.ends_at),
)
_IS_OUT = (HelpRequest.approved_at.is_not(None), HelpRequest.stopped_at.is_(None))
_member, _asker, _approver = aliased(Account), aliased(Account), aliased(Account)

APPROVALS = select(OrganizationSettings.approves_resets).where(IS_THE_ONE)
"""Whether a second administrator approves a reset."""

MANAGERS = (
    select(Account.id, Account.email, Account.name, Account.language, Account.role)
    .where(*LISTED["managing_"], Account.locked_at.is_(None), Account.delete_at.is_(None))
    .order_by(Account.id)
)
"""Those who may do something about members: neither locked nor about to leave."""


def is_waiting(account_id: SQLColumnExpression[int]) -> ColumnElement[bool]:
    """For the statement of another room: whether there is a request for an account that nobody has decided.

    Its time may be over.
    """
    undecided = HelpRequest.approved_at.is_(None), HelpRequest.stopped_at.is_(None)
    return exists().where(HelpRequest.account_id == account_id, *undecided)


def _requests() -> Select[Any]:
    """Return the statement that reads requests, with whom they name and what became of the link."""
    return (
        select(
            *HelpRequest.__table__.c,
            _member.name.label("member_name"),
            _member.email.label("member_email"),
            _member.role.label("member_role"),
            _asker.name.label("asker_name"),
            _asker.email.label("asker_email"),
            _approver.name.label("approver_name"),
            _approver.email.label("approver_email"),
            Recovery.id.label("recovery"),
            Recovery.stopped_at.label("link_stopped_at"),
            Recovery.finished_at.label("link_used_at"),
            (Recovery.generation != PersonState.generation).label("is_changed"),
        )
        .join(_member, _member.id == HelpRequest.account_id)
        .outerjoin(_asker, _asker.id == HelpRequest.asked_by)
        .outerjoin(_approver, _approver.id == HelpRequest.approved_by)
        .outerjoin(Recovery, Recovery.id == HelpRequest.recovery_id)
        .outerjoin(PersonState, PersonState.person_id == Recovery.person_id)
    )


OF_ACCOUNT = _requests().where(_OF_ACCOUNT)

WAITING = (
    _requests()
    .where(*_WAITS, _member.removed_at.is_(None))
    .order_by(HelpRequest.ends_at, HelpRequest.id)
    .limit(bindparam("at_most", type_=Integer))
)
"""Those that wait for a second administrator, the one that ends next first."""

ADD = insert(HelpRequest).returning(HelpRequest.id)

APPROVE = (
    update(HelpRequest)
    .where(_THIS, *_WAITS)
    .values(
        approved_by=given("by", HelpRequest.approved_by),
        approved_at=given("now", HelpRequest.approved_at),
        ends_at=given("until", HelpRequest.ends_at),
    )
)
"""It finds no row if somebody was first, with this or with a withdrawal, or if the time is over."""

WITHDRAW = delete(HelpRequest).where(_THIS, *_WAITS)
"""Likewise."""

WITHDRAW_LINK = delete(HelpRequest).where(
    _THIS, *_IS_OUT, HelpRequest.ends_at > given("now", HelpRequest.ends_at)
)

DELETE = delete(HelpRequest).where(_THIS)

NOTE_LINK = (
    update(HelpRequest)
    .where(_THIS)
    .values(
        recovery_id=select(Recovery.id)
        .where(Recovery.person_id == cast(given("whose", HelpRequest.account_id), String), IS_OPEN)
        .scalar_subquery()
    )
)
"""Note which recovery was begun for the request; a person has one that is open."""

_STOPPED = {
    "stopped_at": given("at", HelpRequest.stopped_at),
    "ends_at": given("until", HelpRequest.ends_at),
}

STOP = update(HelpRequest).where(_THIS, *_IS_OUT).values(_STOPPED)

STOP_WAITING = update(HelpRequest).where(_THIS, *_WAITS).values(_STOPPED)
"""It finds no row if it was approved or withdrawn first."""

WHO_STOPPED = (
    select(ActivityEvent.details)
    .where(
        ActivityEvent.person_id == bindparam("whose", type_=String),
        ActivityEvent.event == activity.RECOVERY_STOPPED,
        ActivityEvent.happened_at >= given("since", ActivityEvent.happened_at),
    )
    .order_by(ActivityEvent.id)
    .limit(1)
)
"""What the person's own activity says about the link that was stopped at ``since``."""

OVER_OR_OUT = (
    select(HelpRequest.id, HelpRequest.account_id)
    .where(
        HelpRequest.id > given("after", HelpRequest.id),
        (HelpRequest.ends_at <= given("now", HelpRequest.ends_at))
        | HelpRequest.approved_at.is_not(None) & HelpRequest.stopped_at.is_(None),
    )
    .order_by(HelpRequest.id)
    .limit(bindparam("at_most", type_=Integer))
)
"""The next requests of which something may have to be written down."""
