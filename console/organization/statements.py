"""The statements that every room of the organization needs, each made once."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from console.accounts.models import Account

HOLD = (
    select(
        Account.id,
        Account.role,
        Account.locked_at,
        Account.removed_at,
        Account.delete_at,
        Account.two_step_on,
    )
    .where(Account.id.in_(bindparam("account_ids", expanding=True, type_=Account.id.type)))
    .order_by(Account.id)
    .with_for_update()
)
"""Hold some accounts for the rest of the transaction, in one order, so that nobody waits in a circle."""
