"""One thing that happened to a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, Index, String, literal_column
from sqlalchemy.orm import Mapped, mapped_column

from mfa.columns import ID, Instant
from mfa.database import PERSON_ID_LENGTH, Model

DEVICE_LENGTH = 80
IS_NOBODYS: ColumnElement[bool] = literal_column("coalesce(person_id, '') = ''")
"""Not IS NULL: for that, SQLite takes the index of a person's events, and sorts what it finds."""


class ActivityEvent(Model):
    """Written in the transaction of the change that it tells of, and never changed."""

    __tablename__ = "mfa_activity"
    __table_args__ = (
        Index("ix_mfa_activity_person_id_id", "person_id", "id"),
        Index("ix_mfa_activity_happened_at", "happened_at"),
        Index(
            "ix_mfa_activity_strangers",
            "happened_at",
            sqlite_where=IS_NOBODYS,
            postgresql_where=IS_NOBODYS,
        ),
    )

    id: Mapped[int] = mapped_column(ID, primary_key=True)
    person_id: Mapped[str | None] = mapped_column(String(PERSON_ID_LENGTH))
    """None for an address without an account: a guess there costs what it costs at a real one."""
    event: Mapped[str] = mapped_column(String(40))
    happened_at: Mapped[datetime] = mapped_column(Instant)
    device: Mapped[str] = mapped_column(String(DEVICE_LENGTH))
    """In words, like "Chrome on Windows"; empty for what an operator did."""
    address: Mapped[str] = mapped_column(String(48))
    """The network it came from, never the whole address."""
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
