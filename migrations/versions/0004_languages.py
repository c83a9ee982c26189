"""the language of an account, and of a mail that waits

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("language", sa.String(length=16), nullable=True))
    op.add_column("outbox", sa.Column("language", sa.String(length=16), nullable=True))


def downgrade() -> None:
    op.drop_column("outbox", "language")
    op.drop_column("accounts", "language")
