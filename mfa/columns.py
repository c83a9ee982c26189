"""Column types that SQLite and PostgreSQL read alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, BindParameter, DateTime, Dialect, Integer, bindparam
from sqlalchemy.types import TypeDecorator

ID = BigInteger().with_variant(Integer, "sqlite")
"""The number of a row: 64 bits, which SQLite's INTEGER has anyway. With 32, a busy server's run out."""
LARGEST_ID = 2**63 - 1


class Instant(TypeDecorator[datetime]):
    """A moment in UTC: aware in Python, without a zone in the database."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (SQLAlchemy gives it)
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant has a time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (SQLAlchemy gives it)
        return None if value is None else value.replace(tzinfo=UTC)


def given(name: str, column: Any) -> BindParameter[Any]:
    """Return a parameter of a statement, called *name*, with the type of *column*.

    A moment that is bound without its type is taken for one in the database's own time zone.
    """
    return bindparam(name, type_=column.type)
