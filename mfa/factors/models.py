"""What is kept of 2-step verification once it is on; before that, nothing is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mfa.columns import Instant
from mfa.database import PERSON_ID_LENGTH, Model


class Authenticator(Model):
    """The authenticator app of a person. There is a row exactly while 2-step verification is on."""

    __tablename__ = "mfa_authenticators"

    person_id: Mapped[str] = mapped_column(String(PERSON_ID_LENGTH), primary_key=True)
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary(128))
    used_step: Mapped[int] = mapped_column(BigInteger)
    """The newest time step whose code was accepted; it and older ones are never accepted again."""
    activated_at: Mapped[datetime] = mapped_column(Instant)
    recovery_salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    recovery_cost: Mapped[str] = mapped_column(String(40))
    recovery_pepper: Mapped[bytes] = mapped_column(LargeBinary(128))
    """The key under which the codes of this set are hashed, itself sealed: so that master keys can change."""


class RecoveryCode(Model):
    __tablename__ = "mfa_recovery_codes"
    __table_args__ = (UniqueConstraint("person_id", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("mfa_authenticators.person_id", ondelete="CASCADE"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class SealingKey(Model):
    """A master key with which something in the database may be sealed.

    So that a key that is missing from the configuration is found at the start, without reading every account.
    """

    __tablename__ = "mfa_sealing_keys"

    id: Mapped[str] = mapped_column(String(8), primary_key=True)
    first_used_at: Mapped[datetime] = mapped_column(Instant)
