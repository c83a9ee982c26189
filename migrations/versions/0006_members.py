"""what the list of members is sorted and searched by

Revision ID: 0006
Revises: 0005
"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BATCH = 1000
SORTED_BY = ("search_key", "last_signed_in_at", "created_at")
FALSE = {"sqlite": "0", "postgresql": "false"}
COLUMNS = ("last_signed_in_at", "two_step_on", "removed_at", "search_key")


def upgrade() -> None:
    key = sa.String(640).with_variant(sa.String(640, "C"), "postgresql")
    never = "1970-01-01 00:00:00.000000"
    op.add_column("accounts", sa.Column("last_signed_in_at", sa.DateTime(), server_default=never, nullable=False))
    op.add_column("accounts", sa.Column("two_step_on", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("accounts", sa.Column("removed_at", sa.DateTime(), nullable=True))
    op.add_column("accounts", sa.Column("search_key", key, server_default="", nullable=False))
    connection = op.get_bind()
    _fill_search_keys(connection)
    # Of sessions that have ended nothing is known: who has none begins as never signed in.
    op.execute(
        "UPDATE accounts SET last_signed_in_at = (SELECT max(created_at) FROM sessions WHERE account_id = accounts.id)"
        " WHERE EXISTS (SELECT 1 FROM sessions WHERE account_id = accounts.id)"
    )
    # In a fresh database the extension's tables are made after these.
    tables = sa.inspect(connection).get_table_names()
    for table in ("mfa_second_steps", "mfa_authenticators"):
        if table in tables:
            op.execute(
                f"UPDATE accounts SET two_step_on = {'1' if connection.dialect.name == 'sqlite' else 'true'}"
                f" WHERE CAST(id AS VARCHAR) IN (SELECT person_id FROM {table})"
            )
            break
    for which, condition in _listed(connection.dialect.name).items():
        for by in SORTED_BY:
            columns = list(dict.fromkeys((by, "id", "search_key")))
            where = sa.text(condition)
            op.create_index(
                f"ix_accounts_{which}by_{by}", "accounts", columns, sqlite_where=where, postgresql_where=where
            )


def downgrade() -> None:
    for which in _listed(op.get_bind().dialect.name):
        for by in SORTED_BY:
            op.drop_index(f"ix_accounts_{which}by_{by}", table_name="accounts")
    for column in reversed(COLUMNS):
        op.drop_column("accounts", column)


def _listed(dialect: str) -> dict[str, str]:
    return {
        "": "removed_at IS NULL",
        "without_two_step_": f"removed_at IS NULL AND two_step_on IS {FALSE[dialect]}",
        "locked_": "removed_at IS NULL AND locked_at IS NOT NULL",
        "managing_": "removed_at IS NULL AND role != 'member'",
    }


def _fill_search_keys(connection: sa.Connection) -> None:
    found = sa.text("SELECT id, name, email_key FROM accounts WHERE id > :after ORDER BY id LIMIT :batch")
    change = sa.text("UPDATE accounts SET search_key = :key WHERE id = :id")
    after = 0
    while rows := connection.execute(found, {"after": after, "batch": BATCH}).all():
        connection.execute(
            change,
            [
                {"id": row.id, "key": f"{unicodedata.normalize('NFC', row.name.casefold())}\n{row.email_key}"}
                for row in rows
            ],
        )
        after = rows[-1].id
