"""The mails that tell people that 2-step verification is required of them now: a part of the tidying.

Each person is told once each time it is switched on. A batch and the place that it has reached are one
transaction: of two servers at one batch, one tells it, and after a stop the next round goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Select, Update

from console.mail import messages
from console.organization.security import statements
from mfa.database import BATCH, Pace, affected, run
from mfa.notices import outbox


def tell(now: datetime) -> Iterator[int]:
    """Put the mails into the outbox, and yield how many people each batch has."""
    yield from _tell("administrators", statements.NEXT_MANAGERS, statements.ADMINISTRATORS_TOLD, now)
    yield from _tell("members", statements.NEXT_MEMBERS, statements.MEMBERS_TOLD, now)


def _tell(group: str, find: Select[tuple[object, ...]], reach: Update, now: datetime) -> Iterator[int]:
    found, pace = BATCH, Pace()
    while found >= BATCH:
        with pace.transaction():
            row = run(statements.SETTINGS).one()
            told, since = getattr(row, f"{group}_told"), getattr(row, f"{group}_since")
            if told is None:
                return
            people = run(find, {"told": told, "at_most": BATCH}).all()
            found = len(people)
            up_to = people[-1].id if found >= BATCH else None
            if not affected(reach, {"told": told, "since": since, "up_to": up_to}):
                return
            for person in people:
                if person.is_told:
                    outbox.post(
                        messages.two_step_required, person, now, always=True, grace_days=row.grace_days
                    )
        yield found
