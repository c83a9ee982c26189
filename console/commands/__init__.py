"""The operator's commands, a file a noun: ``flask --app app NOUN VERB``."""

from __future__ import annotations

import getpass
from typing import Any

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from console import readiness
from console.config import BadSetting
from mfa import database


def operator() -> str:
    """Who is at work here, as far as the system knows."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"  # a container without a user name


def counted(number: int, noun: str) -> str:
    """Return a number of things in words: "1 account", "2 accounts"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


class Commands(AppGroup):
    """The verbs of a noun; a database that can't answer them is one sentence and no traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with_appcontext(readiness.check_schema)()
            return super().invoke(ctx)
        except BadSetting as error:
            click.ClickException(str(error)).show()
            ctx.exit(error.exit_status)
        except SQLAlchemyError as error:
            if not database.is_away(error):
                raise
            raise click.ClickException(str(readiness.Unreachable(error))) from error
