"""The statements about accounts and addresses, each made once."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Update, bindparam, func, select, update

from console.accounts.models import Account, EmailChange, Role
from mfa.columns import given

ACCOUNT_OF_ADDRESS = select(Account).where(Account.email_key == bindparam("email_key"))

RESERVATION_OF_ADDRESS = select(EmailChange.id).where(
    EmailChange.old_email_key == bindparam("old_email_key"),
    EmailChange.undone_at.is_(None),
    EmailChange.changed_at > bindparam("oldest"),
    EmailChange.account_id != bindparam("but"),
)
"""The change since ``oldest`` by which another account than ``but`` left an address, if it can be undone."""

OLD_ADDRESSES = (
    select(EmailChange.old_email)
    .where(
        EmailChange.account_id == bindparam("whose"),
        EmailChange.undone_at.is_(None),
        EmailChange.changed_at > given("oldest", EmailChange.changed_at),
    )
    .distinct()
)
"""Those that an account has left since ``oldest``, and that its owner can take back."""

FIRST_AND_LAST = select(
    select(func.min(Account.id)).scalar_subquery(), select(func.max(Account.id)).scalar_subquery()
)
"""The least and the greatest id of all accounts."""


ROLE = select(Account.role).where(Account.id == bindparam("account_id"))

OWNERS = (
    select(Account.id, Account.locked_at, Account.delete_at)
    .where(Account.role == Role.OWNER)
    .order_by(Account.id)
)

HOLD_OWNERS = OWNERS.with_for_update()
"""Hold the rows of all owners: so of two who leave at once, the second sees that the first has left."""

TAKE_DELETION_BACK = (
    update(Account)
    .where(
        Account.id == bindparam("account_id"),
        Account.generation == bindparam("read_generation"),
        Account.delete_at > given("now", Account.delete_at),
    )
    .values(delete_at=None, delete_reminded_at=None)
)
"""Let an account live that was to be deleted, if it has not come to its moment."""


@cache
def update_unchanged(*columns: str) -> Update:
    """Return the statement that changes *columns* of the account with ``account_id``.

    It does so only where the account is still at the generation ``read_generation``.
    """
    unchanged = (Account.id == bindparam("account_id"), Account.generation == bindparam("read_generation"))
    return update(Account).where(*unchanged).values({column: bindparam(column) for column in columns})
