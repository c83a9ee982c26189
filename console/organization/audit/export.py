"""The activity as a file, made while it is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from console.organization.audit import rules
from console.organization.audit.events import Event
from console.organization.audit.listing import Entry, Filter, every
from console.spreadsheets import lines
from mfa.database import transaction

COLUMNS = (
    "id",
    "at",
    "event",
    "actor_id",
    "actor_name",
    "actor_email",
    "subject_id",
    "subject_name",
    "subject_email",
    "reason",
    "detail",
    "hash",
)
Cells = dict[str, int | str | None]


def begin(wanted: Filter, *, form: str, actor: int, now: datetime) -> Iterator[str]:
    """Write down that *actor* exports what is *wanted*, and return the file piece by piece.

    Rows that are written after the one that says so are not in the file.

    :param form: ``csv`` or ``jsonl``.
    """
    with transaction():
        detail = {"format": form, **wanted.texts()}
        rules.write_down(Event.ACTIVITY_EXPORTED, actor=actor, subject=None, detail=detail, now=now)
    return FORMS[form](every(wanted, upto=rules.head().id))


def _csv(pages: Iterable[Sequence[Entry]]) -> Iterator[str]:
    # The mark tells Excel that it is UTF-8.
    yield "\ufeff" + lines([COLUMNS])
    for page in pages:
        yield lines(["" if cell is None else str(cell) for cell in _cells(entry).values()] for entry in page)


def _json_lines(pages: Iterable[Sequence[Entry]]) -> Iterator[str]:
    for page in pages:
        yield "".join(
            json.dumps({**_cells(entry), "detail": entry.details}, ensure_ascii=False) + "\n"
            for entry in page
        )


def _cells(entry: Entry) -> Cells:
    row, actor, subject = entry.row, entry.actor, entry.subject
    cells = (
        row.id,
        row.at.isoformat(),
        row.event,
        row.actor_id,
        actor and actor.name,
        actor and actor.email,
        row.subject_id,
        subject and subject.name,
        subject and subject.email,
        row.reason,
        row.detail,
        row.hash.hex(),
    )
    return dict(zip(COLUMNS, cells, strict=True))


FORMS: dict[str, Callable[[Iterable[Sequence[Entry]]], Iterator[str]]] = {"csv": _csv, "jsonl": _json_lines}
TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}
