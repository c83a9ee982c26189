"""The settings of the organization: one row, which is there from the beginning."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, false
from sqlalchemy.orm import Mapped, mapped_column

from console.extensions import Model
from mfa.columns import ID, Instant

THE_ONE = 1
"""The id of the row."""


class OrganizationSettings(Model):
    __tablename__ = "organization_settings"

    id: Mapped[int] = mapped_column(ID, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(default=0)
    """The number of changes: a form that shows an older version is refused."""
    administrators_since: Mapped[datetime | None] = mapped_column(Instant)
    """Since when owners and administrators must have 2-step verification on; None if they need not."""
    members_since: Mapped[datetime | None] = mapped_column(Instant)
    """Likewise everybody else."""
    passkeys_since: Mapped[datetime | None] = mapped_column(Instant)
    """Since when owners and administrators must have a passkey."""
    grace_days: Mapped[int] = mapped_column(default=7)
    remembers_browsers: Mapped[bool] = mapped_column(default=True)
    sign_up_closed: Mapped[bool] = mapped_column(default=False, server_default=false())
    """True if only invited people can create an account."""
    approves_resets: Mapped[bool] = mapped_column(default=False, server_default=false())
    """A second owner or administrator approves a reset of somebody's 2-step verification."""
    changed_at: Mapped[datetime | None] = mapped_column(Instant)
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    administrators_told: Mapped[int | None] = mapped_column(ID)
    """The last account that was mailed that its role requires it; None if nobody waits for the mail."""
    members_told: Mapped[int | None] = mapped_column(ID)
    """Likewise."""
