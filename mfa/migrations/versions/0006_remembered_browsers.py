"""browsers that are remembered at the second step

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mfa_remembered_browsers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("mark", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=8), nullable=False),
        sa.Column("device_epoch", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mfa_remembered_browsers")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_mfa_remembered_browsers_token_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_mfa_remembered_browsers_expires_at"), "mfa_remembered_browsers", ["expires_at"], unique=False
    )
    op.create_index(
        op.f("ix_mfa_remembered_browsers_person_id"), "mfa_remembered_browsers", ["person_id"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_mfa_remembered_browsers_person_id"), table_name="mfa_remembered_browsers")
    op.drop_index(op.f("ix_mfa_remembered_browsers_expires_at"), table_name="mfa_remembered_browsers")
    op.drop_table("mfa_remembered_browsers")
