"""forms that wait until their person has confirmed that it is them

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mfa_held_forms",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mfa_held_forms")),
    )
    op.create_index("ix_mfa_held_forms_expires_at", "mfa_held_forms", ["expires_at"])
    op.create_index("ix_mfa_held_forms_person_id", "mfa_held_forms", ["person_id"])


def downgrade() -> None:
    op.drop_index("ix_mfa_held_forms_person_id", table_name="mfa_held_forms")
    op.drop_index("ix_mfa_held_forms_expires_at", table_name="mfa_held_forms")
    op.drop_table("mfa_held_forms")
