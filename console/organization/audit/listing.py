"""Read the activity: page by page for the tab, and all of it for an export, with the same filters."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, select, tuple_

from console.accounts.models import Account
from console.extensions import db
from console.organization.audit import statements
from console.organization.audit.events import Event
from console.organization.audit.models import AuditEvent

PAGE = 25
EXPORT_PAGE = 500
_Place = tuple[datetime, int]
"""The moment and the id of a row."""
_COLUMNS = [column for column in AuditEvent.__table__.columns if column.name not in ("key_id", "previous")]


@dataclass(frozen=True)
class Filter:
    """Which events are wanted; None means all.

    :param person: the id of the account that did it or that it was done to; it may be deleted by now.
    :param since: the first day, in UTC.
    :param until: the last day, in UTC.
    """

    event: Event | None = None
    person: int | None = None
    since: date | None = None
    until: date | None = None

    @property
    def is_empty(self) -> bool:
        return self == Filter()

    def texts(self) -> dict[str, str]:
        """Return the filter as the query of an address."""
        given = {"event": self.event, "person": self.person, "since": self.since, "until": self.until}
        return {name: str(value) for name, value in given.items() if value is not None}


@dataclass(frozen=True)
class Person:
    """An account with its name of now.

    :param name: None if the account is deleted.
    """

    id: int
    name: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class Entry:
    """A row with the names of those it is about."""

    row: Row[Any]
    actor: Person | None
    subject: Person | None

    @property
    def details(self) -> dict[str, str]:
        """Return the details of the row; none if somebody has changed them so that they can't be read."""
        try:
            found = json.loads(self.row.detail)
        except ValueError:
            return {}
        return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Page:
    """Some entries, the newest first.

    :param older: the id of the row before which the next page begins; None on the last page.
    """

    entries: Sequence[Entry]
    older: int | None


def page(wanted: Filter, before: int | None = None) -> Page:
    """Return the newest entries, or those that are older than the row with the id *before*."""
    at = db.session.scalar(statements.MOMENT, {"row_id": before}) if before is not None else None
    place = None if at is None or before is None else (at, before)
    rows = _rows(wanted, behind=place, at_most=PAGE + 1, newest_first=True)
    return Page(_with_names(rows[:PAGE]), rows[PAGE - 1].id if len(rows) > PAGE else None)


def every(wanted: Filter, upto: int) -> Iterator[Sequence[Entry]]:
    """Return the entries with an id up to *upto*, the oldest first, by the page."""
    place: _Place | None = None
    while rows := _rows(wanted, behind=place, at_most=EXPORT_PAGE, newest_first=False):
        known = [row for row in rows if row.id <= upto]
        if not known:
            return
        yield _with_names(known)
        place = rows[-1].at, rows[-1].id


def person(account_id: int) -> Person:
    """Return the account with an id, by its name of now."""
    return _people({account_id}).get(account_id, Person(account_id))


def _rows(
    wanted: Filter,
    *,
    behind: _Place | None,
    at_most: int,
    newest_first: bool,
) -> Sequence[Row[Any]]:
    """Return rows in the order of time, after the place *behind*.

    By time and not by id, so that an index finds a range of days: the clock may have gone back between two
    rows.
    """
    place = tuple_(AuditEvent.at, AuditEvent.id)
    conditions = _conditions(wanted)
    if behind:
        conditions.append(place < behind if newest_first else place > behind)
    order = [one.desc() if newest_first else one.asc() for one in (AuditEvent.at, AuditEvent.id)]
    # The rows of an account are found by two indexes, each in this order, and merged here; one about oneself
    # comes by both. With OR, SQLite would sort all of them.
    found = {
        row.id: row
        for side in _sides(wanted.person)
        for row in db.session.execute(
            select(*_COLUMNS).where(*conditions, *side).order_by(*order).limit(at_most)
        )
    }
    return sorted(found.values(), key=lambda row: (row.at, row.id), reverse=newest_first)[:at_most]


def _sides(whose: int | None) -> list[list[ColumnElement[bool]]]:
    return [[]] if whose is None else [[AuditEvent.actor_id == whose], [AuditEvent.subject_id == whose]]


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.event:
        found.append(AuditEvent.event == wanted.event.value)
    if wanted.since:
        found.append(AuditEvent.at >= _midnight(wanted.since))
    if wanted.until and wanted.until < date.max:
        found.append(AuditEvent.at < _midnight(wanted.until + timedelta(days=1)))
    return found


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _with_names(rows: Sequence[Row[Any]]) -> list[Entry]:
    people = _people({one for row in rows for one in (row.actor_id, row.subject_id) if one is not None})

    def named(account_id: int | None) -> Person | None:
        return None if account_id is None else people.get(account_id, Person(account_id))

    return [Entry(row, named(row.actor_id), named(row.subject_id)) for row in rows]


def _people(ids: set[int]) -> dict[int, Person]:
    if not ids:
        return {}
    found: Any = db.session.execute(
        select(Account.id, Account.name, Account.email).where(Account.id.in_(sorted(ids)))
    )
    return {account_id: Person(account_id, name, email) for account_id, name, email in found}
