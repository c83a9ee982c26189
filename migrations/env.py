"""Alembic's environment: the engine and the tables are those of the Flask application."""

from __future__ import annotations

import click
from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from flask import current_app

from mfa import schema

migrate = current_app.extensions["migrate"]
metadata = migrate.db.metadata

ONE_AT_A_TIME = {
    # Python's driver begins a transaction by itself before rows change, but not before tables do; so a kill
    # leaves all or nothing.
    "sqlite": "BEGIN IMMEDIATE",
    "postgresql": "SELECT pg_advisory_xact_lock(hashtext('twostep migrations'))",
}
"""Where several servers upgrade at the same moment, the second waits, and finds nothing to do."""


def run_offline() -> None:
    """Write the statements instead of running them (``flask db upgrade --sql``)."""
    url = migrate.db.engine.url.render_as_string(hide_password=False)
    context.configure(url=url, target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    with migrate.db.engine.begin() as connection:
        connection.exec_driver_sql(ONE_AT_A_TIME[connection.dialect.name])
        applied: list[MigrationInfo] = []
        context.configure(
            connection=connection,
            target_metadata=metadata,
            include_name=schema.include_name,
            on_version_apply=lambda *, step, **_: applied.append(step),
            **migrate.configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()
        migrations = context.get_context()
        if is_upgrade(migrations):
            schema.upgrade(connection, applied.append)
        heads = migrations.get_current_heads()
    tell(applied, heads)


def tell(applied: list[MigrationInfo], heads: tuple[str, ...]) -> None:
    """Say what the command has done to the tables, if it is one that changes them."""
    for step in applied:
        way = "Upgraded to" if step.is_upgrade else "Downgraded from"
        click.echo(f"{way} {step.up_revision_id}: {step.up_revision.doc}")
    if not applied and changes_tables():
        click.echo(f"Nothing to do: the database is at revision {', '.join(heads) or 'none'}.")


def is_upgrade(migrations: MigrationContext) -> bool:
    """Return True for ``flask db upgrade``, which brings the tables of the extension up too."""
    return getattr(migrations.opts["fn"], "__name__", "") == "upgrade"


def changes_tables() -> bool:
    """Return False for a command that only looks, like ``flask db current``."""
    try:
        context.get_revision_argument()
    except KeyError:
        return False
    return True


if context.is_offline_mode():
    run_offline()
else:
    run_online()
