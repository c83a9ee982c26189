"""The account, the addresses that it has left, the organization of all accounts, and who is invited to it."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import ColumnElement, Dialect, Enum, ForeignKey, Index, String, and_, cast, false, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from console.accounts import names
from console.accounts.addresses import EMAIL_LENGTH
from console.accounts.names import NAME_LENGTH
from console.extensions import Model
from console.languages import CODE_LENGTH
from mfa.columns import ID, Instant


class Role(StrEnum):
    """What somebody may do in the organization."""

    OWNER = "owner"
    ADMINISTRATOR = "administrator"
    MEMBER = "member"

    @property
    def manages(self) -> bool:
        """True for those who may open Organization Management."""
        return self is not Role.MEMBER


_ROLE = Enum(Role, native_enum=False, length=16, values_callable=lambda roles: [role.value for role in roles])


class _OrNever(Instant):
    """A moment that may never have been: stored as the beginning of 1970, which has a place in an index."""

    cache_ok = True
    NEVER: ClassVar[datetime] = datetime(1970, 1, 1, tzinfo=UTC)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return super().process_bind_param(value or self.NEVER, dialect)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        found = super().process_result_value(value, dialect)
        return None if found == self.NEVER else found


class Account(Model):
    __tablename__ = "accounts"
    # Ids are never given twice: a secret is bound to its account's.
    __table_args__ = (
        Index(
            "ix_accounts_delete_at",
            "delete_at",
            sqlite_where=text("delete_at IS NOT NULL"),
            postgresql_where=text("delete_at IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(ID, primary_key=True)
    email: Mapped[str] = mapped_column(String(EMAIL_LENGTH))
    email_key: Mapped[str] = mapped_column(String(EMAIL_LENGTH + 64), unique=True)
    """The one form by which an address is found (see :mod:`console.accounts.addresses`)."""
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    password_hash: Mapped[str] = mapped_column(String(255))
    generation: Mapped[int] = mapped_column(default=0)
    """Counts the changes of password, address and second step: what was begun before one can't be ended
    after it."""
    locked_at: Mapped[datetime | None] = mapped_column(Instant)
    """Since when an operator keeps everyone out."""
    delete_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the account is deleted, as its owner wants, unless they sign in before; nobody is signed in
    meanwhile."""
    delete_reminded_at: Mapped[datetime | None] = mapped_column(Instant)
    """When they were told that this is near."""
    language: Mapped[str | None] = mapped_column(String(CODE_LENGTH))
    """In which it is spoken to; None for whatever the browser asks for."""
    role: Mapped[Role] = mapped_column(_ROLE, default=Role.MEMBER, server_default=Role.MEMBER)
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_signed_in_at: Mapped[datetime | None] = mapped_column(
        _OrNever, nullable=False, default=None, server_default="1970-01-01 00:00:00.000000"
    )
    two_step_on: Mapped[bool] = mapped_column(default=False, server_default=false())
    """What the extension's tables say, for lists: it changes in the transactions that turn it on and off."""
    removed_at: Mapped[datetime | None] = mapped_column(Instant)
    """Since when the account is no member of the organization; it is locked from then on."""
    reminded_at: Mapped[datetime | None] = mapped_column(Instant)
    """When an administrator last reminded them of 2-step verification."""
    search_key: Mapped[str] = mapped_column(
        String(640).with_variant(String(640, "C"), "postgresql"), default="", server_default=""
    )
    """See :mod:`console.accounts.search`; empty where a server of an earlier version made the account."""

    @hybrid_property
    def person_id(self) -> str:
        """The id as the extension's tables have it."""
        return str(self.id)

    @person_id.inplace.expression
    @classmethod
    def _person_id(cls) -> ColumnElement[str]:
        return cast(cls.id, String)

    def is_over(self, now: datetime) -> bool:
        """Return True once the owner can't take the deletion back any more."""
        return self.delete_at is not None and self.delete_at <= now

    @property
    def initials(self) -> str:
        return names.initials(self.name)


SORTED_BY = ("search_key", "last_signed_in_at", "created_at")
"""The columns by which members are sorted, each with the id after it."""
LISTED = {
    "": (Account.removed_at.is_(None),),
    "without_two_step_": (Account.removed_at.is_(None), Account.two_step_on.is_(False)),
    "locked_": (Account.removed_at.is_(None), Account.locked_at.is_not(None)),
    "managing_": (Account.removed_at.is_(None), Account.role != text("'member'")),
}
"""Which members have indexes of their own: a page of few among many is then found as quickly as one of all.

The conditions hold no parameters: SQLite takes such an index only for a statement that says the same.
"""
for _which, _are in LISTED.items():
    for _by in SORTED_BY:
        # The last columns spare a search the table: SQLite would look there for that of the condition, too.
        _columns = dict.fromkeys((_by, "id", "search_key", "removed_at"))
        Index(
            f"ix_accounts_{_which}by_{_by}",
            *(Account.__table__.c[column] for column in _columns),
            sqlite_where=and_(*_are),
            postgresql_where=and_(*_are),
        )


class EmailChange(Model):
    """An address that the account was moved from, for as long as the change can be undone."""

    __tablename__ = "email_changes"
    # The link that undoes a change names its id, so ids are never given twice.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(ID, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    old_email: Mapped[str] = mapped_column(String(EMAIL_LENGTH))
    old_email_key: Mapped[str] = mapped_column(String(EMAIL_LENGTH + 64), index=True)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    undone_at: Mapped[datetime | None] = mapped_column(Instant)


class Organization(Model):
    """The organization of all accounts: one row, made with the first account of a fresh installation."""

    __tablename__ = "organization"

    id: Mapped[int] = mapped_column(ID, primary_key=True, autoincrement=False)
    founded_at: Mapped[datetime] = mapped_column(Instant)


_IS_OPEN = text("used_at IS NULL AND withdrawn_at IS NULL")


class Invitation(Model):
    """An address that may open an account with a role, by the link that was last mailed to it."""

    __tablename__ = "invitations"
    __table_args__ = (
        Index(
            "ix_invitations_open_email_key",
            "email_key",
            unique=True,
            sqlite_where=_IS_OPEN,
            postgresql_where=_IS_OPEN,
        ),
        # The link names the id, so ids are never given twice.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(ID, primary_key=True)
    email: Mapped[str] = mapped_column(String(EMAIL_LENGTH))
    email_key: Mapped[str] = mapped_column(String(EMAIL_LENGTH + 64), index=True)
    role: Mapped[Role] = mapped_column(_ROLE)
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"), index=True)
    """Who answers for it, the last to send it: it ends when they may not give the role any more."""
    invited_at: Mapped[datetime] = mapped_column(Instant)
    sent: Mapped[int] = mapped_column(default=1)
    """Counts the mails: the link of the last one alone is good."""
    sent_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    forget_at: Mapped[datetime] = mapped_column(Instant, index=True)
