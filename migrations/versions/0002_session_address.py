"""sessions keep the network that they were begun from

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Added in place: a batch would make the table anew, and forget on SQLite that ids are never given twice.
    op.add_column("sessions", sa.Column("address", sa.String(length=48), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("sessions", "address")
