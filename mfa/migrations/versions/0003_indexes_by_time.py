"""indexes by time for activity and throttles, and one for the order of the outbox

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

FORGOTTEN_IN_TIME = sa.text(
    "purpose NOT IN ('email_number', 'enrollment_code', 'second_step', 'second_step_failures')"
)
STRANGERS = sa.text("coalesce(person_id, '') = ''")


def upgrade() -> None:
    # On PostgreSQL an operator may have made them before, while people signed in: see docs/operations/updates.md.
    op.create_index("ix_mfa_activity_happened_at", "mfa_activity", ["happened_at"], if_not_exists=True)
    op.create_index(
        "ix_mfa_activity_strangers",
        "mfa_activity",
        ["happened_at"],
        sqlite_where=STRANGERS,
        postgresql_where=STRANGERS,
        if_not_exists=True,
    )
    op.create_index(
        "ix_mfa_throttles_attempted_at",
        "mfa_throttles",
        ["attempted_at"],
        sqlite_where=FORGOTTEN_IN_TIME,
        postgresql_where=FORGOTTEN_IN_TIME,
        if_not_exists=True,
    )
    op.create_index("ix_mfa_outbox_due_at_id", "mfa_outbox", ["due_at", "id"], if_not_exists=True)
    op.drop_index("ix_mfa_outbox_due_at", table_name="mfa_outbox")


def downgrade() -> None:
    op.create_index("ix_mfa_outbox_due_at", "mfa_outbox", ["due_at"])
    op.drop_index("ix_mfa_outbox_due_at_id", table_name="mfa_outbox")
    op.drop_index("ix_mfa_throttles_attempted_at", table_name="mfa_throttles")
    op.drop_index("ix_mfa_activity_strangers", table_name="mfa_activity")
    op.drop_index("ix_mfa_activity_happened_at", table_name="mfa_activity")
