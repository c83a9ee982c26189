"""An address that an account has left is reserved for it as long as the change can be undone."""

from __future__ import annotations

from datetime import datetime, timedelta

from console.accounts import statements
from console.accounts.addresses import Address
from console.toolbox import UNDO_LINK_SECONDS
from mfa.crypto import ages
from mfa.database import run

_RESERVED_FOR = timedelta(seconds=UNDO_LINK_SECONDS + ages.CLOCKS_APART)


def is_reserved(address: Address, now: datetime, *, but: int | None = None) -> bool:
    """Return True if another account than the one with the id *but* may still take the address back.

    Nobody else gets it meanwhile: the undo link would fail, also for an owner whose account was taken over.
    """
    asked = {"old_email_key": address.key, "oldest": now - _RESERVED_FOR, "but": but or 0}
    return run(statements.RESERVATION_OF_ADDRESS, asked).first() is not None
