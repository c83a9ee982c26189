"""Mails that wait to be sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from mfa.columns import ID, Instant
from mfa.database import PERSON_ID_LENGTH, Model


class OutboxMail(Model):
    """A notification, written in the transaction of what it tells of; gone when it has been sent."""

    __tablename__ = "mfa_outbox"
    __table_args__ = (Index("ix_mfa_outbox_due_at_id", "due_at", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(ID, primary_key=True)
    message: Mapped[str] = mapped_column(String(40))
    """The name of one of the office's notices."""
    person_id: Mapped[str | None] = mapped_column(String(PERSON_ID_LENGTH))
    """Whom it tells of something of theirs."""
    recipient: Mapped[str] = mapped_column(String(254), index=True)
    language: Mapped[str | None] = mapped_column(String(16))
    """The reader's; None for the first of the languages."""
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)
    """When to try next; a worker that takes the mail moves it ahead, so that no other takes it too."""
    tries: Mapped[int] = mapped_column(default=0)
    unanswered: Mapped[int] = mapped_column(default=0, server_default="0")
    """Tries after which the mail server had all of it and did not answer: it is perhaps delivered."""
