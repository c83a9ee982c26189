"""The statements about members, each made once."""

from __future__ import annotations

import functools
from typing import NamedTuple

from sqlalchemy import Integer, Select, bindparam, literal_column, or_, select, tuple_, update

from console.accounts import search
from console.accounts.models import LISTED, Account
from mfa.columns import Instant, given
from mfa.factors.models import Authenticator
from mfa.people.models import PersonState

PLACE = select(Account.search_key, Account.last_signed_in_at, Account.created_at).where(
    Account.id == given("account_id", Account.id)
)
"""Where a member stands in each order."""

KINDS = (
    select(Authenticator.person_id, Authenticator.kind)
    .where(Authenticator.person_id.in_(bindparam("person_ids", expanding=True)))
    .distinct()
)
"""Which kinds of authenticator some people have."""

NOTED = select(PersonState.person_id, PersonState.required_at, PersonState.must_enroll_at).where(
    PersonState.person_id.in_(bindparam("person_ids", expanding=True))
)
"""When some people were first told what is required of them, and since when they must set it up again."""

MEMBER = select(Account).where(Account.id == given("account_id", Account.id), *LISTED[""])

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
    """

    sort: str
    newest_first: bool
    has_text: bool
    is_without_two_step: bool
    is_locked: bool
    role: str | None
    is_first: bool


@functools.lru_cache(maxsize=512)
def page(shape: Shape) -> Select[Account]:
    """Return the statement for a page: ``at_most`` members with ``text`` in their key, after ``begins``.

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
        begins = tuple_(bindparam("begins", type_=column.type), given("after", Account.id))
        ids = ids.where(place < begins if shape.newest_first else place > begins)
    few = ids.order_by(*order).limit(bindparam("at_most", type_=Integer)).subquery()
    return select(Account).join(few, few.c.id == Account.id).order_by(*order)
