"""The table of requests to help a member."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from console.extensions import Model
from console.organization.audit.models import REASON_LENGTH
from mfa.columns import ID, Instant


class HelpRequest(Model):
    """A request that waits, whose link is out, or that the member has stopped; one a member.

    What is over is deleted; it stays in the organization's activity.
    """

    __tablename__ = "help_requests"
    # Addresses of pages name one, so ids are never given twice.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(ID, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), unique=True)
    """The member's."""
    reason: Mapped[str] = mapped_column(String(REASON_LENGTH))
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"), index=True)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    approved_by: Mapped[int | None] = mapped_column(
        ForeignKey("accounts.id", ondelete="SET NULL"), index=True
    )
    """Who asked, where nobody else had to approve it."""
    approved_at: Mapped[datetime | None] = mapped_column(Instant)
    recovery_id: Mapped[int | None] = mapped_column(ID)
    """The id in ``mfa_recoveries`` that the link of the mail names."""
    stopped_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the member said that it was not them: until ``ends_at`` nobody asks again."""
    ends_at: Mapped[datetime] = mapped_column(Instant, index=True)
    """When the request, its link, or the time after a stop is over."""
