"""64 bits for the ids of recovery codes and of the outbox

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("mfa_outbox", "mfa_recovery_codes")


def upgrade() -> None:
    _change(sa.BigInteger(), "bigint")


def downgrade() -> None:
    _change(sa.Integer(), "integer")


def _change(kind: sa.types.TypeEngine[int], name: str) -> None:
    # An integer of SQLite has 64 bits already.
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.alter_column(table, "id", type_=kind)
            op.execute(f"ALTER SEQUENCE {table}_id_seq AS {name}")
