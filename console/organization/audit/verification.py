"""Verify that the chain is as it was written, row by row in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from console.organization.audit import keys, statements
from console.organization.audit.chain import NOTHING_BEFORE, Copy, Link
from console.organization.audit.rules import head
from mfa.database import run

PAGE = 2_000
_MOST_MOVES = 100
"""The most rows that are checked for having been swapped: each is tried in the place of each."""


class Problem(StrEnum):
    """What is wrong with a row, as the operator reads it behind its id."""

    CHANGED = "not what was written"
    REMOVED = "removed"
    KEY_GONE = "can't be checked: its key is gone, or was changed"
    OLD_KEY = "written with a key that was replaced before"
    UNLINKED = "doesn't continue the row before it"
    NOT_COPY = "not the row of the copy"
    HEAD_CHANGED = "the last row, but the head of the chain (audit_head) names another one"


@dataclass(frozen=True)
class Finding:
    """Adjacent rows with the same problem."""

    first: int
    last: int
    problem: Problem

    def __str__(self) -> str:
        rows = f"row {self.first}" if self.first == self.last else f"rows {self.first} to {self.last}"
        return f"{rows}: {self.problem}"


@dataclass(frozen=True)
class Moved:
    """A row that was written with another id."""

    id: int
    written_as: int

    def __str__(self) -> str:
        return f"row {self.id}: is what was written as row {self.written_as}"


@dataclass
class Verification:
    """One walk over the chain.

    :param copy: the id and hash of a row, written down earlier.
    """

    copy: Copy | None = None
    rows: int = 0
    last: Copy = field(default=Copy(0, NOTHING_BEFORE))
    """The last row that was read."""

    def findings(self) -> Iterator[Finding | Moved]:
        """Read all rows, and return what is wrong, in the order of their ids; at the end, what was moved."""
        self._keys, self._newest_key = keys.every(), 0
        self._lost_keys: set[object] = set()
        self._next = 1  # the id that the next row has
        self._is_sound = True  # the row before
        self._misplaced: list[tuple[int, Link, bytes]] = []
        self._vacant: list[int] = []
        yield from _joined(self._problems())
        yield from self._moves()

    def _problems(self) -> Iterator[Finding]:
        end = head()
        while True:
            for row in _rows(self.last.id if self.rows else None):
                yield from self._check(row)
            # What was written meanwhile has its row and the head in one transaction.
            before, end = end, head()
            if end == before or end.id <= self.last.id:
                break
        yield from self._check_end(end)

    def _check(self, row: dict[str, Any]) -> Iterator[Finding]:
        stored = row.pop("hash")
        link = Link(**row)
        if link.id > self._next:
            yield from self._gap(link.id - 1)
        problem = self._problem(link, stored)
        if problem:
            yield Finding(link.id, link.id, problem)
        if problem in (Problem.CHANGED, Problem.KEY_GONE) and len(self._misplaced) <= _MOST_MOVES:
            self._misplaced.append((link.id, link, stored))
        if self.copy and link.id == self.copy.id and stored != self.copy.hash:
            yield Finding(link.id, link.id, Problem.NOT_COPY)
        self._is_sound = problem is None
        self.rows, self.last = self.rows + 1, Copy(link.id, stored if isinstance(stored, bytes) else b"")
        self._next = max(self._next, link.id + 1)

    def _problem(self, link: Link, stored: Any) -> Problem | None:
        key = self._key(link.key_id)
        if key is None:
            return Problem.KEY_GONE
        if not _is(link, key, stored):
            return Problem.CHANGED
        if link.key_id < self._newest_key:
            return Problem.OLD_KEY
        self._newest_key = link.key_id
        if self._is_sound and link.previous != self.last.hash:
            return Problem.UNLINKED
        return None

    def _key(self, key_id: object) -> bytes | None:
        if key_id not in self._keys and key_id not in self._lost_keys:
            self._keys = keys.every()  # it may have been made since
            if key_id not in self._keys:
                self._lost_keys.add(key_id)
        return self._keys.get(key_id)

    def _gap(self, until: int) -> Iterator[Finding]:
        first = self._next
        room = _MOST_MOVES - len(self._vacant)
        self._vacant += range(first, min(until + 1, first + room))
        self._is_sound, self._next = False, until + 1
        yield Finding(first, until, Problem.REMOVED)

    def _check_end(self, end: Copy) -> Iterator[Finding]:
        known, last = max(end.id, self.copy.id if self.copy else 0), self.last
        if known >= self._next:
            yield from self._gap(known)
        if self._is_sound and (end.id < last.id or (end.id == last.id and end.hash != last.hash)):
            yield Finding(last.id, last.id, Problem.HEAD_CHANGED)

    def _moves(self) -> Iterator[Moved]:
        if len(self._misplaced) > _MOST_MOVES:
            return
        places = [number for number, *_ in self._misplaced] + self._vacant
        for number, link, stored in self._misplaced:
            key = self._key(link.key_id)
            for place in places:
                if key and place != number and _is(replace(link, id=place), key, stored):
                    yield Moved(number, place)


def _rows(after: int | None) -> Iterator[dict[str, Any]]:
    while True:
        statement = statements.FIRST_ROWS if after is None else statements.NEXT_ROWS
        page = (
            run(statement, {"at_most": PAGE, **({} if after is None else {"after": after})}).mappings().all()
        )
        for row in page:
            yield dict(row)
        if len(page) < PAGE:
            return
        after = page[-1]["id"]


def _is(link: Link, key: bytes, stored: Any) -> bool:
    try:
        return bool(link.hash(key) == stored)
    except (TypeError, ValueError):
        return False


def _joined(findings: Iterator[Finding]) -> Iterator[Finding]:
    """Join the findings of adjacent rows: a million rows of a lost key are one line."""
    waiting: Finding | None = None
    for finding in findings:
        if waiting and waiting.problem == finding.problem and waiting.last + 1 == finding.first:
            waiting = replace(waiting, last=finding.last)
            continue
        if waiting:
            yield waiting
        waiting = finding
    if waiting:
        yield waiting
