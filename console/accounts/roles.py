"""Who owns and who administers the organization."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import Executable

from console.accounts import statements
from console.accounts.models import Account, Organization, Role
from mfa.database import insert_if_absent, run
from mfa.errors import Refusal


class OnlyOwner(Refusal):
    """The last owner wants to leave the organization."""

    says = _("You are the only owner of the organization. Make somebody else an owner first.")


NAMES = {Role.OWNER: _("Owner"), Role.ADMINISTRATOR: _("Administrator"), Role.MEMBER: _("Member")}
_THE_ONE = 1
"""The id of the one organization."""


def found(account: Account, now: datetime) -> None:
    """Make the first account of a fresh installation the owner, as part of the caller's transaction.

    Two sign-ups at once don't see each other's account: the second waits for the row of the organization, and
    finds it there.
    """
    first, last = run(statements.FIRST_AND_LAST).one()
    if first == last == account.id and insert_if_absent(Organization, id=_THE_ONE, founded_at=now):
        account.role = Role.OWNER


def owns_alone(account: Account) -> bool:
    """Return True if the account owns the organization, and nobody else who stays and may sign in does."""
    return _owns_alone(account, statements.OWNERS)


def leave(account: Account) -> None:
    """Refuse to let the last owner go; hold the rows of all owners for the rest of the transaction.

    Call it before the account's own row is changed.

    :raises OnlyOwner: nobody else who stays and may sign in owns the organization.
    """
    if _owns_alone(account, statements.HOLD_OWNERS):
        raise OnlyOwner


def _owns_alone(account: Account, owners: Executable) -> bool:
    if run(statements.ROLE, {"account_id": account.id}).scalar() is not Role.OWNER:
        return False
    return all(owner.id == account.id or owner.locked_at or owner.delete_at for owner in run(owners))
