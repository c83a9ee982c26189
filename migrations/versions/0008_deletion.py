"""when an account is deleted, as its owner wants

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("delete_at", sa.DateTime(), nullable=True))
    op.add_column("accounts", sa.Column("delete_reminded_at", sa.DateTime(), nullable=True))
    op.create_index(
        "ix_accounts_delete_at",
        "accounts",
        ["delete_at"],
        sqlite_where=sa.text("delete_at IS NOT NULL"),
        postgresql_where=sa.text("delete_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_accounts_delete_at", table_name="accounts")
    op.drop_column("accounts", "delete_reminded_at")
    op.drop_column("accounts", "delete_at")
