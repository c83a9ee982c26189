"""Flask-Security-Too with its two-factor: enrollment, sign-in with TOTP, and the settings page."""

from __future__ import annotations

import secrets
import sys

from flask import Flask
from flask_security import Security, SQLAlchemyUserDatastore, auth_required, current_user, hash_password
from flask_security.models import fsqla_v3
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event

from bench import meter, people

_COST = people.cost()
flask = Flask(__name__)
flask.config.update(
    SECRET_KEY="0123456789abcdef" * 4,
    SQLALCHEMY_DATABASE_URI=f"sqlite:///{people.folder() / 'security.db'}",
    SECURITY_PASSWORD_SALT="0123456789",
    SECURITY_PASSWORD_HASH="argon2",
    SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS={
        "argon2__time_cost": _COST["t"],
        "argon2__memory_cost": _COST["m"],
        "argon2__parallelism": _COST["p"],
    },
    SECURITY_TWO_FACTOR=True,
    SECURITY_TWO_FACTOR_ENABLED_METHODS=["authenticator"],
    SECURITY_TOTP_SECRETS={"1": "0123456789abcdef0123456789abcdef"},
    SECURITY_TOTP_ISSUER="Bench",
    SECURITY_MULTI_FACTOR_RECOVERY_CODES=True,
    SECURITY_MULTI_FACTOR_RECOVERY_CODES_N=10,
    SECURITY_POST_LOGIN_VIEW="/",
    SECURITY_SEND_PASSWORD_CHANGE_EMAIL=False,
    SECURITY_TWO_FACTOR_ALWAYS_VALIDATE=True,
)
db = SQLAlchemy(flask)
fsqla_v3.FsModels.set_db_info(db)


class Role(db.Model, fsqla_v3.FsRoleMixin):
    pass


class User(db.Model, fsqla_v3.FsUserMixin):
    pass


class WebAuthn(db.Model, fsqla_v3.FsWebAuthnMixin):
    pass


security = Security(flask, SQLAlchemyUserDatastore(db, User, Role))
with flask.app_context():
    meter.count_of_sqlalchemy(db.engine)

    @event.listens_for(db.engine, "connect")
    def _prepare(connection: object, _record: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA busy_timeout = 10000")


app = meter.wrap(flask.wsgi_app)


@flask.get("/")
@auth_required("session")
def home() -> str:
    """Where a sign-in ends: it says who is signed in."""
    return f"<p>{current_user.email}</p>"


def seed() -> None:
    db.create_all()
    hashed = hash_password(people.PASSWORD)
    # As its own factory writes a key: sealed.
    factory = security._totp_factory._totp
    sealed = factory(key=people.SECRET, format="base32").to_json(encrypt=True)
    for number in range(people.count()):
        for email, method in ((people.protected(number), "authenticator"), (people.plain(number), None)):
            user = User(
                email=email,
                password=hashed,
                active=True,
                fs_uniquifier=secrets.token_hex(16),
                tf_primary_method=method,
                tf_totp_secret=sealed if method else None,
            )
            db.session.add(user)
    db.session.commit()


if __name__ == "__main__" and sys.argv[1:] == ["seed"]:
    with flask.app_context():
        seed()
