"""The database that has the extension's tables: where it is found, and whether its tables can be used."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from flask import Flask, current_app
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.orm import Session

from mfa import database, pool, schema
from mfa.accounts import Accounts
from mfa.errors import SetUpWrong

_TABLES, _OWN_ENGINE = "mfa_tables", "mfa_engine"


def of_own(accounts: Accounts) -> Engine:
    """Return the engine of a session of our own, once the tables are those of this version.

    :raises SetUpWrong: no database, or tables that are missing or old.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 (the key of a pool)
    found = pool.beside(app, database.not_in_use(find(app, accounts)))
    if _TABLES not in app.extensions:
        with found.connect() as connection:
            _check_tables(connection)
    return found


def shared(session: Callable[[], Session]) -> Session:
    """Return the host's session, once our tables in its database are those of this version.

    :raises SetUpWrong: they are missing or old.
    """
    found = session()
    check(found)
    return found


def check(session: Session) -> None:
    """Refuse a host's session if the tables in its database are not those of this version.

    :raises SetUpWrong: they are missing or old.
    """
    if _TABLES not in current_app.extensions:
        _check_tables(session.connection())


def of_session(session: Callable[[], Session]) -> Engine:
    """Return the engine of the host's session."""
    return session().get_bind().engine


def _check_tables(connection: Connection) -> None:
    try:
        schema.check(connection)
    except schema.OldSchema as error:
        raise SetUpWrong(
            "The tables of two-step are missing or old: run flask two-step db upgrade,"
            " or in tests call two_step.upgrade_tables()."
        ) from error
    except schema.NewSchema as error:
        raise SetUpWrong("The tables of two-step are those of a newer version.") from error
    current_app.extensions[_TABLES] = True


def find(app: Flask, accounts: Accounts) -> Engine:
    """Return the engine that ``MFA_DATABASE_URI``, the adapter or Flask-SQLAlchemy gives.

    :raises SetUpWrong: none of them does.
    """
    uri = app.config.get("MFA_DATABASE_URI")
    if uri:
        if _OWN_ENGINE not in app.extensions:
            app.extensions[_OWN_ENGINE] = create_engine(uri)
        return cast("Engine", app.extensions[_OWN_ENGINE])
    engine = accounts.engine()
    if engine is not None:
        return engine
    if "sqlalchemy" in app.extensions:
        return cast("Engine", app.extensions["sqlalchemy"].engine)
    raise SetUpWrong("Two-step needs a database: set MFA_DATABASE_URI, or give the adapter engine().")
