"""Where the application under test keeps things: SQLite and memory, or PostgreSQL and Redis."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any, Protocol

import flask_migrate
from sqlalchemy import URL

from mfa import create_app
from mfa.extensions import db
from tests.support.database import make_empty
from tests.support.postgresql import PostgreSQL, address
from tests.support.redis import Redis


class Stores(Protocol):
    """Makes the stores of one installation."""

    def fresh(self, folder: Path) -> dict[str, Any]:
        """The settings that lead to new ones, with the tables made.

        :param folder: the instance folder of the installation.
        """

    def stop(self) -> None: ...


class Sqlite:
    """A database made by the migrations, once; each installation gets a copy."""

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self.empty = make_empty(create_app({**settings, "INSTANCE_PATH": folder}))

    def fresh(self, folder: Path) -> dict[str, Any]:
        shutil.copy(self.empty, folder / "twostep.db")
        return {}

    def stop(self) -> None:
        pass


class Servers:
    """A real PostgreSQL and a real Redis; each installation has a database of its own in both."""

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self._numbers = itertools.count(1)
        self.postgresql, self.redis = PostgreSQL(folder), Redis(folder)
        self.redis.start()
        self._empty = self._migrate(folder, settings)

    def fresh(self, folder: Path) -> dict[str, Any]:  # noqa: ARG002 (nothing is in the folder)
        return {
            "SQLALCHEMY_DATABASE_URI": address(self.postgresql.create(like=self._empty)),
            "RATELIMIT_STORAGE_URI": self.redis.database(next(self._numbers)),
        }

    def stop(self) -> None:
        self.redis.stop()
        self.postgresql.stop()

    def _migrate(self, folder: Path, settings: dict[str, Any]) -> URL:
        url = self.postgresql.create()
        own = {"INSTANCE_PATH": folder, "SQLALCHEMY_DATABASE_URI": address(url), "MAIL_WORKER": "none"}
        app = create_app({**settings, **own})
        with app.app_context():
            flask_migrate.upgrade()
            db.engine.dispose()
        return url
