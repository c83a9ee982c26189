"""The limits by network, counted in the database: the storage that ``limits`` uses for ``database://``.

Every process and every server counts together without a further service. A row is written for what counts
alone: a refused guess, a mail that was asked for. Where little is refused, a guess costs one short read.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from limits.storage import MovingWindowSupport, Storage
from sqlalchemy import Integer, bindparam, delete, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from mfa import clock
from mfa.attempts.models import NetworkHit
from mfa.crypto import ages
from mfa.database import dialect, first, in_batches, run, session, transaction

ADDRESS = "database://"
_SKEW = timedelta(seconds=ages.CLOCKS_APART)
"""How far ahead another server's clock may be. What is later comes from a clock that was wrong."""


class DatabaseStorage(Storage, MovingWindowSupport):
    """Moving windows in the table ``mfa_network_hits``."""

    STORAGE_SCHEME = ["database"]  # noqa: RUF012 (as in the base class)

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **_: Any) -> None:
        super().__init__(uri, wrap_exceptions)

    @property
    def base_exceptions(self) -> type[Exception]:
        return SQLAlchemyError

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:  # noqa: ARG002 (no limit costs more)
        """Count one hit unless the window is full; return whether it was counted."""
        now = clock.now()
        values = {
            **_window(key, expiry, now),
            "limited": key,
            "happened_at": now,
            "forget_at": now + timedelta(seconds=expiry),
            "most": limit,
        }
        with transaction():
            if dialect() == "postgresql":
                # SQLite has one writer at a time anyway.
                run(_ONE_AT_A_TIME, {"key": key})
            # Not rowcount: SQLAlchemy reports none for this INSERT on PostgreSQL.
            return run(_HIT, values).first() is not None

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:  # noqa: ARG002 (its base has it)
        """Return the Unix time of the window's first hit, or now, and the number of hits."""
        now = clock.now()
        try:
            first, hits = run(_HITS, _window(key, expiry, now)).one()
        except SQLAlchemyError:
            # The request goes on without this limit's count, and asks the database for other things.
            session().rollback()
            raise
        return (first or now).timestamp(), hits

    def check(self) -> bool:
        """Return True: a database that is away stops more than these limits."""
        return True

    def clear(self, key: str) -> None:
        with transaction():
            run(delete(NetworkHit).where(NetworkHit.limited == key))

    def reset(self) -> int:
        with transaction():
            return run(delete(NetworkHit)).rowcount

    # The base class demands these for fixed windows. The strategy is always the moving window
    # (``mfa.web.ranges``), so a call would be our bug, and a wrong count worse than an error.

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        raise NotImplementedError

    def get(self, key: str) -> int:
        raise NotImplementedError

    def get_expiry(self, key: str) -> float:
        raise NotImplementedError


def forget(now: datetime) -> Iterator[int]:
    """Delete the hits that no window holds any more, batch by batch."""
    return in_batches(_FORGET, {"now": now})


def _window(key: str, expiry: int, now: datetime) -> dict[str, object]:
    return {"key": key, "since": now - timedelta(seconds=expiry), "latest": now + _SKEW}


_COLUMNS = NetworkHit.__table__.c
_INSTANT = _COLUMNS.happened_at.type
_INSIDE = (
    NetworkHit.limited == bindparam("key"),
    NetworkHit.happened_at > bindparam("since", type_=_INSTANT),
    NetworkHit.happened_at <= bindparam("latest", type_=_INSTANT),
)
_HITS = select(func.min(NetworkHit.happened_at), func.count()).where(*_INSIDE)
_SET = ("limited", "happened_at", "forget_at")
_HIT = (
    insert(NetworkHit)
    .from_select(
        list(_SET),
        select(*(bindparam(name, type_=_COLUMNS[name].type) for name in _SET)).where(
            bindparam("most", type_=Integer) > select(func.count()).where(*_INSIDE).scalar_subquery()
        ),
    )
    .returning(_COLUMNS.limited)
)
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
_FORGET = delete(NetworkHit).where(first(NetworkHit.forget_at, NetworkHit.forget_at < bindparam("now")))
