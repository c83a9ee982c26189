"""the first tables of the extension

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mfa_activity",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=True),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("happened_at", sa.DateTime(), nullable=False),
        sa.Column("device", sa.String(length=80), nullable=False),
        sa.Column("address", sa.String(length=48), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mfa_activity")),
    )
    op.create_index("ix_mfa_activity_person_id_id", "mfa_activity", ["person_id", "id"], unique=False)
    op.create_table(
        "mfa_authenticators",
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(length=128), nullable=False),
        sa.Column("used_step", sa.BigInteger(), nullable=False),
        sa.Column("activated_at", sa.DateTime(), nullable=False),
        sa.Column("recovery_salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("recovery_cost", sa.String(length=40), nullable=False),
        sa.Column("recovery_pepper", sa.LargeBinary(length=128), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_mfa_authenticators")),
    )
    op.create_table(
        "mfa_challenges",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("mark", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=8), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next", sa.String(length=512), nullable=False),
        sa.Column("remember", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mfa_challenges")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_mfa_challenges_token_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_mfa_challenges_expires_at"), "mfa_challenges", ["expires_at"], unique=False)
    op.create_index(op.f("ix_mfa_challenges_person_id"), "mfa_challenges", ["person_id"], unique=False)
    op.create_table(
        "mfa_network_hits",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("limited", sa.String(length=160), nullable=False),
        sa.Column("happened_at", sa.DateTime(), nullable=False),
        sa.Column("forget_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mfa_network_hits")),
    )
    op.create_index(op.f("ix_mfa_network_hits_forget_at"), "mfa_network_hits", ["forget_at"], unique=False)
    op.create_index(
        "ix_mfa_network_hits_limited_happened_at",
        "mfa_network_hits",
        ["limited", "happened_at"],
        unique=False,
    )
    op.create_table(
        "mfa_outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=True),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("unanswered", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mfa_outbox")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_mfa_outbox_due_at"), "mfa_outbox", ["due_at"], unique=False)
    op.create_index(op.f("ix_mfa_outbox_recipient"), "mfa_outbox", ["recipient"], unique=False)
    op.create_index(op.f("ix_mfa_outbox_reference"), "mfa_outbox", ["reference"], unique=False)
    op.create_table(
        "mfa_people",
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("required_at", sa.DateTime(), nullable=True),
        sa.Column("device_epoch", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_mfa_people")),
    )
    op.create_table(
        "mfa_sealing_keys",
        sa.Column("id", sa.String(length=8), nullable=False),
        sa.Column("first_used_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mfa_sealing_keys")),
    )
    op.create_table(
        "mfa_spent",
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("forget_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("purpose", "reference", name=op.f("pk_mfa_spent")),
    )
    op.create_index(op.f("ix_mfa_spent_forget_at"), "mfa_spent", ["forget_at"], unique=False)
    op.create_table(
        "mfa_throttles",
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("blocked_until", sa.BigInteger(), nullable=False),
        sa.Column("attempted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "purpose", name=op.f("pk_mfa_throttles")),
    )
    op.create_table(
        "mfa_recovery_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["mfa_authenticators.person_id"],
            name=op.f("fk_mfa_recovery_codes_person_id_mfa_authenticators"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mfa_recovery_codes")),
        sa.UniqueConstraint("person_id", "digest", name=op.f("uq_mfa_recovery_codes_person_id_digest")),
    )
    # ### end Alembic commands ###


def downgrade() -> None:
    op.drop_table("mfa_recovery_codes")
    op.drop_table("mfa_throttles")
    op.drop_index(op.f("ix_mfa_spent_forget_at"), table_name="mfa_spent")
    op.drop_table("mfa_spent")
    op.drop_table("mfa_sealing_keys")
    op.drop_table("mfa_people")
    op.drop_index(op.f("ix_mfa_outbox_reference"), table_name="mfa_outbox")
    op.drop_index(op.f("ix_mfa_outbox_recipient"), table_name="mfa_outbox")
    op.drop_index(op.f("ix_mfa_outbox_due_at"), table_name="mfa_outbox")
    op.drop_table("mfa_outbox")
    op.drop_index("ix_mfa_network_hits_limited_happened_at", table_name="mfa_network_hits")
    op.drop_index(op.f("ix_mfa_network_hits_forget_at"), table_name="mfa_network_hits")
    op.drop_table("mfa_network_hits")
    op.drop_index(op.f("ix_mfa_challenges_person_id"), table_name="mfa_challenges")
    op.drop_index(op.f("ix_mfa_challenges_expires_at"), table_name="mfa_challenges")
    op.drop_table("mfa_challenges")
    op.drop_table("mfa_authenticators")
    op.drop_index("ix_mfa_activity_person_id_id", table_name="mfa_activity")
    op.drop_table("mfa_activity")
    # ### end Alembic commands ###
