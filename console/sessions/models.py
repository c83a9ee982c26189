"""A session of an account in one browser."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from console.extensions import Model
from mfa.columns import Instant

HALF = "half"
"""The password was right; the second step is still to come."""
FULL = "full"


class AccountSession(Model):
    __tablename__ = "sessions"
    # An enrollment names the session that it was begun in, so ids are never given twice.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    stage: Mapped[str] = mapped_column(String(4))
    created_at: Mapped[datetime] = mapped_column(Instant)
    proved_at: Mapped[datetime] = mapped_column(Instant)
    """When the password was last typed in this session."""
    seen_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    user_agent: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(48), server_default="")
    """Where the sign-in came from, shortened to its network."""
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    """Half-sessions alone: when the owner said by an e-mailed link that codes may be tried in it."""
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many wrong passwords came before the right one."""
