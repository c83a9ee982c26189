"""several authenticators a person, apart from what there is once

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

CODES_OF = "fk_mfa_recovery_codes_person_id_"


def upgrade() -> None:
    _rename("mfa_authenticators", "mfa_second_steps")
    for name, kind in (
        ("user_handle", sa.LargeBinary(length=64)),
        ("codes_limited_until", sa.DateTime()),
        ("checked_up_at", sa.DateTime()),
    ):
        op.add_column("mfa_second_steps", sa.Column(name, kind, nullable=True))
    op.create_table(
        "mfa_authenticators",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(), nullable=True),
        sa.Column("sealed_secret", sa.LargeBinary(length=128), nullable=True),
        sa.Column("used_step", sa.BigInteger(), nullable=True),
        sa.Column("credential_id", sa.LargeBinary(length=1023), nullable=True),
        sa.Column("public_key", sa.LargeBinary(), nullable=True),
        sa.Column("sign_count", sa.BigInteger(), nullable=True),
        sa.Column("aaguid", sa.LargeBinary(length=16), nullable=True),
        sa.Column("is_synced", sa.Boolean(), nullable=True),
        sa.Column("transports", sa.String(length=120), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["mfa_second_steps.person_id"],
            name=op.f("fk_mfa_authenticators_person_id_mfa_second_steps"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mfa_authenticators")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_mfa_authenticators_credential_id")),
        sqlite_autoincrement=True,
    )
    op.execute(
        "INSERT INTO mfa_authenticators (person_id, kind, name, added_at, sealed_secret, used_step)"
        " SELECT person_id, 'app', '', activated_at, sealed_secret, used_step FROM mfa_second_steps"
        " ORDER BY activated_at, person_id"
    )
    op.create_index(op.f("ix_mfa_authenticators_person_id"), "mfa_authenticators", ["person_id"])
    op.drop_column("mfa_second_steps", "sealed_secret")
    op.drop_column("mfa_second_steps", "used_step")


def downgrade() -> None:
    others = op.get_bind().scalar(
        sa.text(
            "SELECT count(*) FROM mfa_second_steps WHERE 1 <> (SELECT count(*) FROM mfa_authenticators"
            " WHERE mfa_authenticators.person_id = mfa_second_steps.person_id AND kind = 'app')"
        )
    )
    if others:
        raise RuntimeError(
            f"{others} people have another number of authenticator apps than one: an older version would"
            " lock them out, or keep an app that they removed."
        )
    # With a default, as SQLite wants it. To create the table again there would delete the recovery codes.
    secret = sa.Column("sealed_secret", sa.LargeBinary(length=128), nullable=False, server_default="")
    op.add_column("mfa_second_steps", secret)
    op.add_column(
        "mfa_second_steps", sa.Column("used_step", sa.BigInteger(), nullable=False, server_default="0")
    )
    of_app = "FROM mfa_authenticators WHERE mfa_authenticators.person_id = mfa_second_steps.person_id"
    op.execute(
        f"UPDATE mfa_second_steps SET sealed_secret = (SELECT sealed_secret {of_app} AND kind = 'app'),"  # noqa: S608 (of the lines above)
        f" used_step = (SELECT used_step {of_app} AND kind = 'app')"
    )
    op.drop_table("mfa_authenticators")
    for name in ("user_handle", "codes_limited_until", "checked_up_at"):
        op.drop_column("mfa_second_steps", name)
    _rename("mfa_second_steps", "mfa_authenticators")


def _rename(old: str, new: str) -> None:
    """Rename the table that recovery codes belong to; PostgreSQL's constraints have names of their own."""
    op.rename_table(old, new)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {new} RENAME CONSTRAINT pk_{old} TO pk_{new}")
        op.execute(f"ALTER TABLE mfa_recovery_codes RENAME CONSTRAINT {CODES_OF}{old} TO {CODES_OF}{new}")
