"""The whole database as text, for comparing it byte for byte."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import flask_migrate
from flask import Flask
from sqlalchemy import Engine, MetaData, select

from mfa.extensions import db


def make_empty(app: Flask) -> Path:
    """The file of *app*'s database, made by the migrations and closed, so that it can be copied."""
    with app.app_context():
        flask_migrate.upgrade()
        db.engine.dispose()
    return Path(app.instance_path) / "twostep.db"


def dump(engine: Engine, *, without: Collection[str] = ()) -> str:
    """Every row of every table, in a fixed order.

    :param without: tables, or ``table.column``, to leave out.
    """
    tables = MetaData()
    tables.reflect(engine)
    lines = []
    with engine.connect() as connection:
        for table in tables.sorted_tables:
            if table.name in without:
                continue
            columns = [c for c in table.columns if f"{table.name}.{c.name}" not in without]
            rows = connection.execute(select(*columns).order_by(*table.primary_key)).all()
            lines += [f"{table.name}: {row!r}" for row in map(tuple, rows)]
    return "\n".join(lines)
