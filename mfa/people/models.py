"""One person of the host, as far as the extension has counted for them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, and_, text
from sqlalchemy.orm import Mapped, mapped_column

from mfa.columns import ID, Instant
from mfa.database import PERSON_ID_LENGTH, Model


class PersonState(Model):
    """There is no row for a person for whom nothing was counted yet: both counts are 0 then."""

    __tablename__ = "mfa_people"

    person_id: Mapped[str] = mapped_column(String(PERSON_ID_LENGTH), primary_key=True)
    generation: Mapped[int] = mapped_column(default=0)
    """Counts the changes of the second step, and of password or address where the host tells of them: what
    was begun before one can't be ended after it."""
    required_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the person was first told that they must have 2-step verification on."""
    device_epoch: Mapped[int] = mapped_column(default=0)
    """A device that signed in before is known for as long as its cookie names this number."""
    must_enroll_at: Mapped[datetime | None] = mapped_column(Instant)
    """When a recovery took their second step away: nothing else opens to them until they have a new one."""


_OPEN = text("stopped_at IS NULL AND finished_at IS NULL")


class Recovery(Model):
    """A way back for somebody who has lost every second step. One of a person is open at a time."""

    __tablename__ = "mfa_recoveries"
    # Links and mails name one, so ids are never given twice.
    __table_args__ = (
        Index(
            "ix_mfa_recoveries_open",
            "person_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(ID, primary_key=True)
    person_id: Mapped[str] = mapped_column(String(PERSON_ID_LENGTH), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    """:data:`mfa.people.recoveries.HELP` or :data:`mfa.people.recoveries.WAIT`."""
    operator: Mapped[str] = mapped_column(String(80))
    """Who gives the help; empty for a wait."""
    reason: Mapped[str] = mapped_column(String(200))
    mark: Mapped[str] = mapped_column(String(32))
    """Of the owner at that time: see :meth:`mfa.people.rules.Owner.mark`."""
    key: Mapped[str] = mapped_column(String(8))
    """The id of the master key that the mark was made with."""
    generation: Mapped[int]
    """Of the owner at that time: a statement can't compare marks."""
    begun_at: Mapped[datetime] = mapped_column(Instant)
    ready_at: Mapped[datetime] = mapped_column(Instant)
    """From when on it may be finished."""
    ends_at: Mapped[datetime] = mapped_column(Instant, index=True)
    stopped_at: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    tell_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    """When the owner is written to next; None if nothing more is to be said."""
    device: Mapped[str] = mapped_column(String(80))
    """On what it began, in words; empty for help."""
    network: Mapped[str] = mapped_column(String(48))
    """From where, shortened to its network."""


IS_OPEN = and_(Recovery.stopped_at.is_(None), Recovery.finished_at.is_(None))
"""It was neither stopped nor finished; whether its time has come, or is over, is another question."""
