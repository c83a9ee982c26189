"""The account, and the addresses that it has left."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, String, cast
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from console.accounts import names
from console.accounts.addresses import EMAIL_LENGTH
from console.accounts.names import NAME_LENGTH
from console.extensions import Model
from console.languages import CODE_LENGTH
from mfa.columns import Instant


class Account(Model):
    __tablename__ = "accounts"
    # Ids are never given twice: a secret is bound to its account's.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(EMAIL_LENGTH))
    email_key: Mapped[str] = mapped_column(String(EMAIL_LENGTH + 64), unique=True)
    """The one form by which an address is found (see :mod:`console.accounts.addresses`)."""
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    password_hash: Mapped[str] = mapped_column(String(255))
    generation: Mapped[int] = mapped_column(default=0)
    """Counts the changes of password, second step and address: what was begun before one can't be ended
    after it."""
    device_epoch: Mapped[int] = mapped_column(default=0, server_default="0")
    """A device that signed in before is known for as long as its cookie names this number."""
    locked_at: Mapped[datetime | None] = mapped_column(Instant)
    """Since when an operator keeps everyone out."""
    language: Mapped[str | None] = mapped_column(String(CODE_LENGTH))
    """In which it is spoken to; None for whatever the browser asks for."""
    created_at: Mapped[datetime] = mapped_column(Instant)

    @hybrid_property
    def person_id(self) -> str:
        """The id as the extension's tables have it."""
        return str(self.id)

    @person_id.inplace.expression
    @classmethod
    def _person_id(cls) -> ColumnElement[str]:
        return cast(cls.id, String)

    @property
    def initials(self) -> str:
        return names.initials(self.name)


class EmailChange(Model):
    """An address that the account was moved from, for as long as the change can be undone."""

    __tablename__ = "email_changes"
    # The link that undoes a change names its id, so ids are never given twice.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    old_email: Mapped[str] = mapped_column(String(EMAIL_LENGTH))
    old_email_key: Mapped[str] = mapped_column(String(EMAIL_LENGTH + 64), index=True)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
