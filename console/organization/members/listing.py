"""The members of the organization: searched, filtered and sorted, page by page.

A page begins after a member, at their place of now in the order. No page counts those before it, so the last
one takes as long as the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Row

from console.accounts import search
from console.accounts.models import Account, Role
from console.extensions import db
from console.organization.members import statements
from console.policy.rules import Policy, policy
from mfa import Required
from mfa.database import run, transaction
from mfa.people import required
from mfa.people.required import Due

PAGE, EXPORTED_AT_ONCE = 25, 500
_Found = Row[Account, bool, bool, datetime | None, datetime | None]


class State(StrEnum):
    """Which members are shown."""

    ALL = ""
    WITHOUT_TWO_STEP = "without-2sv"
    LOCKED = "locked"


class Sort(StrEnum):
    """In which order. Moments run from the newest."""

    NAME = "name"
    LAST_SIGN_IN = "last-sign-in"
    JOINED = "joined"


COLUMNS = {Sort.NAME: "search_key", Sort.LAST_SIGN_IN: "last_signed_in_at", Sort.JOINED: "created_at"}


@dataclass(frozen=True)
class Wanted:
    """
    :param text: a part of the name or the address, in either case.
    :param role: None for every role.
    """

    text: str = ""
    state: State = State.ALL
    role: Role | None = None
    sort: Sort = Sort.NAME


@dataclass(frozen=True)
class Member:
    """
    :param has_app: True if an authenticator app is one of their second steps.
    :param has_passkey: the same for a passkey.
    :param due: by when they must have what they lack of what is required of them; None if they lack nothing,
        or can't sign in. With ``again``, since when they must set 2-step verification up again.
    """

    account: Account
    has_app: bool
    has_passkey: bool
    due: Due | None = None


@dataclass(frozen=True)
class Page:
    """
    :param next: the id after which the next page begins, if there is one.
    """

    members: Sequence[Member]
    next: int | None


def page(wanted: Wanted, now: datetime, after: int | None = None) -> Page:
    """Return a page of those who are wanted, as they are *now*.

    :param after: the id of the member after whom it begins; from the first if None, or if there is none such.
    """
    found = _page(wanted, now, after, None, PAGE)
    if after and not found.members and run(statements.IS_THERE, {"account_id": after}).first() is None:
        return _page(wanted, now, None, None, PAGE)
    return found


def _page(wanted: Wanted, now: datetime, after: int | None, was_at: object, size: int) -> Page:
    shape = statements.Shape(
        sort=COLUMNS[wanted.sort],
        newest_first=wanted.sort is not Sort.NAME,
        has_text=bool(wanted.text),
        is_without_two_step=wanted.state is State.WITHOUT_TWO_STEP,
        is_locked=wanted.state is State.LOCKED,
        role=wanted.role.value if wanted.role else None,
        is_first=not after,
        at_most=size + 1,
    )
    values: dict[str, object] = {"after": after, "was_at": was_at} if after else {}
    if wanted.text:
        values["text"] = search.fold(wanted.text)
    found = db.session.execute(statements.page(shape), values).all()
    members = _members(found[:size], now)
    return Page(members, members[-1].account.id if len(found) > size else None)


def one(account_id: int, now: datetime) -> Member | None:
    """Return a member as the database has them *now*; None if there is none with that id."""
    found = db.session.execute(
        statements.MEMBER, {"account_id": account_id}, execution_options={"populate_existing": True}
    )
    return next(iter(_members(found.all(), now)), None)


def every(wanted: Wanted, now: datetime) -> Iterator[Sequence[Member]]:
    """Return all who are wanted, by the page, also if the last member of one is deleted meanwhile."""
    after, was_at = None, None
    while True:
        with transaction():
            some = _page(wanted, now, after, was_at, EXPORTED_AT_ONCE)
            db.session.expunge_all()
        yield some.members
        if some.next is None:
            return
        after, was_at = some.next, getattr(some.members[-1].account, COLUMNS[wanted.sort])


def _members(found: Sequence[_Found], now: datetime) -> list[Member]:
    rule = policy()
    return [_member(row, rule, now) for row in found]


def _member(row: _Found, rule: Policy, now: datetime) -> Member:
    account, has_app, has_passkey, required_at, must_enroll_at = row
    is_on = account.two_step_on
    member = Member(account, has_app=is_on and has_app, has_passkey=is_on and has_passkey)
    if account.locked_at:
        return member
    lacks = _lacks(member, rule)
    if must_enroll_at and not is_on:
        return replace(member, due=replace(required.at_once(lacks, now), at=must_enroll_at))
    if lacks is None:
        return member
    return replace(member, due=replace(required.foreseen(lacks, required_at, now), is_on=is_on))


def _lacks(member: Member, rule: Policy) -> Required | None:
    """Return what is required of a member who lacks some of it."""
    is_on = member.account.two_step_on
    wanted = rule.required_of(member.account.role, is_on=is_on)
    return None if wanted and is_on and (member.has_passkey or not wanted.passkey) else wanted
