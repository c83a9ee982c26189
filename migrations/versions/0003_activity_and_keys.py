"""activity, changes of address, known devices, locks, and keys that can be rotated

Revision ID: 0003
Revises: 0002

Recovery codes were hashed under a key of the ring, which no key change could replace. From here on each set
has a key of its own, sealed by the ring. What exists keeps working: the key that it was hashed under becomes
the set's own. Going down again brings the tables back; recovery codes that were made meanwhile are then no
longer recognized (the authenticator app is), so reissue them.
"""

import sqlalchemy as sa
from alembic import op
from flask import current_app

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

AUTHENTICATORS = sa.table(
    "authenticators",
    sa.column("account_id", sa.Integer),
    sa.column("recovery_key", sa.String),
    sa.column("recovery_pepper", sa.LargeBinary),
    sa.column("sealed_secret", sa.LargeBinary),
)
SEALING_KEYS = sa.table("sealing_keys", sa.column("id", sa.String), sa.column("first_used_at", sa.DateTime))


def upgrade() -> None:
    op.create_table(
        "activity",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("happened_at", sa.DateTime(), nullable=False),
        sa.Column("device", sa.String(length=80), nullable=False),
        sa.Column("address", sa.String(length=48), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_activity_account_id_accounts", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_activity"),
    )
    op.create_index("ix_activity_account_id_id", "activity", ["account_id", "id"])
    op.create_table(
        "email_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("old_email", sa.String(length=254), nullable=False),
        sa.Column("old_email_key", sa.String(length=318), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.Column("undone_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_email_changes_account_id_accounts", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_email_changes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_email_changes_account_id", "email_changes", ["account_id"])
    op.create_table(
        "sealing_keys",
        sa.Column("id", sa.String(length=8), nullable=False),
        sa.Column("first_used_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sealing_keys"),
    )
    # All in place: a batch would make the tables anew, on SQLite forget that ids are never given twice, and, by
    # dropping the old ones, delete what hangs on them.
    op.add_column("accounts", sa.Column("device_epoch", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("accounts", sa.Column("locked_at", sa.DateTime(), nullable=True))
    op.add_column("sessions", sa.Column("confirmed_at", sa.DateTime(), nullable=True))
    op.add_column("sessions", sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("outbox", sa.Column("reference", sa.String(length=64), nullable=True))
    op.create_index("ix_outbox_reference", "outbox", ["reference"])

    op.add_column(
        "authenticators",
        sa.Column("recovery_pepper", sa.LargeBinary(length=128), nullable=False, server_default=sa.text("''")),
    )
    _seal_what_the_codes_were_hashed_under()
    op.drop_column("authenticators", "recovery_key")


def downgrade() -> None:
    ring = current_app.extensions["twostep"].ring
    op.add_column(
        "authenticators",
        sa.Column("recovery_key", sa.String(length=8), nullable=False, server_default=ring.current),
    )
    op.drop_column("authenticators", "recovery_pepper")
    op.drop_index("ix_outbox_reference", table_name="outbox")
    op.drop_column("outbox", "reference")
    op.drop_column("sessions", "failures")
    op.drop_column("sessions", "confirmed_at")
    op.drop_column("accounts", "locked_at")
    op.drop_column("accounts", "device_epoch")
    op.drop_table("sealing_keys")
    op.drop_index("ix_email_changes_account_id", table_name="email_changes")
    op.drop_table("email_changes")
    op.drop_index("ix_activity_account_id_id", table_name="activity")
    op.drop_table("activity")


def _seal_what_the_codes_were_hashed_under() -> None:
    ring = current_app.extensions["twostep"].ring
    connection = op.get_bind()
    used = set()
    rows = connection.execute(sa.select(AUTHENTICATORS)).all()
    for row in rows:
        associated = f"account:{row.account_id}".encode()
        pepper = ring.derive("recovery-codes", key_id=row.recovery_key)
        connection.execute(
            sa.update(AUTHENTICATORS)
            .where(AUTHENTICATORS.c.account_id == row.account_id)
            .values(recovery_pepper=ring.seal("recovery-pepper", pepper, associated))
        )
        used |= {row.sealed_secret[:8].decode("ascii"), ring.current}
    for key_id in sorted(used):
        connection.execute(sa.insert(SEALING_KEYS).values(id=key_id, first_used_at=sa.func.now()))
