"""An address that an account has left is reserved for it as long as the change can be undone."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, select

from console.accounts.addresses import Address
from console.accounts.models import EmailChange
from console.toolbox import UNDO_LINK_SECONDS
from mfa.crypto import ages
from mfa.database import run

_RESERVED_FOR = timedelta(seconds=UNDO_LINK_SECONDS + ages.CLOCKS_APART)


def is_reserved(address: Address, now: datetime, *, but: int | None = None) -> bool:
    """Return True if another account than the one with the id *but* may still take the address back.

    Nobody else gets it meanwhile: the undo link would fail, also for an owner whose account was taken over.
    """
    asked = {"key": address.key, "oldest": now - _RESERVED_FOR, "but": but or 0}
    return run(_RESERVED, asked).first() is not None


_RESERVED = select(EmailChange.id).where(
    EmailChange.old_email_key == bindparam("key"),
    EmailChange.undone_at.is_(None),
    EmailChange.changed_at > bindparam("oldest"),
    EmailChange.account_id != bindparam("but"),
)
