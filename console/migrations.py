"""Flask-Migrate for the commands that change the tables.

It takes 11 MB of each process, so a server does without it: see :mod:`mfa.schema`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from flask import Flask

from console import fast
from console.extensions import db

VERSION_TABLE = "alembic_version"


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
    if not fast.ON:
        from flask_migrate import Migrate  # noqa: PLC0415 (see the module's text)

        Migrate(app, db, str(directory))
        return
    app.extensions["migrate"] = _Offered(app, directory)
    app.cli.add_command(_Command("db", help="Perform database migrations."))
