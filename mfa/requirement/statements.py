"""The statements about forms that wait, each made once."""

from __future__ import annotations

from sqlalchemy import Integer, bindparam, delete, insert, select

from mfa.columns import given
from mfa.database import first
from mfa.requirement.models import HeldForm

_OF_PERSON = HeldForm.person_id == given("whose", HeldForm.person_id)
_THIS = (
    HeldForm.id == given("form_id", HeldForm.id),
    _OF_PERSON,
    HeldForm.expires_at > given("now", HeldForm.expires_at),
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
    first(HeldForm.expires_at, HeldForm.expires_at < given("now", HeldForm.expires_at))
)
