"""the settings of the organization

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    made = op.create_table(
        "organization_settings",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("administrators_since", sa.DateTime(), nullable=True),
        sa.Column("members_since", sa.DateTime(), nullable=True),
        sa.Column("passkeys_since", sa.DateTime(), nullable=True),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.Column("remembers_browsers", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=True),
        sa.Column("changed_by", ID, nullable=True),
        sa.Column("administrators_told", ID, nullable=True),
        sa.Column("members_told", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["changed_by"],
            ["accounts.id"],
            name=op.f("fk_organization_settings_changed_by_accounts"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization_settings")),
    )
    op.bulk_insert(made, [{"id": 1, "version": 0, "grace_days": 7, "remembers_browsers": True}])


def downgrade() -> None:
    op.drop_table("organization_settings")
