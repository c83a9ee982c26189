"""The statements about accounts that are to be deleted, each made once."""

from __future__ import annotations

from sqlalchemy import Integer, bindparam, delete, select, update

from console.accounts.models import Account, EmailChange, Invitation
from mfa.attempts.models import Throttle
from mfa.columns import given
from mfa.database import first
from mfa.people.models import PersonState

_THIS = Account.id == bindparam("account_id")
_DUE = (Account.delete_at <= given("now", Account.delete_at), Account.locked_at.is_(None))

FORMER_ADDRESSES = select(EmailChange.old_email).where(
    EmailChange.account_id == bindparam("whose"),
    EmailChange.undone_at.is_(None),
    EmailChange.changed_at > given("oldest", EmailChange.changed_at),
)
"""Those that can still take the account back."""

REMIND = (
    update(Account)
    .where(
        first(
            Account.delete_at,
            Account.delete_at > given("now", Account.delete_at),
            Account.delete_at <= given("near", Account.delete_at),
            Account.delete_reminded_at.is_(None),
            Account.locked_at.is_(None),
        )
    )
    .values(delete_reminded_at=given("now", Account.delete_at))
    .returning(Account.id, Account.email, Account.name, Account.language, Account.delete_at)
    .execution_options(synchronize_session=False)
)
"""The owners of accounts that are deleted before ``near``, each once."""

DUE = (
    select(Account.id)
    .where(Account.id > bindparam("after"), *_DUE)
    .order_by(Account.id)
    .limit(bindparam("at_most", type_=Integer))
)
"""The next accounts whose moment has come; not those that an operator has locked."""

HOLD_DUE = (
    update(Account)
    .where(_THIS, *_DUE)
    .values(delete_at=Account.delete_at)
    .returning(Account.id, Account.email, Account.email_key, Account.name, Account.language)
    .execution_options(synchronize_session=False)
)
"""Hold one of them, if it is still due. The UPDATE changes nothing; it holds the row on SQLite too, where
somebody else may change a row that was only read."""

DELETE = delete(Account).where(_THIS)

DELETE_PERSON = delete(PersonState).where(PersonState.person_id == bindparam("whose"))

DELETE_COUNTS = delete(Throttle).where(Throttle.subject == bindparam("of"))

DELETE_INVITATIONS = delete(Invitation).where(Invitation.email_key == bindparam("of"))
