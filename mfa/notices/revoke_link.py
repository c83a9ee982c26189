"""The link by which an owner makes recovery codes worthless that they did not ask for.

It is made when its mail leaves: what waits in the outbox opens nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from mfa.crypto import links
from mfa.crypto.links import Signer
from mfa.lifetimes import REVOKE_LINK_SECONDS
from mfa.ring import signer


@dataclass(frozen=True)
class RevokeLink:
    """What it says.

    :param person: the id of the person.
    :param codes: the name of the set of recovery codes that it revokes, and no other.
    """

    person: str
    codes: str

    def token(self, made: datetime) -> str:
        """Return what the link carries; it is good from *made* on."""
        return _links().make(asdict(self), made.timestamp())

    @classmethod
    def read(cls, token: str, now: datetime) -> RevokeLink:
        """Return what a link says.

        :raises BadToken: it is too old, or not genuine.
        """
        try:
            return cls(**_links().read(token, now.timestamp()))
        except TypeError as error:
            raise links.BadToken from error


def _links() -> Signer:
    return signer("revoke-recovery-codes", REVOKE_LINK_SECONDS)
