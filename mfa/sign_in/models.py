"""A sign-in whose second step is still to come, and a browser in which that step isn't asked for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from mfa.columns import ID, Instant
from mfa.database import PERSON_ID_LENGTH, Model

NEXT_LENGTH = 512
NAME_LENGTH = 80


class Challenge(Model):
    __tablename__ = "mfa_challenges"
    # A mailed link names one, so ids are never given twice.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(ID, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    person_id: Mapped[str] = mapped_column(String(PERSON_ID_LENGTH), index=True)
    mark: Mapped[str] = mapped_column(String(32))
    """Of the owner at that time: see :meth:`mfa.people.rules.Owner.mark`."""
    key: Mapped[str] = mapped_column(String(8))
    """The id of the master key that the mark was made with."""
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the owner said by an e-mailed link that codes may be tried."""
    failures: Mapped[int]
    """How many wrong passwords came before the right one."""
    next: Mapped[str] = mapped_column(String(NEXT_LENGTH))
    """A path of the host, or empty."""
    remember: Mapped[bool]
    """What the host passed on for its own session."""
    tell_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    """When the owner is told that nobody has answered it; None once they were, or if they need not be."""
    device: Mapped[str] = mapped_column(String(NAME_LENGTH), server_default="")
    """On what it began, in words."""
    network: Mapped[str] = mapped_column(String(48), server_default="")
    """From where, shortened to its network."""


class RememberedBrowser(Model):
    """A browser in which one person is signed in by the password alone, until :attr:`expires_at`."""

    __tablename__ = "mfa_remembered_browsers"
    # A page that was left open names one, so ids are never given twice.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(ID, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    person_id: Mapped[str] = mapped_column(String(PERSON_ID_LENGTH), index=True)
    mark: Mapped[str] = mapped_column(String(32))
    """Of the owner at that time: see :meth:`mfa.people.rules.Owner.mark`."""
    key: Mapped[str] = mapped_column(String(8))
    """The id of the master key that the mark was made with."""
    device_epoch: Mapped[int]
    """Of the owner at that time."""
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    """In words, like "Chrome on Windows"."""
    since: Mapped[datetime] = mapped_column(Instant)
    last_used_at: Mapped[datetime] = mapped_column(Instant)
    """When it last spared somebody the second step; :attr:`since` until then."""
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
