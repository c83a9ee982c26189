"""Counters and used-up references. They live in the database because a cookie can be rewound."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from mfa.columns import Instant
from mfa.database import Model


class Throttle(Model):
    """How often *subject* has tried *purpose* since its last success."""

    __tablename__ = "mfa_throttles"

    subject: Mapped[str] = mapped_column(String(80), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(32), primary_key=True)
    attempts: Mapped[int]
    blocked_until: Mapped[int] = mapped_column(BigInteger)
    """Unix time in seconds, before which no attempt is looked at."""
    attempted_at: Mapped[int] = mapped_column(BigInteger)


class Spent(Model):
    """Something single-use that has been used: an e-mailed number, a canceled enrollment."""

    __tablename__ = "mfa_spent"

    purpose: Mapped[str] = mapped_column(String(32), primary_key=True)
    reference: Mapped[str] = mapped_column(String(64), primary_key=True)
    forget_at: Mapped[datetime] = mapped_column(Instant, index=True)


class NetworkHit(Model):
    """A refused guess or a mail of one network, as :mod:`mfa.attempts.networks` counts them."""

    __tablename__ = "mfa_network_hits"
    __table_args__ = (Index("ix_mfa_network_hits_limited_happened_at", "limited", "happened_at"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    limited: Mapped[str] = mapped_column(String(160))
    """Flask-Limiter's name for a limit and the network that it counts."""
    happened_at: Mapped[datetime] = mapped_column(Instant)
    forget_at: Mapped[datetime] = mapped_column(Instant, index=True)
