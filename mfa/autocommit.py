"""A session that reads in autocommit, and writes only in a transaction that was begun for it.

On PostgreSQL, a page that only reads would pay for BEGIN and ROLLBACK with two round trips and get nothing
for them: at READ COMMITTED, its default, a statement sees what was committed before it, whether or not a
transaction is open. No rule relies on two reads that see the same state; what decides is a conditional
statement, or a row that is locked, inside :func:`mfa.database.transaction`. On SQLite nothing differs: there
the driver begins a transaction before the first write and not before.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

from mfa import at_work

_READING = "mfa_reading"
_READS = ("SELECT", "PRAGMA")
_EVENTS = ("do_execute", "do_executemany", "do_execute_no_params")
"""Of the dialect: with one of an engine, each step of a connection looks for listeners: 5 % of a page."""


class WriteOutsideTransaction(RuntimeError):
    """A statement that writes or locks rows, where nothing would hold it together with others."""


class AutocommitSession(Session):
    """A session that only reads, each statement for itself, except after :meth:`begin_writing`."""

    _writes = False

    def get_bind(self, *args: Any, **options: Any) -> Engine | Connection:
        found = super().get_bind(*args, **options)
        return found if self._writes or isinstance(found, Connection) else reading(found)

    def begin_writing(self) -> None:
        """Run what follows in one transaction, until it is committed or rolled back and :meth:`end_writing`.

        :raises WriteOutsideTransaction: objects were added or changed before.
        """
        if self.in_transaction():
            # Gives the connection back: the transaction takes one that is not in autocommit.
            self.commit()
        self._writes = True

    def end_writing(self) -> None:
        """Read in autocommit again."""
        self._writes = False


def reading(engine: Engine) -> Engine:
    """Return an engine that takes its connections from the pool of *engine* and refuses what is no read.

    While it has them they are in autocommit, but for SQLite's. *engine* itself refuses nothing.
    """
    kept: dict[Engine, Engine] = at_work.app().extensions.setdefault(_READING, {})
    found = kept.get(engine)
    if found is None:
        is_sqlite = engine.dialect.name == "sqlite"
        alone = {} if is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        found = engine.execution_options(**{_READING: True}, **alone)
        for name in _EVENTS:
            event.listen(engine.dialect, name, _refuse_write)
        kept[engine] = found
    return found


def _refuse_write(_cursor: Any, statement: str, *more: Any) -> None:
    """Refuse *statement* if it is no read; the last of *more* is its context."""
    if _READING not in more[-1].execution_options:
        return
    if not statement.startswith(_READS) or " FOR " in statement:
        raise WriteOutsideTransaction(f"Outside of transaction(): {statement.partition(' ')[0]}")
