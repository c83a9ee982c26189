"""The migrations: which there are, and Flask-Migrate for whoever runs them.

A server only asks which is the newest, so it reads that from the files: Alembic, with what it needs, takes
11 MB of each process.
"""

from __future__ import annotations

import ast
import functools
from pathlib import Path
from typing import Any

import click
from flask import Flask
from sqlalchemy import Connection, inspect, text

from console.extensions import db

_TABLE = "alembic_version"


class Unread(ValueError):
    """A file among the migrations that does not say where it stands."""


class _Offered:
    """What stands for Flask-Migrate in an application, and makes way for it as soon as it is asked anything.

    :param directory: the folder of the migrations.
    """

    def __init__(self, app: Flask, directory: Path) -> None:
        self._app = app
        self.directory = str(directory)

    def __getattr__(self, name: str) -> Any:
        from flask_migrate import Migrate  # noqa: PLC0415 (see the module's text)

        Migrate(self._app, db, self.directory)
        return getattr(self._app.extensions["migrate"], name)


class _Command(click.Command):
    """Stands for Flask-Migrate's ``flask db``, and makes way for it when it is called."""

    def make_context(self, *args: Any, **more: Any) -> click.Context:
        from flask_migrate import cli  # noqa: PLC0415 (see the module's text)

        context: click.Context = cli.db.make_context(*args, **more)
        return context


def offer(app: Flask, directory: Path) -> None:
    """Have ``flask db`` and :mod:`flask_migrate` find the migrations of *app* in *directory*."""
    app.extensions["migrate"] = _Offered(app, directory)
    app.cli.add_command(_Command("db", help="Perform database migrations."))


@functools.cache
def revisions(directory: str) -> tuple[frozenset[str], frozenset[str]]:
    """The newest revision of the migrations in *directory* (more, if they branch), and all of them.

    :raises Unread: one of the files is no migration.
    """
    before: dict[str, str | tuple[str, ...] | None] = {}
    for path in Path(directory, "versions").glob("*.py"):
        said = _said(path)
        if "revision" not in said or "down_revision" not in said:
            raise Unread(path.name)
        before[said["revision"]] = said["down_revision"]
    followed: set[str] = set()
    for one in before.values():
        followed.update((one,) if isinstance(one, str) else one or ())
    return frozenset(before.keys() - followed), frozenset(before)


def made(connection: Connection) -> set[str]:
    """The newest revision that the tables of a database have had; nothing where there are none."""
    if not inspect(connection).has_table(_TABLE):
        return set()
    return set(connection.scalars(text(f"SELECT version_num FROM {_TABLE}")))  # noqa: S608


def _said(path: Path) -> dict[str, Any]:
    """The names of a file's top level that are given a plain value."""
    said = {}
    for line in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(line, ast.Assign):
            names, value = line.targets, line.value
        elif isinstance(line, ast.AnnAssign) and line.value:
            names, value = [line.target], line.value
        else:
            continue
        if isinstance(value, ast.Constant | ast.Tuple):
            said.update({name.id: ast.literal_eval(value) for name in names if isinstance(name, ast.Name)})
    return said
