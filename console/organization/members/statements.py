"""The statements about members, each made once."""

from __future__ import annotations

import functools
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)

from console.accounts import search
from console.accounts.models import LISTED, Account
from mfa.columns import Instant, given
from mfa.factors.models import APP, PASSKEY, Authenticator
from mfa.people.models import PersonState


def _has(kind: str) -> ColumnElement[bool]:
    of_theirs = Authenticator.person_id == Account.person_id
    return exists().where(of_theirs, Authenticator.kind == literal_column(f"'{kind}'"))


_FOUND = select(
    Account,
    _has(APP).label("has_app"),
    _has(PASSKEY).label("has_passkey"),
    PersonState.required_at,
    PersonState.must_enroll_at,
).outerjoin(PersonState, PersonState.person_id == Account.person_id)
"""A member; with which kinds of authenticator; when they were first told what is required of them, and since
when they must set it up again."""

MEMBER = _FOUND.where(Account.id == given("account_id", Account.id), *LISTED[""])

IS_THERE = select(Account.id).where(Account.id == given("account_id", Account.id))

REMIND = (
    update(Account)
    .where(
        Account.id == given("account_id", Account.id),
        or_(Account.reminded_at.is_(None), Account.reminded_at <= bindparam("latest", type_=Instant)),
    )
    .values(reminded_at=bindparam("now", type_=Instant))
)
"""It finds no row if they were reminded after ``latest``."""


class Shape(NamedTuple):
    """What a statement for a page of members depends on; the values are parameters.

    :param sort: the column, one of :data:`console.accounts.models.SORTED_BY`.
    :param role: None for every role.
    :param at_most: how many members; PostgreSQL would prepare for a tenth of all if it were a parameter.
    """

    sort: str
    newest_first: bool
    has_text: bool
    is_without_two_step: bool
    is_locked: bool
    role: str | None
    is_first: bool
    at_most: int


@functools.lru_cache(maxsize=512)
def page(shape: Shape) -> Select[Account, bool, bool, datetime | None, datetime | None]:
    """Return the statement for a page: the members with ``text`` in their key, after the one ``after``.

    If that one is gone, it begins after their place of before, ``was_at``; with none, it finds nobody.

    The ids are found first, in an index that has the key of a search, too; then those few rows are read.
    """
    column = Account.__table__.c[shape.sort]
    place = tuple_(column, Account.id)
    order = (column.desc(), Account.id.desc()) if shape.newest_first else (column, Account.id)
    ids = select(Account.id).where(*LISTED[""])
    # The same conditions as in the indexes, or SQLite would not use these.
    if shape.is_without_two_step:
        ids = ids.where(*LISTED["without_two_step_"])
    if shape.is_locked:
        ids = ids.where(*LISTED["locked_"])
    if shape.role is not None:
        is_role = Account.role == literal_column(f"'{shape.role}'")
        ids = ids.where(is_role, *(LISTED["managing_"] if shape.role != "member" else ()))
    if shape.has_text:
        ids = ids.where(search.has(Account.search_key, bindparam("text")))
    if not shape.is_first:
        after = given("after", Account.id)
        there = Account.__table__.alias("there")
        now_at = select(there.c[shape.sort]).where(there.c.id == after).scalar_subquery()
        begins = tuple_(func.coalesce(now_at, given("was_at", column)), after)
        ids = ids.where(place < begins if shape.newest_first else place > begins)
    few = ids.order_by(*order).limit(literal_column(str(shape.at_most))).subquery()
    return _FOUND.join(few, few.c.id == Account.id).order_by(*order)
