"""The migrations make the tables of the models, and lead down and up with people in them."""

from __future__ import annotations

import flask_migrate
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import Engine, text

from console.extensions import db
from tests.support.person import Person, entered


def test_the_migrations_make_the_tables_of_the_models(app: Flask, engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, db.metadata) == []


def test_the_migrations_go_down_and_up_again_with_people_in_the_tables(protected: Person) -> None:
    with protected.app.app_context():
        flask_migrate.downgrade(revision="0001")
        flask_migrate.upgrade()
        assert db.session.scalar(text("SELECT count(*) FROM recovery_codes")) == 10
    assert protected.two_step_is_on()
    protected.sign_out()
    protected.sign_in()
    assert entered(protected.verify(protected.next_code()))


def test_recovery_codes_from_before_they_had_a_key_of_their_own_still_work(protected: Person) -> None:
    """In 0002 they were hashed under a key of the ring; 0003 keeps that key, sealed."""
    from console.toolbox import toolbox
    from mfa.crypto import recovery_codes
    from mfa.crypto.cost import Cost

    with protected.app.app_context():
        flask_migrate.downgrade(revision="0002")
        salt, cost = db.session.execute(text("SELECT recovery_salt, recovery_cost FROM authenticators")).one()
        pepper = toolbox().ring.derive("recovery-codes")
        db.session.execute(text("DELETE FROM recovery_codes"))
        for code in protected.recovery_codes:
            plain = recovery_codes.normalize(code)
            assert plain
            digest = recovery_codes.digest(plain, salt=salt, cost=Cost.parse(cost), pepper=pepper)
            db.session.execute(
                text("INSERT INTO recovery_codes (account_id, digest) VALUES (1, :digest)"),
                {"digest": digest},
            )
        db.session.commit()
        flask_migrate.upgrade()
        db.session.remove()
    protected.sign_out()
    protected.sign_in()
    assert entered(protected.verify_recovery_code(protected.recovery_codes[3]))
