"""Twostep as it is served in production, with the accounts of the bench."""

from __future__ import annotations

import gc
import json
import os
import sys
from datetime import datetime

import pyotp
from sqlalchemy import insert

from bench import meter, people
from console import create_app
from console.accounts import addresses
from console.accounts.models import Account
from console.extensions import db
from console.toolbox import toolbox
from mfa import clock, devices
from mfa.attempts import hashing
from mfa.database import transaction
from mfa.devices import NO_DEVICE, Mark
from mfa.factors import sealing
from mfa.factors.models import APP, Authenticator, RecoveryCode, SecondStep
from mfa.ring import signer
from mfa.settings import settings

DEVICES = "devices.json"
"""The device cookies of those with a second step, in the order of their numbers."""

flask = create_app(json.loads(os.environ["BENCH_SETTINGS"]))
with flask.app_context():
    meter.count_of_sqlalchemy(db.engine)
app = meter.wrap(flask.wsgi_app)
# As app.py does.
gc.collect()
gc.freeze()


def seed() -> None:
    import flask_migrate

    flask_migrate.upgrade()
    add(people.count(), people.count())


def add(protected: int, plain: int) -> None:
    """Insert so many people with and without a second step, and write the device cookies of the former."""
    with transaction():
        owners = _insert(protected, plain)
    (people.folder() / DEVICES).write_text(json.dumps([device_cookie(owner) for owner in owners]))


def _insert(protected: int, plain: int) -> list[int]:
    now, hashed = clock.now(), hashed_password()
    db.session.execute(
        insert(Account),
        [_account(people.protected(number), hashed, now) for number in range(protected)]
        + [_account(people.plain(number), hashed, now) for number in range(plain)],
    )
    ids = {email: key for key, email in db.session.execute(db.select(Account.id, Account.email))}
    owners = [ids[people.protected(number)] for number in range(protected)]
    db.session.execute(insert(SecondStep), [second_step(owner, now) for owner in owners])
    db.session.execute(insert(Authenticator), [authenticator(owner, now) for owner in owners])
    codes = [
        {"person_id": str(owner), "digest": bytes([n]) * 32, "used_at": None}
        for owner in owners
        for n in range(10)
    ]
    db.session.execute(insert(RecoveryCode), codes)
    sealing.note_key(now)
    return owners


def hashed_password() -> str:
    """What is kept of the password that everybody has."""
    with hashing.place(NO_DEVICE, known=False):
        return toolbox().hasher.hash(people.PASSWORD)


def device_cookie(owner: int) -> str:
    """The cookie of a device on which the account signed in before."""
    mark = Mark.new().with_account(owner, 0)
    return signer("device", devices.LIFETIME).make(mark.payload(), clock.now().timestamp())


def _account(email: str, hashed: str, now: datetime) -> dict[str, object]:
    return {
        "email": email,
        "email_key": addresses.parse(email).key,
        "name": "Mina Park",
        "password_hash": hashed,
        "language": "en",
        "created_at": now,
    }


def authenticator(owner: int, now: datetime) -> dict[str, object]:
    """An authenticator app that works, as a row."""
    secret = pyotp.TOTP(people.SECRET).byte_secret()
    return {
        "person_id": str(owner),
        "kind": APP,
        "name": "",
        "added_at": now,
        "sealed_secret": sealing.seal_secret(str(owner), secret),
        "used_step": 0,
    }


def second_step(owner: int, now: datetime) -> dict[str, object]:
    """What there is once of a second step, as a row."""
    return {
        "person_id": str(owner),
        "activated_at": now,
        "recovery_salt": b"0" * 16,
        "recovery_cost": str(settings().recovery_cost),
        "recovery_pepper": sealing.make_pepper(str(owner))[1],
    }


if __name__ == "__main__" and sys.argv[1:] == ["seed"]:
    with flask.app_context():
        seed()
if __name__ == "__main__" and sys.argv[1:] == ["places"]:
    print(flask.config["WORKERS"] * flask.config["MFA_HASHES_AT_ONCE"])
