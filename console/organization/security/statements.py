"""The statements of the tab Security settings and of its mails, each made once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, Update, bindparam, case, exists, func, select, update

from console.accounts.models import LISTED, Account, Role
from console.policy.models import OrganizationSettings
from console.policy.statements import IS_THE_ONE
from mfa.columns import given
from mfa.factors.models import PASSKEY, Authenticator, SecondStep

_IS_ON = exists().where(SecondStep.person_id == Account.person_id)
_HAS_PASSKEY = exists().where(Authenticator.person_id == Account.person_id, Authenticator.kind == PASSKEY)
_MANAGES = Account.role != Role.MEMBER
_MAY_SIGN_IN = Account.locked_at.is_(None)
_HERE = (_MAY_SIGN_IN, Account.removed_at.is_(None))

SETTINGS = select(OrganizationSettings.__table__).where(IS_THE_ONE)

SAVE = update(OrganizationSettings).where(
    IS_THE_ONE, OrganizationSettings.version == given("seen", OrganizationSettings.version)
)
"""Sets the columns whose values are given; it finds no row if somebody has changed them since."""

EVERYBODY = select(func.count(), func.count(case((Account.two_step_on.is_(False), 1)))).where(*_HERE)
"""How many people there are, and how many of them have it off."""

MANAGERS = select(
    func.count(),
    func.count(case((Account.two_step_on.is_(False), 1))),
    func.count(case((~_HAS_PASSKEY, 1))),
).where(*_HERE, *LISTED["managing_"])
"""Likewise those who manage; and how many of them have no passkey."""


def _next(*of: Any) -> Any:
    """Return the statement that reads the next accounts to be told, and whether they have it on."""
    return (
        select(
            Account.id,
            Account.email,
            Account.name,
            Account.language,
            (_MAY_SIGN_IN & ~_IS_ON).label("is_told"),
        )
        .where(Account.id > given("told", Account.id), *of)
        .order_by(Account.id)
        .limit(bindparam("at_most", type_=Integer))
    )


NEXT_MANAGERS = _next(_MANAGES)
NEXT_MEMBERS = _next(~_MANAGES)


def _reach(group: str) -> Update:
    told = OrganizationSettings.__table__.c[f"{group}_told"]
    since = OrganizationSettings.__table__.c[f"{group}_since"]
    return (
        update(OrganizationSettings)
        .where(IS_THE_ONE, told == given("told", told), since == given("since", since))
        .values({told: given("up_to", told)})
    )


ADMINISTRATORS_TOLD = _reach("administrators")
MEMBERS_TOLD = _reach("members")
"""They find no row if another server has told them, or if the requirement was switched off, or off and on."""
