"""The statements of the factors that run often, each made once.

``whose`` is the ``person_id``: an UPDATE takes a parameter with the name of a column for a value to set.
"""

from __future__ import annotations

from sqlalchemy import bindparam, delete, exists, func, insert, or_, select, update

from mfa.factors.models import PASSKEY as PASSKEY_KIND, Authenticator, RecoveryCode, SecondStep
from mfa.people.models import PersonState

_OF_PERSON = SecondStep.person_id == bindparam("whose")
_AUTHENTICATOR_OF_PERSON = Authenticator.person_id == bindparam("whose")
_THIS_AUTHENTICATOR = (_AUTHENTICATOR_OF_PERSON, Authenticator.id == bindparam("authenticator"))
_CODE_OF_PERSON = RecoveryCode.person_id == bindparam("whose")
_UNUSED_CODE_OF_PERSON = (_CODE_OF_PERSON, RecoveryCode.used_at.is_(None))
_THIS_CODE = RecoveryCode.digest == bindparam("code_digest")

COLUMNS = (*SecondStep.__table__.c, *(one for one in Authenticator.__table__.c if one.name != "person_id"))
"""Of the second step and of one authenticator, for :func:`mfa.factors.kinds.made_of`."""
CODES_LEFT = select(func.count()).where(*_UNUSED_CODE_OF_PERSON).scalar_subquery().label("codes_left")
CODE_USED_AT = (
    select(func.max(RecoveryCode.used_at)).where(_CODE_OF_PERSON).scalar_subquery().label("code_used_at")
)

IS_ON = select(exists().where(_OF_PERSON))

_PASSKEY_OF_PERSON = exists().where(_AUTHENTICATOR_OF_PERSON, Authenticator.kind == PASSKEY_KIND)

_STATE_OF_PERSON = PersonState.person_id == bindparam("whose")

HELD = select(
    exists().where(_OF_PERSON),
    _PASSKEY_OF_PERSON,
    select(PersonState.required_at).where(_STATE_OF_PERSON).scalar_subquery(),
    select(PersonState.must_enroll_at).where(_STATE_OF_PERSON).scalar_subquery(),
)
"""Whether it is on, whether one of the authenticators is a passkey, when the person was first told that it is
required, and since when they must enroll at once."""

WATCHED = select(
    select(SecondStep.activated_at).where(_OF_PERSON).scalar_subquery(),
    select(PersonState.must_enroll_at).where(_STATE_OF_PERSON).scalar_subquery(),
)
"""Since when it is on, and since when the person must enroll at once; NULL where not."""

STATE = select(
    SecondStep.activated_at,
    CODES_LEFT,
    CODE_USED_AT,
    SecondStep.codes_limited_until,
    SecondStep.checked_up_at,
).where(_OF_PERSON)
"""Since when it is on, how many recovery codes are unused, when one was last used, until when they are
limited, and when the check-up was answered; no row while it is off."""

LAST_USED_FIRST = (func.coalesce(Authenticator.last_used_at, Authenticator.added_at).desc(), Authenticator.id)

KEPT = (
    select(*COLUMNS)
    .join(Authenticator, Authenticator.person_id == SecondStep.person_id)
    .where(_OF_PERSON)
    .order_by(*LAST_USED_FIRST)
)
"""The second step with each of its authenticators; no row while it is off."""

AUTHENTICATORS = select(*Authenticator.__table__.c).where(_AUTHENTICATOR_OF_PERSON).order_by(Authenticator.id)
"""In the order in which they were added."""

USE_TIME_STEP = (
    update(Authenticator)
    .where(*_THIS_AUTHENTICATOR, Authenticator.used_step < bindparam("step"))
    .values(used_step=bindparam("step"), last_used_at=bindparam("now"))
)
"""It finds no row if this time step, or a later one, was used already."""

USE_PASSKEY = (
    update(Authenticator)
    .where(*_THIS_AUTHENTICATOR, or_(bindparam("count") == 0, Authenticator.sign_count < bindparam("count")))
    .values(sign_count=bindparam("count"), last_used_at=bindparam("now"))
)
"""It finds no row if it was removed, or used meanwhile with this count or a later one."""

SET_USER_HANDLE = (
    update(SecondStep)
    .where(_OF_PERSON, SecondStep.user_handle.is_(None))
    .values(user_handle=bindparam("handle"))
)
"""It finds no row if the person has a passkey, which knows them by the one that is there."""

PASSKEY = (
    select(*COLUMNS)
    .join(Authenticator, Authenticator.person_id == SecondStep.person_id)
    .where(Authenticator.credential_id == bindparam("credential"))
)
"""The passkey of a credential id, with the second step of its person."""

UNUSED_CODES = select(func.count()).where(*_UNUSED_CODE_OF_PERSON)

CODE_EXISTS = select(RecoveryCode.id).where(_CODE_OF_PERSON, _THIS_CODE)

UNUSED_CODE_EXISTS = select(RecoveryCode.id).where(*_UNUSED_CODE_OF_PERSON, _THIS_CODE)

DELETE_CODES = delete(RecoveryCode).where(_CODE_OF_PERSON)

INSERT_CODES = insert(RecoveryCode)

DELETE_AUTHENTICATORS = delete(Authenticator).where(_AUTHENTICATOR_OF_PERSON)

DELETE_AUTHENTICATOR = delete(Authenticator).where(*_THIS_AUTHENTICATOR)

DELETE_SECOND_STEP = delete(SecondStep).where(_OF_PERSON)

CHANGE_SECOND_STEP = update(SecondStep).where(_OF_PERSON)
"""Sets the columns whose values are given."""

REVOKE_SET = (
    update(SecondStep)
    .where(_OF_PERSON, SecondStep.recovery_salt == bindparam("salt_of_set"))
    .values(recovery_salt=bindparam("new_salt"), codes_limited_until=None)
)
"""It finds no row if the set of recovery codes was replaced, or revoked already."""

ANSWER_CHECK_UP = (
    update(SecondStep)
    .where(
        _OF_PERSON,
        SecondStep.checked_up_at.is_(None),
        SecondStep.activated_at <= bindparam("activated_before"),
    )
    .values(checked_up_at=bindparam("now"))
)
"""It finds no row if it is not asked for yet, or was answered."""

CHANGE_AUTHENTICATOR = update(Authenticator).where(*_THIS_AUTHENTICATOR)
"""Sets the columns whose values are given; it finds no row if it was removed."""

USE_CODE = update(RecoveryCode).where(*_UNUSED_CODE_OF_PERSON, _THIS_CODE).values(used_at=bindparam("now"))
"""It finds no row if this code was used already."""
