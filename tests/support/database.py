"""The whole database as text, for comparing it byte for byte."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Engine, MetaData, select


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
