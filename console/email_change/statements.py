"""The statements about changes of addresses, each made once."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, exists, select, update

from console.accounts.models import Account, EmailChange
from mfa.columns import given

_OPEN = EmailChange.undone_at.is_(None)
_OF_ACCOUNT = EmailChange.account_id == bindparam("whose")

UNDO = (
    update(EmailChange)
    .where(EmailChange.id == bindparam("change_id"), _OPEN)
    .values(undone_at=given("now", EmailChange.undone_at))
)
"""It finds no row if the change was undone before."""

OPEN_CHANGE = select(EmailChange).where(_OF_ACCOUNT, _OPEN)

FORGET_OLDER = delete(EmailChange).where(
    _OF_ACCOUNT, EmailChange.changed_at < given("oldest", EmailChange.changed_at)
)

IS_ANOTHERS = select(
    exists().where(Account.email_key == bindparam("email_key"), Account.id != bindparam("whose"))
)
