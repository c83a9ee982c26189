"""Whether the application can serve with the database that it is given.

Asked at the start, which it stops with one sentence; before an operator's command; and by balancers,
again and again (:mod:`console.observability.health`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import FlaskGroup
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from console import database, migrations
from console.config import BadSetting, engine
from console.extensions import db
from console.organization.audit import keys as audit_keys
from console.toolbox import toolbox
from mfa import clock, schema
from mfa.factors import sealing

WRITE_EVERY = timedelta(seconds=5)
_LAST_WRITE = "last_write"


class Unreachable(BadSetting):
    """The database answers with an error or not at all: it is away, refuses the password, is locked …

    :param error: what SQLAlchemy made of it; the first line of what the driver said is for the operator.
    """

    reason = "database"
    exit_status = 1  # it comes back

    def __init__(self, error: SQLAlchemyError) -> None:
        said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        super().__init__(f"The database that MFA_SQLALCHEMY_DATABASE_URI names can't be used: {said}")


class OldSchema(BadSetting):
    reason = "schema"

    def __init__(self) -> None:
        super().__init__("The database lacks the tables of this version: run flask --app app db upgrade.")


class NewSchema(BadSetting):
    """A later version has changed the tables; a server that runs already goes on with them."""

    def __init__(self) -> None:
        super().__init__(
            "The database has the tables of a newer version: start that version, or restore the back-up from"
            " before it."
        )


class Unwritable(BadSetting):
    """The database can be read and not written: its disk is full, or it is read-only."""

    reason = "unwritable"

    def __init__(self) -> None:
        super().__init__("The database that MFA_SQLALCHEMY_DATABASE_URI names can't be written.")


class MissingKeys(BadSetting):
    reason = "keys"

    def __init__(self, missing: list[str]) -> None:
        super().__init__(
            f"MFA_SECRET_KEY and MFA_SECRET_KEY_FALLBACKS lack {', '.join(missing)}, which encrypted"
            " secrets in the database. Put it back among the fallbacks."
        )


def check_keys() -> None:
    """Every master key that the database needs is on the ring; so it is before there are tables.

    The connection is given back: a thread holds one at a time, or the pool is too small.

    :raises Unreachable, MissingKeys: it is not.
    """
    try:
        missing = sealing.missing_keys()
        missing += [key for key in audit_keys.masters() if key not in (*missing, *toolbox().ring.ids)]
    except SQLAlchemyError as error:
        raise Unreachable(error) from error
    finally:
        db.session.remove()
    if missing:
        raise MissingKeys(missing)


def check_schema() -> None:
    """The tables are those that this version's migrations make.

    :raises Unreachable, OldSchema, NewSchema: they are not.
    """
    try:
        with db.engine.connect() as connection:
            _check(connection)
    except SQLAlchemyError as error:
        raise Unreachable(error) from error


def _check(connection: Connection) -> None:
    directory = Path(current_app.extensions["migrate"].directory)
    try:
        schema.check(connection, directory, migrations.VERSION_TABLE)
        schema.check(connection)
    except schema.NewSchema as error:
        raise NewSchema from error
    except schema.OldSchema as error:
        raise OldSchema from error


def check_writable() -> None:
    """Refuse to be ready while nothing can be written; each process tries that every few seconds at most.

    :raises Unwritable: the last try failed.
    """
    now = clock.now()
    tried: tuple[datetime, bool] | None = current_app.extensions.get(_LAST_WRITE)
    if tried is None or abs(now - tried[0]) >= WRITE_EVERY:
        tried = current_app.extensions[_LAST_WRITE] = (now, database.can_write())
    if not tried[1]:
        raise Unwritable


def missing_connections() -> tuple[int, int] | None:
    """Return how many connections this server may open, and how many PostgreSQL has, if those are too few.

    Other servers have theirs besides. None also if the database can't be asked.
    """
    config = current_app.config
    needed = config["WORKERS"] * engine.connections(config)
    if config["MAIL_WORKER"] == "none":
        needed += 1 + bool(config["WEBHOOK_URL"])  # flask mail deliver --forever
    try:
        room = database.room()
    except SQLAlchemyError:
        return None
    finally:
        # A server that forks after this must not share the connection.
        db.engine.dispose()
    return (needed, room) if room is not None and needed > room else None


def check_start(app: Flask) -> None:
    """What must hold before *app* serves.

    :raises BadSetting: the sentence for the operator.
    """
    if _is_looking_for_a_command():
        return
    with app.app_context():
        try:
            check_schema()
        finally:
            # A server that forks after this must not share the connection.
            db.engine.dispose()


def _is_looking_for_a_command() -> bool:
    """Whether ``flask --app app NOUN`` loads the application to find NOUN in it.

    That may be ``db``, which mends what is wrong; all others check for themselves (:mod:`console.commands`).
    """
    context = click.get_current_context(silent=True)
    return context is not None and isinstance(context.command, FlaskGroup)
