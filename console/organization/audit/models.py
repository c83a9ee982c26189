"""The rows of the chain, the place of its newest row, and the keys that it is made with."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from console.extensions import Model
from console.organization.audit.chain import HASH_BYTES
from console.organization.audit.events import EVENT_LENGTH
from mfa.columns import ID, Instant

REASON_LENGTH = 200
HEAD_ID = 1
"""Of the one row in :class:`AuditHead`."""


class AuditEvent(Model):
    """Something that was done. Rows are added and never changed, so none refers to another table.

    It names accounts by id alone, so neither name nor address remains after an account is deleted.
    """

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_at_id", "at", "id"),
        Index("ix_audit_events_event_at_id", "event", "at", "id"),
        Index("ix_audit_events_actor_id_at_id", "actor_id", "at", "id"),
        Index("ix_audit_events_subject_id_at_id", "subject_id", "at", "id"),
    )

    id: Mapped[int] = mapped_column(ID, primary_key=True, autoincrement=False)
    """One more than that of the row before: a gap is a row that was removed."""
    at: Mapped[datetime] = mapped_column(Instant)
    event: Mapped[str] = mapped_column(String(EVENT_LENGTH))
    actor_id: Mapped[int | None] = mapped_column(ID)
    """The account that did it; None for a command of the operator."""
    subject_id: Mapped[int | None] = mapped_column(ID)
    """The account that it was done to, if it was one."""
    reason: Mapped[str] = mapped_column(String(REASON_LENGTH))
    detail: Mapped[str] = mapped_column(Text)
    """JSON: what the sentence of the event needs."""
    key_id: Mapped[int] = mapped_column(ID)
    previous: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES))
    """The hash of the row before."""
    hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES))
    """Keyed, of all other columns: see :mod:`console.organization.audit.chain`."""


class AuditHead(Model):
    """The id and hash of the newest row, in one row that a writer locks until its transaction ends."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(ID, primary_key=True, autoincrement=False)
    last_id: Mapped[int] = mapped_column(ID)
    last_hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES))


class AuditKey(Model):
    """A key of the chain, sealed with a master key. Rows are written with the newest one."""

    __tablename__ = "audit_keys"

    id: Mapped[int] = mapped_column(ID, primary_key=True, autoincrement=False)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(Instant)
