"""The statements about invitations, each made once."""

from __future__ import annotations

import functools

from sqlalchemy import Integer, Select, bindparam, delete, select, update
from sqlalchemy.orm import aliased

from console.accounts import search
from console.accounts.models import Account, Invitation
from mfa.columns import given
from mfa.database import first
from mfa.notices.models import OutboxMail

_THIS = Invitation.id == given("invitation_id", Invitation.id)
_OPEN = (Invitation.used_at.is_(None), Invitation.withdrawn_at.is_(None))
_RETURNED = (Invitation.id, Invitation.email, Invitation.email_key, Invitation.role, Invitation.sent)

HOLD = (
    update(Account)
    .where(Account.id == given("account_id", Account.id))
    .values(role=Account.role)
    .returning(Account.role, Account.locked_at, Account.removed_at, Account.delete_at)
    .execution_options(synchronize_session=False)
)
"""Hold an account for the rest of the transaction, and read its rights. The UPDATE changes nothing; it holds
the row on SQLite too, where somebody else may change a row that was only read."""

INVITATION = select(Invitation).where(_THIS)

FORGET_EXPIRED = delete(Invitation).where(
    Invitation.email_key == given("of", Invitation.email_key),
    *_OPEN,
    Invitation.expires_at <= given("now", Invitation.expires_at),
)
"""Make room for another invitation to the same address."""

SEND_AGAIN = (
    update(Invitation)
    .where(_THIS, *_OPEN, Invitation.sent_at <= given("latest", Invitation.sent_at))
    .values(
        sent=Invitation.sent + 1,
        sent_at=given("now", Invitation.sent_at),
        expires_at=given("until", Invitation.expires_at),
        forget_at=given("kept_until", Invitation.forget_at),
        invited_by=given("actor_id", Invitation.invited_by),
    )
    .returning(*_RETURNED)
    .execution_options(synchronize_session=False)
)
"""It finds no row if the invitation was used, withdrawn, or sent after ``latest``."""

WITHDRAW = (
    update(Invitation)
    .where(_THIS, *_OPEN)
    .values(
        withdrawn_at=given("now", Invitation.withdrawn_at),
        forget_at=given("kept_until", Invitation.forget_at),
    )
    .returning(*_RETURNED)
    .execution_options(synchronize_session=False)
)
"""It finds no row if the invitation was used or withdrawn."""

USE = (
    update(Invitation)
    .where(
        _THIS,
        *_OPEN,
        Invitation.sent == given("seen", Invitation.sent),
        Invitation.expires_at > given("now", Invitation.expires_at),
    )
    .values(used_at=given("now", Invitation.used_at), forget_at=given("kept_until", Invitation.forget_at))
    .execution_options(synchronize_session=False)
)
"""It finds no row if the invitation was used, withdrawn, sent again, or is over."""

FORGET = delete(Invitation).where(
    first(Invitation.forget_at, Invitation.forget_at <= given("now", Invitation.forget_at))
)

FORGET_MAILS = delete(OutboxMail).where(
    OutboxMail.message == bindparam("kind"), OutboxMail.recipient == bindparam("to")
)
"""Those that have not left: their link opens nothing any more."""

_INVITER, _INVITED = aliased(Account), aliased(Account)


@functools.cache
def page(*, has_text: bool, is_open: bool, is_first: bool) -> Select[Invitation, Account, Account]:
    """Return the statement for a page: ``at_most`` invitations, the newest first.

    Each comes with its sender, and with the account that its address has by now.
    """
    found = (
        select(Invitation, _INVITER, _INVITED)
        .outerjoin(_INVITER, _INVITER.id == Invitation.invited_by)
        .outerjoin(_INVITED, _INVITED.email_key == Invitation.email_key)
        .order_by(Invitation.id.desc())
        .limit(bindparam("at_most", type_=Integer))
    )
    if is_open:
        found = found.where(*_OPEN)
    if has_text:
        found = found.where(search.has(Invitation.email_key, bindparam("text")))
    return found if is_first else found.where(Invitation.id < given("before", Invitation.id))
