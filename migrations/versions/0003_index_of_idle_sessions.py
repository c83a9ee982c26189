"""an index by which idle sessions are found

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # On PostgreSQL an operator may have made it before, while people signed in: see docs/operations/updates.md.
    op.create_index("ix_sessions_seen_at", "sessions", ["seen_at"], if_not_exists=True)


def downgrade() -> None:
    op.drop_index("ix_sessions_seen_at", table_name="sessions")
