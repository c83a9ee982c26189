"""The statements that read the settings of the organization, each made once."""

from __future__ import annotations

from sqlalchemy import func, select

from console.accounts.models import Account
from console.policy.models import THE_ONE, OrganizationSettings

IS_THE_ONE = OrganizationSettings.id == THE_ONE

COLUMNS = (
    OrganizationSettings.administrators_since,
    OrganizationSettings.members_since,
    OrganizationSettings.passkeys_since,
    OrganizationSettings.grace_days,
    OrganizationSettings.remembers_browsers,
)
"""What :class:`console.policy.rules.Policy` is made of."""

POLICY = select(*COLUMNS).where(IS_THE_ONE)

IS_CLOSED = select(
    OrganizationSettings.sign_up_closed & select(func.min(Account.id)).scalar_subquery().is_not(None)
).where(IS_THE_ONE)
"""True if nobody can sign up. The first account of an installation always can."""
