"""Help for a member who has lost every second step: asked for, approved, withdrawn, stopped by the member.

Once it is approved, the extension mails the member a link by which they set 2-step verification up again. Who
helps sees no secret and no link, and sets none.

Each change holds the member's row and is one conditional statement: of two at once, one wins, and the other
hears what became of the request. What the member does with the link is found in the extension's own rows, and
written down here when its signal comes, or by the housekeeping if the server stops before that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from flask.sansio.app import App
from flask_babel import lazy_gettext as _
from sqlalchemy import Row

from console.accounts.models import Account, Role
from console.activity import events
from console.extensions import db, two_step
from console.mail import messages
from console.organization import audit, rights
from console.organization.audit.listing import Person
from console.organization.help import statements
from mfa import accounts, database, signals
from mfa.activity import rules as activity
from mfa.database import affected, run, transaction
from mfa.errors import Refusal
from mfa.here import Here
from mfa.lifetimes import HELP_SECONDS
from mfa.notices import outbox
from mfa.people import recoveries, rules as people

WAITS = timedelta(hours=72)
"""How long a request can be approved."""
LINK_LASTS = timedelta(seconds=HELP_SECONDS)
STAYS_STOPPED = timedelta(hours=24)
"""How long nobody can ask again for a member who has said that it was not them."""
MOST_SHOWN = 10
"""Requests in the tab Members."""
_OPERATOR_LENGTH = 80


class State(StrEnum):
    """The state of a request; a form has the value."""

    WAITING = "waiting"
    OUT = "out"
    STOPPED = "stopped"
    OVER = "over"


class AskedAlready(Refusal):
    """There is a request for this member that is not over."""

    says = _("Somebody has asked for this already.")
    status = 409


class IsStopped(Refusal):
    """The member has stopped a reset a while ago."""

    says = _("The member has said that they did not want this. For 24 hours nobody can ask again.")
    status = 409


class NobodyElse(Refusal):
    """There is no second administrator, or for an owner no second owner, who could approve it."""

    says = _(
        "A second administrator has to approve this, and for an owner another owner. There is nobody who"
        " could."
    )


class OwnRequest(Refusal):
    """The person who asked wants to approve it themselves."""

    says = _("You have asked for this yourself. Somebody else has to approve it.")
    status = 403


class IsOver(Refusal):
    """The request was withdrawn or approved at this moment, or its time is over."""

    says = _("This request is over: it was approved or withdrawn, or its time has passed.")
    status = 409


class IsOut(Refusal):
    """Somebody wants to withdraw what was approved meanwhile."""

    says = _("It was approved meanwhile, and the link is on its way. You can still withdraw the link.")
    status = 409


class IsVoid(Refusal):
    """The person who asked may no longer do so, or the member can't be helped this way now."""

    says = _(
        "This request is void: the person who asked may not do so any more, or the member needs no reset now."
    )
    status = 409


@dataclass(frozen=True)
class Helped:
    """The member that a request is about.

    :param role: as it is now.
    """

    id: int
    name: str
    email: str
    role: Role


@dataclass(frozen=True)
class Shown:
    """A request as owners and administrators see it.

    :param asked_by, approved_by: None for an account that is gone; ``approved_by`` also before that.
    :param ends_at: until when it waits, the link is valid, or nobody asks again.
    """

    id: int
    state: State
    member: Helped
    reason: str
    asked_by: Person | None
    asked_at: datetime
    approved_by: Person | None
    approved_at: datetime | None
    stopped_at: datetime | None
    ends_at: datetime


@dataclass(frozen=True)
class Decision:
    """Somebody's press about a request that they have seen.

    :param by: who presses, an owner or administrator.
    :param member: whom it is about.
    :param request_id: the request that their page has shown.
    """

    by: Account
    member: Account
    request_id: int
    now: datetime


# What there is


def takes_two() -> bool:
    """Return True if a second administrator approves a reset."""
    return bool(run(statements.APPROVALS).scalar())


def could_approve(asker_id: int | None, member_id: int | None = None, role: Role = Role.MEMBER) -> list[Any]:
    """Return those who could approve it if *asker_id* asked for a member of that *role*."""
    return [
        one
        for one in run(statements.MANAGERS)
        if one.id not in (asker_id, member_id) and (role is not Role.OWNER or one.role is Role.OWNER)
    ]


def of(account_id: int, now: datetime) -> Shown | None:
    """Return the request for a member; None if there is none, or it is over."""
    row = run(statements.OF_ACCOUNT, {"whose": account_id}).first()
    if row is None:
        return None
    found = _shown(row, now)
    return None if found.state is State.OVER else found


def waiting(now: datetime) -> Sequence[Shown]:
    """Return the requests that wait for a second administrator: the first :data:`MOST_SHOWN` to end."""
    return [_shown(row, now) for row in run(statements.WAITING, {"now": now, "at_most": MOST_SHOWN})]


def may_withdraw(viewer: Account, shown: Shown) -> bool:
    """Return True if *viewer*, who manages, may withdraw it, or its link."""
    return shown.state in (State.WAITING, State.OUT) and rights.may(viewer, shown.member)


def may_approve(viewer: Account, shown: Shown) -> bool:
    """Return True if *viewer*, who manages, may approve it."""
    is_own = shown.asked_by is not None and shown.asked_by.id == viewer.id
    return shown.state is State.WAITING and not is_own and rights.may(viewer, shown.member)


# What is done


def ask(asker: Account, member: Account, reason: str, now: datetime) -> None:
    """Ask for the reset, as part of the caller's transaction, which holds both (:func:`rights.held`).

    Where nobody else has to approve it, the link goes out at once.

    :raises audit.BadReason: it is none.
    :raises AskedAlready, IsStopped: there is a request for the member already.
    :raises NobodyElse: there is nobody who could approve it.
    """
    audit.check_reason(reason)
    before = run(statements.OF_ACCOUNT, {"whose": member.id}).first()
    closed = _settle(before, now) if before else None
    if closed is State.STOPPED:
        raise IsStopped
    if closed not in (None, State.OVER):
        raise AskedAlready
    values = {"account_id": member.id, "reason": reason, "asked_by": asker.id, "asked_at": now}
    if not takes_two():
        values |= {"approved_by": asker.id, "approved_at": now, "ends_at": now + LINK_LASTS}
        request_id = run(statements.ADD, values).scalar_one()
        _send(request_id, member, reason, asker)
        _write_down(audit.Event.RESET_APPROVED, member.id, reason, now, actor=asker.id, by="one")
        return
    approvers = could_approve(asker.id, member.id, member.role)
    if not approvers:
        raise NobodyElse
    ends_at = now + WAITS
    run(statements.ADD, {**values, "ends_at": ends_at}).scalar_one()
    _tell_member(events.SUPPORT_RESET_ASKED, member, reason, asker, now)
    for approver in approvers:
        outbox.post(
            messages.reset_waits,
            approver,
            now,
            always=True,
            member=member.name,
            member_email=member.email,
            account=member.id,
            asker=asker.name,
            reason=reason,
            ends_at=ends_at.isoformat(),
        )
    _write_down(audit.Event.RESET_ASKED, member.id, reason, now, actor=asker.id)


def approve(decision: Decision) -> None:
    """Approve a request that somebody else has asked for: the member is mailed the link.

    The person who asked must still be one who may.

    :raises rights.NotAllowed, rights.Oneself, rights.NoMember: who presses may do nothing about the member.
    :raises OwnRequest: they have asked for it.
    :raises IsOver: somebody was first, or it is too late.
    :raises IsVoid: who asked may no longer ask, or there is nothing to reset; the request is deleted then.
    :raises people.Changed: the member's account was changed at the same moment.
    """
    by, member, now = decision.by, decision.member, decision.now
    request = run(statements.OF_ACCOUNT, {"whose": member.id}).first()
    if request is None or request.id != decision.request_id:
        raise IsOver
    asker_id = request.asked_by
    if asker_id == by.id:
        raise OwnRequest
    with rights.held(by, member, *([asker_id] if asker_id else [])) as found:
        asker, concerned = found.get(asker_id), found[member.id]
        may_ask = asker is not None and rights.may_act(asker) and rights.may(asker, concerned)
        is_void = not may_ask or not concerned.two_step_on or bool(concerned.locked_at)
        given = {"request_id": request.id, "now": now}
        if is_void:
            if not affected(statements.WITHDRAW, given):
                raise IsOver
            _write_down(audit.Event.RESET_ENDED, member.id, request.reason, now, why="void")
        else:
            if not affected(statements.APPROVE, {**given, "by": by.id, "until": now + LINK_LASTS}):
                raise IsOver
            _send(request.id, member, request.reason, by)
            _tell_asker(request, by, now, approved=True)
            _write_down(audit.Event.RESET_APPROVED, member.id, request.reason, now, actor=by.id)
    if is_void:
        raise IsVoid


def withdraw(decision: Decision, seen: State) -> None:
    """Withdraw a request that waits, or the link that is out.

    :param seen: as the page has shown it: :attr:`State.WAITING` or :attr:`State.OUT`.
    :raises rights.NotAllowed, rights.Oneself, rights.NoMember: who presses may do nothing about the member.
    :raises IsOut: it was seen waiting, and was approved meanwhile.
    :raises IsOver: there is no such request any more.
    """
    by, member, now = decision.by, decision.member, decision.now
    statement = statements.WITHDRAW if seen is State.WAITING else statements.WITHDRAW_LINK
    with rights.held(by, member):
        row = run(statements.OF_ACCOUNT, {"whose": member.id}).first()
        if row is None or row.id != decision.request_id:
            raise IsOver
        if seen is State.WAITING and _state(row, now) is State.OUT:
            raise IsOut
        if seen is State.OUT and _state(row, now) is not State.OUT:
            # The member has used or stopped the link: that is yet to be written down.
            raise IsOver
        if not affected(statement, {"request_id": row.id, "now": now}):
            raise IsOver
        if seen is State.OUT:
            two_step.stop_recovery(member, session=db.session())
        else:
            _tell_member(events.SUPPORT_RESET_WITHDRAWN, member, row.reason, by, now)
        _tell_asker(row, by, now, approved=False)
        _write_down(audit.Event.RESET_WITHDRAWN, member.id, row.reason, now, actor=by.id, stage=seen.value)


def drop(account_id: int) -> str | None:
    """Delete the request for a member, as part of the transaction of what makes it void; return its reason.

    Call :func:`note_dropped` with the reason at the end of that transaction. One that the member has stopped
    stays.
    """
    row = run(statements.OF_ACCOUNT, {"whose": account_id}).first()
    if row is None or row.stopped_at or not affected(statements.DELETE, {"request_id": row.id}):
        return None
    return str(row.reason)


def note_dropped(account_id: int, reason: str | None, now: datetime) -> None:
    """Write down that a request was dropped, if there was one."""
    if reason is not None:
        _write_down(audit.Event.RESET_ENDED, account_id, reason, now, why="void")


# What the member does, and what time does


def stop(member: accounts.Person, here: Here) -> bool:
    """Stop the request for a member who says that it was not them, as the link in their mail does.

    Before it is approved they have no such link. If it is approved at this moment, the link that is out then
    is stopped. Return False if there is no request any more.
    """
    now, whose = here.now, {"whose": int(member.id)}
    with transaction():
        people.wait_for(member.id)
        row = run(statements.OF_ACCOUNT, whose).first()
        if row is None:
            return False
        given = {"request_id": row.id, "now": now, "at": now, "until": now + STAYS_STOPPED}
        if affected(statements.STOP_WAITING, given):
            recoveries.say_stopped(member, recoveries.HELP, here, recoveries.OWNER)
            _tell_of_stop(row, now, now)
            return True
        # The statement holds off other writers, so from here on nothing changes any more.
        row = run(statements.OF_ACCOUNT, whose).first()
        if row is None or _state(row, now) is not State.OUT:
            return False
        return recoveries.stop_open(member, here, recoveries.OWNER)


def listen(app: App) -> None:
    """Settle a request of *app* as soon as the member uses or stops its link."""
    for signal in (signals.two_step_reset, signals.recovery_stopped):
        signal.connect(_hear, app)


def _hear(_app: App, *, person_id: str, now: datetime, **_said: Any) -> None:
    settle(int(person_id), now)


def settle(account_id: int, now: datetime) -> None:
    """Write down what became of the request for a member, if it was not yet, and end it."""
    if run(statements.OF_ACCOUNT, {"whose": account_id}).first() is None:
        return
    with transaction():
        people.wait_for(str(account_id))
        row = run(statements.OF_ACCOUNT, {"whose": account_id}).first()
        if row is not None:
            _settle(row, now)


def settle_all(now: datetime) -> Iterator[int]:
    """Settle every request whose time is over, or whose link is out; yield how many each batch has."""
    after, found, pace = 0, database.BATCH, database.Pace()
    while found >= database.BATCH:
        rows = run(statements.OVER_OR_OUT, {"now": now, "after": after, "at_most": database.BATCH}).all()
        found = len(rows)
        for row in rows:
            with pace.transaction():
                settle(row.account_id, now)
        after = rows[-1].id if rows else after
        yield found


def _settle(row: Row[Any], now: datetime) -> State:
    """Update a request to its state of now, as part of the caller's transaction, and return that state."""
    state = _state(row, now)
    if state is not State.OVER:
        return state
    if row.stopped_at:
        affected(statements.DELETE, {"request_id": row.id})
    elif row.link_used_at:
        affected(statements.DELETE, {"request_id": row.id})
        _write_down(audit.Event.RESET_FINISHED, row.account_id, row.reason, now, actor=row.account_id)
    elif row.link_stopped_at and _who_stopped(row) == recoveries.OWNER:
        at = row.link_stopped_at
        affected(statements.STOP, {"request_id": row.id, "at": at, "until": at + STAYS_STOPPED})
        _tell_of_stop(row, at, now)
        return State.STOPPED
    else:
        affected(statements.DELETE, {"request_id": row.id})
        _write_down(audit.Event.RESET_ENDED, row.account_id, row.reason, now, why=_why_over(row))
    return State.OVER


def _tell_of_stop(row: Row[Any], at: datetime, now: datetime) -> None:
    for manager in could_approve(None, row.account_id):
        outbox.post(
            messages.reset_stopped,
            manager,
            now,
            always=True,
            member=row.member_name,
            member_email=row.member_email,
            account=row.account_id,
            asker=row.asker_name or "",
            approver=row.approver_name or "",
            reason=row.reason,
            stopped_at=at.isoformat(),
            was_waiting=row.approved_at is None,
        )
    _write_down(audit.Event.RESET_STOPPED, row.account_id, row.reason, now, actor=row.account_id)


def _who_stopped(row: Row[Any]) -> str:
    asked = {"whose": str(row.account_id), "since": row.link_stopped_at}
    details = run(statements.WHO_STOPPED, asked).scalar()
    return str(details.get("by", "")) if details else ""


def _why_over(row: Row[Any]) -> str:
    if row.approved_at is None:
        return "not_approved"
    return "link_ended" if row.link_stopped_at or row.is_changed else "link_unused"


def _state(row: Row[Any], now: datetime) -> State:
    if row.stopped_at:
        return State.STOPPED if row.ends_at > now else State.OVER
    if row.approved_at is None:
        return State.WAITING if row.ends_at > now else State.OVER
    is_open = row.recovery and not (row.link_used_at or row.link_stopped_at or row.is_changed)
    return State.OUT if is_open and row.ends_at > now else State.OVER


def _shown(row: Row[Any], now: datetime) -> Shown:
    return Shown(
        id=row.id,
        state=_state(row, now),
        member=Helped(row.account_id, row.member_name, row.member_email, row.member_role),
        reason=row.reason,
        asked_by=_person(row.asked_by, row.asker_name, row.asker_email),
        asked_at=row.asked_at,
        approved_by=_person(row.approved_by, row.approver_name, row.approver_email),
        approved_at=row.approved_at,
        stopped_at=row.stopped_at,
        ends_at=row.ends_at,
    )


def _person(account_id: int | None, name: str | None, email: str | None) -> Person | None:
    return None if account_id is None else Person(account_id, name, email)


def _send(request_id: int, member: Account, reason: str, by: Account) -> None:
    """Have the extension mail the link, as part of the caller's transaction."""
    two_step.help(member, by=by.email[:_OPERATOR_LENGTH], reason=reason, session=db.session())
    affected(statements.NOTE_LINK, {"request_id": request_id, "whose": member.id})


def _tell_member(event: str, member: Account, reason: str, by: Account, now: datetime) -> None:
    whose = events.By.ORGANIZATION.value
    activity.record(member.id, event, Here(now), reason=reason, operator=by.email, by=whose)
    outbox.post(messages.by_support, member, now, always=True, what=event, reason=reason, by=whose)


def _tell_asker(row: Row[Any], by: Account, now: datetime, *, approved: bool) -> None:
    """Write to who asked for it what somebody else has decided, if they still manage."""
    for asker in run(statements.MANAGERS):
        if asker.id == row.asked_by and asker.id != by.id:
            outbox.post(
                messages.reset_decided,
                asker,
                now,
                always=True,
                member=row.member_name,
                member_email=row.member_email,
                account=row.account_id,
                decider=by.name,
                approved=approved,
                reason=row.reason,
            )


def _write_down(
    event: audit.Event, member_id: int, reason: str, now: datetime, *, actor: int | None = None, **detail: str
) -> None:
    audit.write_down(event, actor=actor, subject=member_id, reason=reason, detail=detail, now=now)
