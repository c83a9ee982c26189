"""The statements of the factors that run often, each made once.

``whose`` is the ``person_id``: an UPDATE takes a parameter with the name of a column for a value to set.
"""

from __future__ import annotations

from sqlalchemy import bindparam, exists, func, select, update

from mfa.factors.models import Authenticator, RecoveryCode

_OF_PERSON = Authenticator.person_id == bindparam("whose")
_CODE_OF_PERSON = RecoveryCode.person_id == bindparam("whose")
_UNUSED_CODE_OF_PERSON = (_CODE_OF_PERSON, RecoveryCode.used_at.is_(None))
_THIS_CODE = RecoveryCode.digest == bindparam("code_digest")

IS_ON = select(exists().where(_OF_PERSON))

STATE = select(
    Authenticator.activated_at,
    select(func.count()).where(*_UNUSED_CODE_OF_PERSON).scalar_subquery(),
    select(func.max(RecoveryCode.used_at)).where(_CODE_OF_PERSON).scalar_subquery(),
).where(_OF_PERSON)
"""Since when it is on, how many recovery codes are unused, when one was last used; no row while it is off."""

USE_TIME_STEP = (
    update(Authenticator)
    .where(_OF_PERSON, Authenticator.used_step < bindparam("step"))
    .values(used_step=bindparam("step"))
)
"""It finds no row if this time step, or a later one, was used already."""

UNUSED_CODES = select(func.count()).where(*_UNUSED_CODE_OF_PERSON)

CODE_EXISTS = select(RecoveryCode.id).where(_CODE_OF_PERSON, _THIS_CODE)

UNUSED_CODE_EXISTS = select(RecoveryCode.id).where(*_UNUSED_CODE_OF_PERSON, _THIS_CODE)

USE_CODE = update(RecoveryCode).where(*_UNUSED_CODE_OF_PERSON, _THIS_CODE).values(used_at=bindparam("now"))
"""It finds no row if this code was used already."""
