"""The statement of sign-in, made once."""

from __future__ import annotations

from sqlalchemy import BigInteger, bindparam, case, func, literal_column, select

from console.accounts.models import Account
from console.policy import statements as policy
from console.policy.models import OrganizationSettings
from mfa.people.statements import epoch_of

_IDS = (
    select(
        select(func.min(Account.id)).scalar_subquery().label("first"),
        select(func.max(Account.id)).scalar_subquery().label("last"),
    )
    # One row anyway: this keeps PostgreSQL from looking for each of them wherever it is named below.
    .limit(1)
    .subquery()
)
_POWERS = [literal_column(str(1 << bits), BigInteger) for bits in range(63)]
_SPAN = _IDS.c.last - _IDS.c.first
_ROOM = (
    select(
        _IDS.c.first,
        _SPAN.label("span"),
        case(*((power > _SPAN, power) for power in _POWERS)).label("power"),
    )
    .limit(1)
    .subquery()
)
_NUMBER = bindparam("number", type_=BigInteger)
_FROM_THE_FIRST = case(
    (_NUMBER % _ROOM.c.power <= _ROOM.c.span, _NUMBER % _ROOM.c.power),
    else_=_NUMBER % (_ROOM.c.power // 2),
)
_SOMEBODY = Account.__table__.alias()
_STAND_IN = (
    select(_SOMEBODY.c.password_hash)
    .where(_SOMEBODY.c.id >= _ROOM.c.first + _FROM_THE_FIRST)
    .order_by(_SOMEBODY.c.id)
    .limit(1)
    .scalar_subquery()
)

ACCOUNT_AND_STAND_IN = (
    select(Account, _STAND_IN, epoch_of(Account.__table__.c.id), *policy.COLUMNS)
    .select_from(_ROOM)
    .outerjoin(Account, Account.email_key == bindparam("email_key"))
    .join(OrganizationSettings, policy.IS_THE_ONE)
)
"""The account of an address, or None; the password hash of the account that stands in for it; the epoch of
its known devices; and what the organization asks of everybody.

``number`` is from a keyed hash of the address: see :func:`console.auth.password.seek`.
"""
