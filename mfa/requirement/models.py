"""A form that waits until its person has confirmed that it is them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from mfa.columns import Instant
from mfa.database import PERSON_ID_LENGTH, Model

FORM_ID_LENGTH = 22


class HeldForm(Model):
    __tablename__ = "mfa_held_forms"

    id: Mapped[str] = mapped_column(String(FORM_ID_LENGTH), primary_key=True)
    """Random, so that one that was sent is not taken for another one later."""
    person_id: Mapped[str] = mapped_column(String(PERSON_ID_LENGTH), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Its fields and the path it was sent to, readable in the session that sent it alone."""
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
