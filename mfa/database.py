"""The extension's tables, and the session in which they are read and changed.

A host that hands over its own session has both kinds of tables changed in one transaction.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from flask import Flask, current_app
from sqlalchemy import ColumnElement, CursorResult, Delete, Executable, MetaData, Update, inspect
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError, TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session, scoped_session

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names of constraints, so that migrations can change them."""
_READ_ONLY = "25006"
"""The SQLSTATE of a write on a standby or a read-only database, an InternalError for psycopg."""
PERSON_ID_LENGTH = 64
"""Characters of a host's id for somebody, as text: a UUID has 36."""
_SESSION = "mfa_session"
_AFTER_COMMIT = "mfa_after_commit"


class Model(DeclarativeBase):
    """The base of the extension's models."""

    metadata = MetaData(naming_convention=NAMING)


def use(app: Flask, session: scoped_session[Any]) -> None:
    """Let *app* read and change the extension's tables in *session*."""
    app.extensions[_SESSION] = session


def session() -> Session:
    """Return the session of the application at work."""
    found: Session = current_app.extensions[_SESSION]()
    return found


@contextmanager
def transaction() -> Iterator[None]:
    """Commit everything inside together, or nothing; then do what waits for the commit."""
    at_work = session()
    try:
        yield
        at_work.commit()
    except BaseException:
        at_work.info.pop(_AFTER_COMMIT, None)
        at_work.rollback()
        raise
    for act in at_work.info.pop(_AFTER_COMMIT, ()):
        act()


def after_commit(act: Callable[[], object]) -> None:
    """Call *act* once the transaction at work is committed, and never if it is rolled back."""
    session().info.setdefault(_AFTER_COMMIT, []).append(act)


def run(
    statement: Executable, values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
) -> CursorResult[*tuple[Any, ...]]:
    """Run *statement* as part of the transaction at work, past SQLAlchemy's unit of work.

    A statement that is made once, with :func:`~sqlalchemy.bindparam` for what differs, takes a quarter of the
    time of one that each request makes anew. Objects that were added or changed are written at the commit:
    what this reads must not be among them.

    :param values: of its parameters; a row each where it is to be run for several.
    """
    return session().connection().execute(statement, values)


def affected(statement: Update | Delete, values: Mapping[str, Any] | None = None) -> int:
    """Run a conditional UPDATE or DELETE; how many rows it found."""
    return run(statement, values).rowcount


def insert_if_absent(model: type[Any], **values: Any) -> bool:
    """Insert a row unless one with its key is there; whether it was inserted."""
    key = inspect(model).primary_key
    statement = _dialect_insert()(model).values(**values).on_conflict_do_nothing().returning(*key)
    return run(statement).first() is not None


def insert_absent(model: type[Any], rows: Sequence[dict[str, Any]], *returning: Any) -> Sequence[Any]:
    """Insert those of some rows whose keys are not there; *returning* of each that was inserted."""
    statement = _dialect_insert()(model.__table__).on_conflict_do_nothing().returning(*returning)
    return session().execute(statement, rows).all()


def upsert(
    dialect: str,
    model: type[Any],
    *,
    changes: Callable[[Any], dict[str, Any]],
    where: Callable[[Any], ColumnElement[bool]],
    returning: Sequence[Any],
) -> Executable:
    """The statement that inserts rows, or changes those of their keys: to be run with a list of them.

    It gives *returning* of each row that it inserted or changed.

    :param changes: of the row that is there, given the columns of the one that was to be inserted.
    :param where: whether it is changed at all, given the same.
    """
    insert = _insert(dialect)(model)
    made: Executable = insert.on_conflict_do_update(
        index_elements=list(inspect(model).primary_key),
        set_=changes(insert.excluded),
        where=where(insert.excluded),
    ).returning(*returning)
    return made


def dialect() -> str:
    """``sqlite`` or ``postgresql``."""
    return session().get_bind().dialect.name


def _dialect_insert() -> Callable[[Any], Any]:
    return _insert(dialect())


@functools.cache
def _insert(dialect: str) -> Callable[[Any], Any]:
    # Only the one that is used is loaded: PostgreSQL's takes 2 MB.
    made: Callable[[Any], Any] = importlib.import_module(f"sqlalchemy.dialects.{dialect}").insert
    return made


def is_away(error: SQLAlchemyError) -> bool:
    """Return True if the database can't be used for now: it doesn't answer, is full, locked or read-only."""
    orig = getattr(error, "orig", None)
    if getattr(orig, "sqlite_errorname", "") == "SQLITE_ERROR":
        return False  # a statement that SQLite can't make sense of: ours is the fault
    if getattr(orig, "sqlstate", None) == _READ_ONLY:
        return True
    return isinstance(error, OperationalError | InterfaceError | PoolTimeout)
