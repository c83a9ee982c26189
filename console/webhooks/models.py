"""Events that wait to be posted to the receiver."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from console.extensions import Model
from mfa.columns import ID, Instant

SAID_LENGTH = 200


class WebhookEvent(Model):
    """An event, written in the transaction of its change, and deleted once the receiver has taken it."""

    __tablename__ = "webhook_events"
    __table_args__ = (
        Index("ix_webhook_events_due_at_id", "due_at", "id"),
        Index("ix_webhook_events_give_up_at", "give_up_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(ID, primary_key=True)
    message_id: Mapped[str] = mapped_column(String(40), unique=True)
    """By which the receiver recognizes an event that is posted again."""
    type: Mapped[str] = mapped_column(String(40))
    body: Mapped[str] = mapped_column(Text)
    """JSON, as it is posted: the signature covers exactly these bytes."""
    created_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    """When to try next, None once it was given up; a worker that takes the event moves it ahead."""
    give_up_at: Mapped[datetime] = mapped_column(Instant)
    tries: Mapped[int] = mapped_column(default=0)
    said: Mapped[str] = mapped_column(String(SAID_LENGTH), default="")
    """Why the last try failed."""
