"""members are searched in their indexes alone

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SORTED_BY = ("search_key", "last_signed_in_at", "created_at")
FALSE = {"sqlite": "0", "postgresql": "false"}


def upgrade() -> None:
    _make(("id", "search_key", "removed_at"))


def downgrade() -> None:
    _make(("id", "search_key"))


def _make(columns: tuple[str, ...]) -> None:
    for which, condition in _listed(op.get_bind().dialect.name).items():
        for by in SORTED_BY:
            name, where = f"ix_accounts_{which}by_{by}", sa.text(condition)
            op.drop_index(name, table_name="accounts")
            op.create_index(
                name,
                "accounts",
                list(dict.fromkeys((by, *columns))),
                sqlite_where=where,
                postgresql_where=where,
            )


def _listed(dialect: str) -> dict[str, str]:
    return {
        "": "removed_at IS NULL",
        "without_two_step_": f"removed_at IS NULL AND two_step_on IS {FALSE[dialect]}",
        "locked_": "removed_at IS NULL AND locked_at IS NOT NULL",
        "managing_": "removed_at IS NULL AND role != 'member'",
    }
