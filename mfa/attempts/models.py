"""Counters and used-up references. They live in the database because a cookie can be rewound."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, Index, String, literal_column
from sqlalchemy.orm import Mapped, mapped_column

from mfa.attempts.policy import NEVER_FORGOTTEN
from mfa.columns import ID, Instant
from mfa.database import Model

FORGOTTEN_IN_TIME: ColumnElement[bool] = literal_column(f"purpose NOT IN {NEVER_FORGOTTEN}")
"""With values in the text: only so do the databases see that the index has all rows that are asked for."""


class Throttle(Model):
    """How often *subject* has tried *purpose* since its last success."""

    __tablename__ = "mfa_throttles"
    __table_args__ = (
        Index(
            "ix_mfa_throttles_attempted_at",
            "attempted_at",
            sqlite_where=FORGOTTEN_IN_TIME,
            postgresql_where=FORGOTTEN_IN_TIME,
        ),
    )

    subject: Mapped[str] = mapped_column(String(128), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(32), primary_key=True)
    attempts: Mapped[int]
    blocked_until: Mapped[int] = mapped_column(BigInteger)
    """Unix time in seconds, before which no attempt is looked at."""
    attempted_at: Mapped[int] = mapped_column(BigInteger)


class Spent(Model):
    """Something single-use that has been used: a mailed number, an enrollment, the challenge of a passkey."""

    __tablename__ = "mfa_spent"

    purpose: Mapped[str] = mapped_column(String(32), primary_key=True)
    reference: Mapped[str] = mapped_column(String(64), primary_key=True)
    forget_at: Mapped[datetime] = mapped_column(Instant, index=True)


class NetworkHit(Model):
    """A refused guess or a mail of one network, as :mod:`mfa.attempts.networks` counts them."""

    __tablename__ = "mfa_network_hits"
    __table_args__ = (Index("ix_mfa_network_hits_limited_happened_at", "limited", "happened_at"),)

    id: Mapped[int] = mapped_column(ID, primary_key=True)
    limited: Mapped[str] = mapped_column(String(160))
    """The library ``limits``' name for a limit and the network that it counts."""
    happened_at: Mapped[datetime] = mapped_column(Instant)
    forget_at: Mapped[datetime] = mapped_column(Instant, index=True)
