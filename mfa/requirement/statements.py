"""The statements about forms that wait, each made once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, Integer, bindparam, delete, insert, select

from mfa.database import first
from mfa.requirement.models import HeldForm


def _given(name: str, column: str) -> BindParameter[Any]:
    return bindparam(name, type_=HeldForm.__table__.c[column].type)


_OF_PERSON = HeldForm.person_id == _given("whose", "person_id")
_THIS = (
    HeldForm.id == _given("form_id", "id"),
    _OF_PERSON,
    HeldForm.expires_at > _given("now", "expires_at"),
)

HOLD = insert(HeldForm)

HELD = select(HeldForm.sealed).where(*_THIS)

TAKE = delete(HeldForm).where(*_THIS)
"""It finds no row if the form was sent before."""

MAKE_ROOM = delete(HeldForm).where(
    _OF_PERSON,
    HeldForm.id.not_in(
        select(HeldForm.id)
        .where(_OF_PERSON)
        .order_by(HeldForm.expires_at.desc())
        .limit(bindparam("newest", type_=Integer))
    ),
)

FORGET_ALL = delete(HeldForm).where(_OF_PERSON)

DELETE_EXPIRED = delete(HeldForm).where(
    first(HeldForm.expires_at, HeldForm.expires_at < _given("now", "expires_at"))
)
