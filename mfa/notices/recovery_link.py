"""The links of a recovery: one that leads back, and one that stops it.

Each is made when its mail leaves: what waits in the outbox opens nothing. They name a row, which decides.
"""

from __future__ import annotations

from datetime import datetime

from mfa.crypto import links
from mfa.crypto.links import Signer
from mfa.lifetimes import HELP_SECONDS, LONGEST_RECOVERY_SECONDS
from mfa.ring import signer

BACK, STOP = "recover", "stop-recovery"
"""What a link is for."""


def token(purpose: str, recovery: int, made: datetime) -> str:
    """Return what a link carries.

    :param purpose: :data:`BACK` or :data:`STOP`.
    :param recovery: the id of its row.
    """
    return _links(purpose).make({"recovery": recovery}, made.timestamp())


def read(purpose: str, token: str, now: datetime) -> int:
    """Return the id that a link names.

    :raises BadToken: it is too old, not genuine, or for the other purpose.
    """
    found = _links(purpose).read(token, now.timestamp()).get("recovery")
    if not isinstance(found, int):
        raise links.BadToken
    return found


def _links(purpose: str) -> Signer:
    return signer(purpose, HELP_SECONDS if purpose == BACK else LONGEST_RECOVERY_SECONDS)
