"""Where the application under test keeps things: SQLite and memory, or PostgreSQL and Redis."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import flask_migrate
from flask import Flask
from sqlalchemy import URL, make_url

from console import create_app
from tests.support.database import hang_up, hurry, make_empty
from tests.support.postgresql import PostgreSQL, address
from tests.support.redis import Redis


class Stores(Protocol):
    """Makes the stores of one installation."""

    def fresh(self, folder: Path, like: Any = None) -> dict[str, Any]:
        """The settings that lead to new ones, with the tables made.

        :param folder: the instance folder of the installation.
        :param like: what :meth:`save` gave, whose rows they have from the beginning.
        """

    def save(self, app: Flask) -> Any:
        """What the database of *app* holds, to make others of it; nobody asks *app* any more."""

    def copy(self, app: Flask) -> Any:
        """Return a copy of what the database of *app* holds; *app* goes on."""

    def fill(self, app: Flask, copied: Any) -> None:
        """Put what :meth:`copy` gave into the database of *app* in place of what it holds."""

    def take_back(self, settings: dict[str, Any]) -> None:
        """Stores that :meth:`fresh` gave out and nobody uses any more."""

    def lose(self, app: Flask) -> None:
        """Take the database of *app* away."""

    def files(self, app: Flask) -> bytes:
        """All that stands in the files of *app*'s database."""

    def stop(self) -> None: ...


def _opened(file: Path) -> closing[sqlite3.Connection]:
    return closing(hurry(sqlite3.connect(file)))


class Sqlite:
    """A database made by the migrations, once; each installation gets a copy."""

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self._folder, self._numbers = folder, itertools.count(1)
        self._empty = make_empty(create_app({**settings, "INSTANCE_PATH": folder}))

    def fresh(self, folder: Path, like: Path | None = None) -> dict[str, Any]:
        shutil.copy(like or self._empty, folder / "twostep.db")
        # One process alone: what the limits by network count is no part of what a test compares.
        return {"RATELIMIT_STORAGE_URI": "memory://"}

    def save(self, app: Flask) -> Path:
        folder = Path(app.instance_path)
        hang_up()
        with _opened(folder / "twostep.db") as connection:
            # Also what stands in its log alone.
            connection.execute("VACUUM INTO ?", [str(folder / "saved.db")])
        return folder / "saved.db"

    def copy(self, app: Flask) -> Path:
        copied = self._folder / f"copy{next(self._numbers)}.db"
        with _opened(Path(app.instance_path) / "twostep.db") as connection:
            connection.execute("VACUUM INTO ?", [str(copied)])
        return copied

    def fill(self, app: Flask, copied: Path) -> None:
        file = Path(app.instance_path) / "twostep.db"
        # By SQLite's own means: the application may have the file open.
        with _opened(copied) as source, _opened(file) as target:
            source.backup(target)

    def take_back(self, settings: dict[str, Any]) -> None:
        pass

    def lose(self, app: Flask) -> None:
        hang_up()
        file = Path(app.instance_path) / "twostep.db"
        file.unlink()
        file.mkdir()

    def files(self, app: Flask) -> bytes:
        return b"".join(path.read_bytes() for path in Path(app.instance_path).glob("twostep.db*"))

    def stop(self) -> None:
        pass


class Servers:
    """A real PostgreSQL and a real Redis; each installation has a database of its own in both.

    Making one takes PostgreSQL a fifth of a second, emptying one a millisecond: so one that is taken back is
    emptied and given out again.

    :param own: further lines of ``postgresql.conf``.
    """

    def __init__(self, folder: Path, settings: dict[str, Any], own: str = "") -> None:
        self._numbers = itertools.count(1)
        self._free: list[URL] = []
        self._redis: dict[URL, str] = {}
        self._lost: list[URL] = []
        # Not below pytest's folder: another run that begins takes that from every user but its own.
        self._cluster = TemporaryDirectory(prefix="twostep-postgresql-", ignore_cleanup_errors=True)
        self.postgresql, self.redis = PostgreSQL(Path(self._cluster.name), own), Redis(folder)
        self.redis.start()
        self._empty = self._migrate(folder, settings)
        fresh = self.postgresql.create(like=self._empty)
        self._tables = self.postgresql.tables(fresh)
        # Migrations write some rows.
        self._rows = {table: rows for table, rows in self.postgresql.rows(fresh).items() if rows}

    def fresh(self, folder: Path, like: URL | None = None) -> dict[str, Any]:  # noqa: ARG002 (nothing is in it)
        if self._free and not like:
            url = self._free.pop()
        else:
            url = self.postgresql.create(like=like or self._empty)
        if url not in self._redis:
            self._redis[url] = self.redis.database(next(self._numbers))
        self.redis.empty(self._redis[url])
        return {"SQLALCHEMY_DATABASE_URI": address(url), "RATELIMIT_STORAGE_URI": self._redis[url]}

    def save(self, app: Flask) -> URL:
        hang_up()
        return make_url(app.config["SQLALCHEMY_DATABASE_URI"])

    def copy(self, app: Flask) -> dict[str, bytes]:
        return self.postgresql.rows(make_url(app.config["SQLALCHEMY_DATABASE_URI"]))

    def fill(self, app: Flask, copied: dict[str, bytes]) -> None:
        self.postgresql.fill(make_url(app.config["SQLALCHEMY_DATABASE_URI"]), copied)

    def take_back(self, settings: dict[str, Any]) -> None:
        url = make_url(settings["SQLALCHEMY_DATABASE_URI"])
        if url not in self._lost and self.postgresql.tables(url) == self._tables:
            self.postgresql.fill(url, self._rows)
            self._free.append(url)

    def lose(self, app: Flask) -> None:
        url = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
        self.postgresql.drop(url)
        self._lost.append(url)

    def files(self, app: Flask) -> bytes:
        return self.postgresql.files(make_url(app.config["SQLALCHEMY_DATABASE_URI"]))

    def stop(self) -> None:
        self.redis.stop()
        self.postgresql.stop()
        self._cluster.cleanup()

    def _migrate(self, folder: Path, settings: dict[str, Any]) -> URL:
        url = self.postgresql.create()
        own = {"INSTANCE_PATH": folder, "SQLALCHEMY_DATABASE_URI": address(url), "MAIL_WORKER": "none"}
        app = create_app({**settings, **own})
        with app.app_context():
            flask_migrate.upgrade()
        hang_up()
        return url
