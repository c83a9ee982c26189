"""the limits by network are counted in the database

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
        "network_hits",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("limited", sa.String(length=160), nullable=False),
        sa.Column("happened_at", sa.DateTime(), nullable=False),
        sa.Column("forget_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_network_hits"),
    )
    op.create_index("ix_network_hits_limited_happened_at", "network_hits", ["limited", "happened_at"])
    op.create_index("ix_network_hits_forget_at", "network_hits", ["forget_at"])


def downgrade() -> None:
    op.drop_table("network_hits")
