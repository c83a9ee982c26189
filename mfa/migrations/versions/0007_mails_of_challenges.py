"""the mail about an unfinished sign-in, from the row of its challenge

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mfa_challenges", sa.Column("tell_at", sa.DateTime(), nullable=True))
    op.add_column(
        "mfa_challenges", sa.Column("device", sa.String(length=80), server_default="", nullable=False)
    )
    op.add_column(
        "mfa_challenges", sa.Column("network", sa.String(length=48), server_default="", nullable=False)
    )
    op.create_index(op.f("ix_mfa_challenges_tell_at"), "mfa_challenges", ["tell_at"])
    op.execute(
        "UPDATE mfa_challenges SET tell_at = (SELECT min(due_at) FROM mfa_outbox"
        " WHERE reference = 'challenge:' || mfa_challenges.id)"
    )
    op.execute("DELETE FROM mfa_outbox WHERE reference IS NOT NULL")
    op.drop_index(op.f("ix_mfa_outbox_reference"), table_name="mfa_outbox")
    op.drop_column("mfa_outbox", "reference")


def downgrade() -> None:
    op.add_column("mfa_outbox", sa.Column("reference", sa.String(length=64), nullable=True))
    op.create_index(op.f("ix_mfa_outbox_reference"), "mfa_outbox", ["reference"])
    op.drop_index(op.f("ix_mfa_challenges_tell_at"), table_name="mfa_challenges")
    for column in ("network", "device", "tell_at"):
        op.drop_column("mfa_challenges", column)
