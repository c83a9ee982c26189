"""The extension's tables in the databases of hosts: the migrations run once, and each host gets a copy."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Engine, create_engine

from mfa import schema


def upgrade(engine: Engine) -> None:
    """Bring the tables to the newest revision; on SQLite new ones take a fiftieth of what migrations take."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite" and not schema.made(connection):
            connection.connection.executescript(_script())
        else:
            schema.upgrade(connection)


@cache
def _script() -> str:
    """Return the statements that make and fill a database as the migrations do."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        schema.upgrade(connection)
        script = "\n".join(connection.connection.iterdump())
    engine.dispose()
    return script
