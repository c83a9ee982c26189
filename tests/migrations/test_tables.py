"""The migrations make the tables of the models, and take them away again."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import Engine, MetaData, inspect

from console.extensions import db
from mfa import schema
from mfa.database import Model


@pytest.mark.parametrize("ours", [True, False], ids=["extension", "console"])
def test_the_migrations_make_the_tables_of_the_models(app: Flask, engine: Engine, ours: bool) -> None:
    metadata: MetaData = Model.metadata if ours else db.metadata

    def include(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or (name != schema.VERSION_TABLE and schema.is_ours(str(name)) == ours)

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": include})
        assert compare_metadata(context, metadata) == []


def test_the_extension_takes_its_tables_away_and_makes_them_again(app: Flask, engine: Engine) -> None:
    with engine.begin() as connection:
        before = set(inspect(connection).get_table_names())
        schema.downgrade(connection)
        left = set(inspect(connection).get_table_names())
        assert {name for name in left if schema.is_ours(name)} == {schema.VERSION_TABLE}
        assert left == {name for name in before if not schema.is_ours(name)} | {schema.VERSION_TABLE}
        schema.upgrade(connection)
        assert set(inspect(connection).get_table_names()) == before
