"""The statements about accounts and addresses, each made once."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Update, bindparam, select, update

from console.accounts.models import Account, EmailChange

ACCOUNT_OF_ADDRESS = select(Account).where(Account.email_key == bindparam("email_key"))

RESERVATION_OF_ADDRESS = select(EmailChange.id).where(
    EmailChange.old_email_key == bindparam("old_email_key"),
    EmailChange.undone_at.is_(None),
    EmailChange.changed_at > bindparam("oldest"),
    EmailChange.account_id != bindparam("but"),
)
"""The change since ``oldest`` by which another account than ``but`` left an address, if it can be undone."""


@cache
def update_unchanged(*columns: str) -> Update:
    """Return the statement that changes *columns* of the account with ``account_id``.

    It does so only where the account is still at the generation ``read_generation``.
    """
    unchanged = (Account.id == bindparam("account_id"), Account.generation == bindparam("read_generation"))
    return update(Account).where(*unchanged).values({column: bindparam(column) for column in columns})
