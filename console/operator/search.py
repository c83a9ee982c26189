"""Find accounts by what an operator may know of them. Nothing secret is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from console.accounts.models import Account
from console.extensions import db
from mfa.database import transaction
from mfa.factors.models import SecondStep

PAGE = 500


@dataclass(frozen=True)
class Found:
    """An account as a list shows it; the times are None where the account is not locked, 2SV is off, or
    no deletion was asked for."""

    id: int
    email: str
    name: str
    created_at: datetime
    locked_at: datetime | None
    two_step_since: datetime | None
    delete_at: datetime | None


@dataclass(frozen=True)
class Filter:
    """What accounts must be like; None lets all pass.

    :param text: part of the address or the name, in either case.
    """

    text: str | None = None
    locked: bool | None = None
    two_step: bool | None = None
    deletion: bool | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.text is not None:
            parts = (Account.email, Account.email_key, Account.name)
            found.append(or_(*(part.icontains(self.text, autoescape=True) for part in parts)))
        if self.locked is not None:
            found.append(_is(Account.locked_at, self.locked))
        if self.two_step is not None:
            found.append(_is(SecondStep.activated_at, self.two_step))
        if self.deletion is not None:
            found.append(_is(Account.delete_at, self.deletion))
        return found


def accounts(wanted: Filter) -> Iterator[Found]:
    """Return the accounts that pass *wanted* in the order of their ids, reading a page at a time."""
    after = 0
    while page := _page(wanted, after):
        yield from page
        after = page[-1].id


def _page(wanted: Filter, after: int) -> list[Found]:
    statement = (
        select(
            Account.id,
            Account.email,
            Account.name,
            Account.created_at,
            Account.locked_at,
            SecondStep.activated_at,
            Account.delete_at,
        )
        .outerjoin(SecondStep, SecondStep.person_id == Account.person_id)
        .where(Account.id > after, *wanted.conditions())
        .order_by(Account.id)
        .limit(PAGE)
    )
    with transaction():
        return [Found(*row) for row in db.session.execute(statement)]


def _is(moment: Any, there: bool) -> ColumnElement[bool]:
    found: ColumnElement[bool] = moment.is_not(None) if there else moment.is_(None)
    return found
