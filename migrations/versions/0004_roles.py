"""the role of an account, and the organization

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
    # Without a row: nobody who signs up where there are accounts already becomes the owner.
    op.create_table(
        "organization",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("founded_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization")),
    )
    op.add_column("accounts", sa.Column("role", sa.String(16), server_default="member", nullable=False))


def downgrade() -> None:
    op.drop_column("accounts", "role")
    op.drop_table("organization")
