"""An address that was changed, for as long as the change can be undone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from console.accounts.addresses import EMAIL_LENGTH
from console.extensions import Model
from mfa.columns import Instant


class EmailChange(Model):
    __tablename__ = "email_changes"
    # The link that undoes a change names its id, so ids are never given twice.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    old_email: Mapped[str] = mapped_column(String(EMAIL_LENGTH))
    old_email_key: Mapped[str] = mapped_column(String(EMAIL_LENGTH + 64), index=True)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
