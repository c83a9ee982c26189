"""The extension's tables, and the session in which they are read and changed.

A host that hands over its own session has both kinds of tables changed in one transaction.
"""

from __future__ import annotations

import functools
import importlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

from flask import Flask, current_app, g
from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Delete,
    Engine,
    Executable,
    Integer,
    MetaData,
    StaticPool,
    Update,
    bindparam,
    event,
    inspect,
    select,
    text,
    tuple_,
)
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError, TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session, SessionTransaction, scoped_session

from mfa import at_work
from mfa.autocommit import AutocommitSession
from mfa.errors import SetUpWrong

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
_LOCK_NOT_AVAILABLE = "55P03"
PERSON_ID_LENGTH = 64
"""Characters of a host's id for somebody, as text: a UUID has 36."""
BATCH = 200
"""Rows that a batch changes at most: so a writer that waits for it waits a few milliseconds."""
_SESSION = "mfa_session"
_IS_HOSTS = "mfa_session_is_hosts"
_WITHIN = "mfa_within"
_OWN = "mfa_own_session"
_AFTER_COMMIT = "mfa_after_commit"
_AT_WORK = "mfa_at_work"
_OF_HOST = "mfa_after_commit_of_host"
_COMMIT_FIRST = (
    "If this request has written something itself, it must commit that before it calls two-step: SQLite has"
    " one writer at a time."
)


class Model(DeclarativeBase):
    """The base of the extension's models."""

    metadata = MetaData(naming_convention=NAMING)


M = TypeVar("M", bound=Model)


def use(app: Flask, session: Callable[[], Session], *, is_hosts: bool = False) -> None:
    """Let *app* read and change the extension's tables in the session that *session* returns.

    :param is_hosts: True if it is the host's own: what the host does at a change is part of that change.
    """
    app.extensions[_SESSION] = session
    app.extensions[_IS_HOSTS] = is_hosts


def use_own(app: Flask, engine: Callable[[], Engine]) -> None:
    """Let *app* read and change the extension's tables in a session that is nobody else's.

    :param engine: returns the engine; asked inside the application, when it is first needed.
    """
    app.extensions[_SESSION] = functools.partial(_own, engine)
    app.extensions[_IS_HOSTS] = False


def _own(engine: Callable[[], Engine]) -> Session:
    found: Session | None = g.get(_OWN)
    if found is None:
        found = g.mfa_own_session = AutocommitSession(engine(), expire_on_commit=False)
    return found


def not_in_use(engine: Engine) -> Engine:
    """Return *engine*, unless its one connection, to a database in memory, has work of the host on it.

    To give the connection back would undo that work, and a commit of ours would commit it.

    :raises SetUpWrong: it has.
    """
    pool = engine.pool
    if isinstance(pool, StaticPool) and getattr(pool.connection.dbapi_connection, "in_transaction", False):
        raise SetUpWrong(f"The database in memory has one connection for all. {_COMMIT_FIRST}")
    return engine


def close(_error: BaseException | None = None) -> None:
    """Give the connection of the extension's own session back; the host's session is the host's to close."""
    found: Session | None = at_work.kept().pop(_OWN, None)
    if found is not None:
        found.close()


def release() -> None:
    """Give the connection of the extension's own session back before the host is asked something.

    Who waits for a connection of the host's must hold none of ours, for others wait the other way around.
    """
    found: Session | None = at_work.kept().get(_OWN)
    if found is not None and found.in_transaction() and not found.info.get(_AT_WORK):
        found.commit()


def session() -> Session:
    """Return the session of the application at work."""
    found: Session = at_work.kept().get(_WITHIN) or at_work.app().extensions[_SESSION]()
    return found


@contextmanager
def within(session: Session) -> Iterator[None]:
    """Work inside in *session*, as part of its transaction; what waits for the commit waits for that one."""
    if isinstance(session, scoped_session):
        session = session()
    before, others = g.get(_WITHIN), session.info.pop(_AFTER_COMMIT, None)
    g.mfa_within = session
    try:
        yield
        _follow(session, session.info.pop(_AFTER_COMMIT, []))
    finally:
        g.mfa_within = before
        session.info.pop(_AFTER_COMMIT, None)
        if others is not None:
            session.info[_AFTER_COMMIT] = others


class _Waiting:
    """What waits for the commit of a host's session, by the transaction or savepoint that it belongs to."""

    def __init__(self, session: Session) -> None:
        self._acts: list[tuple[SessionTransaction | None, Callable[[], object]]] = []
        self._is_committed = False
        event.listen(session, "after_commit", self._commit)
        event.listen(session, "after_soft_rollback", self._roll_back)
        event.listen(session, "after_transaction_end", self._end)

    def add(self, session: Session, acts: Sequence[Callable[[], object]]) -> None:
        belongs_to = session.get_nested_transaction() or session.get_transaction()
        self._acts += [(belongs_to, act) for act in acts]

    def _commit(self, session: Session) -> None:
        self._is_committed = not session.in_nested_transaction()

    def _roll_back(self, _session: Session, over: SessionTransaction) -> None:
        self._acts = [(of, act) for of, act in self._acts if not _is_inside(of, over)]

    def _end(self, _session: Session, over: SessionTransaction) -> None:
        # Only now may the session be used again.
        if over.parent is not None:
            return
        acts, is_committed = self._acts, self._is_committed
        self._acts, self._is_committed = [], False
        if is_committed:
            _do(act for _, act in acts)


def _is_inside(one: SessionTransaction | None, other: SessionTransaction) -> bool:
    while one is not None and one is not other:
        one = one.parent
    return one is other


def _follow(session: Session, acts: Sequence[Callable[[], object]]) -> None:
    if acts:
        if _OF_HOST not in session.info:
            session.info[_OF_HOST] = _Waiting(session)
        session.info[_OF_HOST].add(session, acts)


def with_host(act: Callable[[], object]) -> None:
    """Have the host do its part of a change: in the transaction at work if that is its own, else after it."""
    if current_app.extensions[_IS_HOSTS] or g.get(_WITHIN):
        act()
    else:
        after_commit(act)


@contextmanager
def transaction(*, keeping: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Commit everything inside together, or nothing; then do what waits for the commit.

    Inside another one it is part of that. This is the one place where writes begin: a session of our own
    refuses them elsewhere.

    :param keeping: what may be raised inside and yet leaves what was written: a wrong code stays counted.
    """
    at_work = session()
    if at_work.info.get(_AT_WORK):
        yield
        return
    if isinstance(at_work, AutocommitSession):
        at_work.begin_writing()
    at_work.info[_AT_WORK] = True
    kept: Exception | None = None
    try:
        try:
            yield
        except keeping as error:
            kept = error
        at_work.commit()
    except BaseException as error:
        at_work.info.pop(_AFTER_COMMIT, None)
        at_work.rollback()
        if _is_busy(error):
            error.add_note(_COMMIT_FIRST)
        raise
    finally:
        at_work.info.pop(_AT_WORK, None)
        if isinstance(at_work, AutocommitSession):
            at_work.end_writing()
    _do(at_work.info.pop(_AFTER_COMMIT, ()))
    if kept:
        raise kept


def with_hosts_work(*, keeping: tuple[type[Exception], ...] = ()) -> AbstractContextManager[None]:
    """Commit what is inside together with what the host does there, where its session is one of ours.

    Elsewhere each transaction inside is one of its own: two connections that write would wait for each other
    on SQLite, and in a session that only the host knows it may roll back what we have done.
    """
    is_one = current_app.extensions[_IS_HOSTS] and isinstance(session(), AutocommitSession)
    return transaction(keeping=keeping) if is_one else nullcontext()


@contextmanager
def unless_busy(*, patience: float = 0) -> Iterator[None]:
    """Do what is inside as :func:`transaction` does, or leave it out if it would have to wait for a lock.

    For what nobody needs at once, like when a session was last seen, in requests that must not wait for it.
    It waits like any other write where it would take more along as it is rolled back: inside a transaction,
    and in a session that a host shares, which may hold work of the host.

    :param patience: seconds that it may wait all the same.
    """
    if not isinstance(session(), AutocommitSession) or session().info.get(_AT_WORK):
        with transaction():
            yield
        return
    try:
        with transaction(), _waiting(session().connection(), int(1000 * patience)):
            yield
    except OperationalError as error:
        if not _is_locked(error):
            raise


@contextmanager
def _waiting(connection: Connection, milliseconds: int) -> Iterator[None]:
    if connection.dialect.name != "sqlite":
        # Until this transaction ends; 0 would be no limit.
        connection.execute(text(f"SET LOCAL lock_timeout = {max(1, milliseconds)}"))
        yield
        return
    waited = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {milliseconds}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {waited}")


def _is_locked(error: OperationalError) -> bool:
    if _is_busy(error):
        return True
    return getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE


def _is_busy(error: BaseException) -> bool:
    # There are kinds of it, like SQLITE_BUSY_SNAPSHOT.
    return str(getattr(getattr(error, "orig", None), "sqlite_errorname", "")).startswith("SQLITE_BUSY")


def _do(acts: Iterable[Callable[[], object]]) -> None:
    """Do all of them, also after one that fails: the change that they tell of was made."""
    failed: Exception | None = None
    for act in acts:
        try:
            act()
        except Exception as error:
            failed = failed or error
    if failed:
        raise failed


def after_commit(act: Callable[[], object]) -> None:
    """Call *act* once the transaction at work is committed, and never if it is rolled back."""
    session().info.setdefault(_AFTER_COMMIT, []).append(act)


def detached(row: M) -> M:
    """Return *row* taken out of the session: it stays as it was read.

    A host's session forgets at each commit what it has read, and reads it again when it is needed: it may be
    gone by then.
    """
    session().expunge(row)
    return row


def run(
    statement: Executable, values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
) -> CursorResult[*tuple[Any, ...]]:
    """Run *statement* as part of the transaction at work, past SQLAlchemy's unit of work.

    A statement that is made once, with :func:`~sqlalchemy.bindparam` for what differs, takes a quarter of the
    time of one that each request makes again. Objects that were added or changed are written at the commit:
    what this reads must not be among them.

    :param values: of its parameters; a row each where it is to be run for several.
    """
    return session().connection().execute(statement, values)


def affected(statement: Update | Delete, values: Mapping[str, Any] | None = None) -> int:
    """Run a conditional UPDATE or DELETE; how many rows it found."""
    return run(statement, values).rowcount


def first(by: InstrumentedAttribute[Any], *over: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition of a DELETE or UPDATE for :func:`in_batches`: the first rows that are over.

    It passes over rows that somebody else has locked. So it waits for nobody, and several servers share the
    work.

    :param by: the column of a moment, by whose index the rows are found, the oldest first.
    :param over: what holds for each.
    """
    key = inspect(by.class_).primary_key
    found = select(*key).where(*over).order_by(by).limit(bindparam("at_most", type_=Integer))
    # WITH, as PostgreSQL may run what else stands in IN more than once, and lock other rows each time.
    rows = found.with_for_update(skip_locked=True).cte("first_rows", nesting=True)
    return (tuple_(*key) if len(key) > 1 else key[0]).in_(select(*rows.c))


def in_batches(statement: Update | Delete, values: Mapping[str, Any]) -> Iterator[int]:
    """Run *statement* until it finds nothing more, in short transactions; yield how many rows each found.

    After each, the caller may do something else, or stop. Between them others write: see :class:`Pace`.

    :param statement: one about the :func:`first` rows.
    """
    found, pace = BATCH, Pace()
    while found >= BATCH:
        with pace.transaction():
            found = affected(statement, {**values, "at_most": BATCH})
        yield found


class Pace:
    """Transactions of work in the background, of which each waits for as long as the one before it took.

    On SQLite one writes at a time, and who waits looks again after 1, 2, 5, 10, 15, 20 and 25 ms, then after
    25 or more. A longer rest has all of them get in during the first.
    """

    SHORTEST_ON_SQLITE = 0.03
    """Seconds."""

    def __init__(self) -> None:
        self._rest = 0.0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Rest, then run the block in a transaction."""
        time.sleep(self._rest)
        began = time.monotonic()
        with transaction():
            yield
            shortest = self.SHORTEST_ON_SQLITE if dialect() == "sqlite" else 0
        self._rest = max(shortest, time.monotonic() - began)


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
