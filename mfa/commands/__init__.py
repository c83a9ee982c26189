"""The operator's commands, a file a noun: ``flask --app app NOUN VERB``."""

from __future__ import annotations

from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError, ProgrammingError


class Commands(AppGroup):
    """The verbs of a noun; a database that can't answer them is one sentence and no traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (OperationalError, ProgrammingError) as error:
            raise click.ClickException(
                "The database can't answer that. Are its tables current? Run: flask --app app db upgrade"
            ) from error
