"""What is kept of 2-step verification once it is on; before that, nothing is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mfa.columns import ID, Instant
from mfa.database import PERSON_ID_LENGTH, Model
from mfa.names import NAME_LENGTH

APP, PASSKEY = "app", "passkey"
"""The kinds of authenticator."""
CREDENTIAL_ID_LENGTH = 1023
"""Bytes (WebAuthn L3 §4, credential ID)."""


class SecondStep(Model):
    """2-step verification of a person, with their set of recovery codes: a row exactly while it is on."""

    __tablename__ = "mfa_second_steps"

    person_id: Mapped[str] = mapped_column(String(PERSON_ID_LENGTH), primary_key=True)
    activated_at: Mapped[datetime] = mapped_column(Instant)
    recovery_salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    recovery_cost: Mapped[str] = mapped_column(String(40))
    recovery_pepper: Mapped[bytes] = mapped_column(LargeBinary(128))
    """The key under which the codes of this set are hashed, itself sealed: so that master keys can change."""
    user_handle: Mapped[bytes | None] = mapped_column(LargeBinary(64))
    """What the person's passkeys know them by: random bytes that say nothing (WebAuthn L3 §14.6.1)."""
    codes_limited_until: Mapped[datetime | None] = mapped_column(Instant)
    """Until then the recovery codes open sign-in and nothing else: the password alone made them."""
    checked_up_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the person was asked whether they can still get in, and answered."""


class Authenticator(Model):
    """An authenticator app or a passkey of a person; at least one while 2-step verification is on."""

    __tablename__ = "mfa_authenticators"
    # Pages and something pending name one, so ids are never given twice.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(ID, primary_key=True)
    person_id: Mapped[str] = mapped_column(
        ForeignKey("mfa_second_steps.person_id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(16))
    """:data:`APP` or :data:`PASSKEY`."""
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    """What its owner calls it; empty for one that has no name of its own."""
    added_at: Mapped[datetime] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)

    # Of an app
    sealed_secret: Mapped[bytes | None] = mapped_column(LargeBinary(128))
    used_step: Mapped[int | None] = mapped_column(BigInteger)
    """The newest time step whose code was accepted; it and older ones are never accepted again."""

    # Of a passkey
    credential_id: Mapped[bytes | None] = mapped_column(LargeBinary(CREDENTIAL_ID_LENGTH), unique=True)
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    """A COSE_Key (WebAuthn L3 §5.8.5)."""
    sign_count: Mapped[int | None] = mapped_column(BigInteger)
    aaguid: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    """The model of authenticator (WebAuthn L3 §6.5.1); zeros where it doesn't say."""
    is_synced: Mapped[bool | None]
    """Whether it may be copied to other devices of its owner: the flag BE (WebAuthn L3 §6.1.3)."""
    transports: Mapped[str | None] = mapped_column(String(120))
    """How browsers reach it, as they said themselves, with commas between."""


class RecoveryCode(Model):
    __tablename__ = "mfa_recovery_codes"
    __table_args__ = (UniqueConstraint("person_id", "digest"),)

    id: Mapped[int] = mapped_column(ID, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("mfa_second_steps.person_id", ondelete="CASCADE"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class SealingKey(Model):
    """A master key with which something in the database may be sealed.

    So that a key that is missing from the configuration is found at the start, without reading every account.
    """

    __tablename__ = "mfa_sealing_keys"

    id: Mapped[str] = mapped_column(String(8), primary_key=True)
    first_used_at: Mapped[datetime] = mapped_column(Instant)
