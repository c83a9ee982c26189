"""requests to reset a member's 2-step verification

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column(
        "organization_settings",
        sa.Column("approves_resets", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_table(
        "help_requests",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("asked_by", ID, nullable=True),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("approved_by", ID, nullable=True),
        sa.Column("approved_at", sa.DateTime(), nullable=True),
        sa.Column("recovery_id", ID, nullable=True),
        sa.Column("stopped_at", sa.DateTime(), nullable=True),
        sa.Column("ends_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_help_requests_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["accounts.id"], name=op.f("fk_help_requests_asked_by_accounts"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["approved_by"],
            ["accounts.id"],
            name=op.f("fk_help_requests_approved_by_accounts"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_help_requests")),
        sa.UniqueConstraint("account_id", name=op.f("uq_help_requests_account_id")),
        sqlite_autoincrement=True,
    )
    for column in ("asked_by", "approved_by", "ends_at"):
        op.create_index(op.f(f"ix_help_requests_{column}"), "help_requests", [column], unique=False)


def downgrade() -> None:
    op.drop_table("help_requests")
    op.drop_column("organization_settings", "approves_resets")
