"""The members of the organization: searched, filtered and sorted, page by page.

A page begins after a member, at their place of now in the order. No page counts those before it, so the last
one takes as long as the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row

from console.accounts import search
from console.accounts.models import Account, Role
from console.extensions import db
from console.organization.members import statements
from console.policy.rules import Policy, policy
from mfa import Required
from mfa.database import run, transaction
from mfa.factors.models import APP, PASSKEY
from mfa.people import required
from mfa.people.required import Due

PAGE, EXPORTED_AT_ONCE = 25, 500


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
    :param kinds: of the authenticators: empty while 2-step verification is off.
    :param due: by when they must have what they lack of what is required of them; None if they lack nothing,
        or can't sign in. With ``again``, since when they must set 2-step verification up again.
    """

    account: Account
    kinds: frozenset[str]
    due: Due | None = None

    @property
    def has_app(self) -> bool:
        return APP in self.kinds

    @property
    def has_passkey(self) -> bool:
        return PASSKEY in self.kinds


@dataclass(frozen=True)
class Page:
    """
    :param next: the id after which the next page begins, if there is one.
    """

    members: Sequence[Member]
    next: int | None


def page(wanted: Wanted, now: datetime, after: int | None = None, *, size: int = PAGE) -> Page:
    """Return a page of those who are wanted, as they are *now*.

    :param after: the id of the member after whom it begins; from the first if None, or if there is none such.
    """
    begins = run(statements.PLACE, {"account_id": after}).first() if after else None
    shape = statements.Shape(
        sort=COLUMNS[wanted.sort],
        newest_first=wanted.sort is not Sort.NAME,
        has_text=bool(wanted.text),
        is_without_two_step=wanted.state is State.WITHOUT_TWO_STEP,
        is_locked=wanted.state is State.LOCKED,
        role=wanted.role.value if wanted.role else None,
        is_first=begins is None,
    )
    values: dict[str, object] = {"at_most": size + 1}
    if wanted.text:
        values["text"] = search.fold(wanted.text)
    if begins is not None:
        values |= {"begins": getattr(begins, shape.sort), "after": after}
    found = db.session.scalars(statements.page(shape), values).all()
    shown = found[:size]
    return Page(_members(shown, now), shown[-1].id if len(found) > size else None)


def one(account_id: int, now: datetime) -> Member | None:
    """Return a member as the database has them *now*; None if there is none with that id."""
    account = db.session.scalar(
        statements.MEMBER, {"account_id": account_id}, execution_options={"populate_existing": True}
    )
    return _members([account], now)[0] if account else None


def every(wanted: Wanted, now: datetime) -> Iterator[Sequence[Member]]:
    """Return all who are wanted, by the page."""
    after: int | None = None
    while True:
        with transaction():
            some = page(wanted, now, after, size=EXPORTED_AT_ONCE)
            db.session.expunge_all()
        yield some.members
        after = some.next
        if after is None:
            return


def _members(accounts: Sequence[Account], now: datetime) -> list[Member]:
    kinds = _kinds([account.person_id for account in accounts if account.two_step_on])
    found = [Member(account, frozenset(kinds.get(account.person_id, ()))) for account in accounts]
    rule = policy()
    lacking = {member.account.person_id: lacks for member in found if (lacks := _lacks(member, rule))}
    off = (account for account in accounts if not account.two_step_on and not account.locked_at)
    asked = lacking.keys() | {account.person_id for account in off}
    if not asked:
        return found
    noted = {row.person_id: row for row in run(statements.NOTED, {"person_ids": list(asked)})}
    return [
        _with_due(member, lacking.get(member.account.person_id), noted.get(member.account.person_id), now)
        for member in found
    ]


def _lacks(member: Member, rule: Policy) -> Required | None:
    """Return what is required of a member who lacks some of it and may sign in."""
    account = member.account
    wanted = rule.required_of(account.role, is_on=account.two_step_on)
    if wanted is None or account.locked_at:
        return None
    return None if account.two_step_on and (member.has_passkey or not wanted.passkey) else wanted


def _with_due(member: Member, lacks: Required | None, noted: Row[Any] | None, now: datetime) -> Member:
    is_on = member.account.two_step_on
    if noted and noted.must_enroll_at and not is_on:
        return replace(member, due=replace(required.at_once(lacks, now), at=noted.must_enroll_at))
    if lacks is None:
        return member
    due = required.foreseen(lacks, noted.required_at if noted else None, now)
    return replace(member, due=replace(due, is_on=is_on))


def _kinds(person_ids: Sequence[str]) -> dict[str, set[str]]:
    kinds: dict[str, set[str]] = {}
    if person_ids:
        for person_id, kind in run(statements.KINDS, {"person_ids": person_ids}):
            kinds.setdefault(person_id, set()).add(kind)
    return kinds
