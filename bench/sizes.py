"""How many bytes a row takes, with its share of the indexes: printed as JSON, by table.

Run in the environment of Twostep after ``bench.fill`` and ``bench.grow``. Tables with few rows are left out:
one page of a file would be all that is seen.
"""

from __future__ import annotations

import json
import sys

from sqlalchemy import Connection, func, inspect, select, sql, text

from bench.served import twostep
from console.extensions import db

_FEWEST = 1_000
_ON_POSTGRESQL = text("SELECT pg_table_size(:name ::regclass), pg_indexes_size(:name ::regclass)")
_ON_SQLITE = text(
    "SELECT sum(CASE WHEN dbstat.name = :name THEN pgsize ELSE 0 END), sum(pgsize) FROM dbstat"
    " JOIN sqlite_schema AS made ON made.name = dbstat.name WHERE tbl_name = :name"
)


def sizes(connection: Connection) -> dict[str, dict[str, float]]:
    """Return, by table, how many rows there are, and the bytes of each in the table and in its indexes."""
    found = {}
    for name in inspect(connection).get_table_names():
        rows = connection.execute(select(func.count()).select_from(sql.table(name))).scalar_one()
        if rows < _FEWEST:
            continue
        if connection.dialect.name == "sqlite":
            own, whole = connection.execute(_ON_SQLITE, {"name": name}).one()
            indexes = whole - own
        else:
            own, indexes = connection.execute(_ON_POSTGRESQL, {"name": name}).one()
        found[name] = {"rows": rows, "table": int(own) / rows, "indexes": int(indexes) / rows}
    return found


if __name__ == "__main__":
    with twostep.flask.app_context(), db.engine.connect() as connection:
        json.dump(sizes(connection), sys.stdout)
