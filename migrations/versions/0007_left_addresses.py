"""find a change of address by the address that was left

Revision ID: 0007
Revises: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_email_changes_old_email_key", "email_changes", ["old_email_key"])


def downgrade() -> None:
    op.drop_index("ix_email_changes_old_email_key", table_name="email_changes")
