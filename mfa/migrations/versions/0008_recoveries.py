"""ways back for people who have lost every second step

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OPEN = sa.text("stopped_at IS NULL AND finished_at IS NULL")


def upgrade() -> None:
    op.add_column("mfa_people", sa.Column("must_enroll_at", sa.DateTime(), nullable=True))
    op.create_table(
        "mfa_recoveries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("operator", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("mark", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=8), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.DateTime(), nullable=False),
        sa.Column("ready_at", sa.DateTime(), nullable=False),
        sa.Column("ends_at", sa.DateTime(), nullable=False),
        sa.Column("stopped_at", sa.DateTime(), nullable=True),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("tell_at", sa.DateTime(), nullable=True),
        sa.Column("device", sa.String(length=80), nullable=False),
        sa.Column("network", sa.String(length=48), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mfa_recoveries")),
        sqlite_autoincrement=True,
    )
    for column in ("person_id", "ends_at", "tell_at"):
        op.create_index(op.f(f"ix_mfa_recoveries_{column}"), "mfa_recoveries", [column], unique=False)
    op.create_index(
        "ix_mfa_recoveries_open",
        "mfa_recoveries",
        ["person_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def downgrade() -> None:
    op.drop_table("mfa_recoveries")
    op.drop_column("mfa_people", "must_enroll_at")
