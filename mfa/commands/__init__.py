"""The operator's commands, a file a noun: ``flask --app app NOUN VERB``."""

from __future__ import annotations

import getpass
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError, ProgrammingError


def operator() -> str:
    """Who is at work here, as far as the system knows."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"  # a container without a user name


class Commands(AppGroup):
    """The verbs of a noun; a database that can't answer them is one sentence and no traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (OperationalError, ProgrammingError) as error:
            raise click.ClickException(
                "The database can't answer that. Are its tables current? Run: flask --app app db upgrade"
            ) from error
