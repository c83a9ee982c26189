"""Fill a database with many accounts: ``python -m bench.fill 1000000`` in a contender's environment.

Rows are made by the database itself. A few accounts, spread evenly among the others, have a password and a
second step that work; the others look the same to an index.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    LargeBinary,
    Select,
    String,
    cast,
    func,
    insert,
    literal,
    null,
    select,
    text,
    update,
)

from bench import people
from bench.people import ACTIVITY_EACH
from bench.served import twostep
from console.accounts import addresses
from console.accounts.models import Account
from console.extensions import db
from console.sessions.models import AccountSession
from mfa import clock
from mfa.activity.models import ActivityEvent
from mfa.attempts.models import Throttle
from mfa.database import transaction
from mfa.factors import sealing
from mfa.factors.models import APP, Authenticator, RecoveryCode, SecondStep
from mfa.settings import settings

STRIDE = 7919
"""A prime: what belongs to one account lies scattered in the table, as it would after years."""


def fill(accounts: int) -> None:
    """Make so many accounts, each with a second step, a session, a recovery code, a count and activity."""
    now = clock.now()
    hashed = twostep.hashed_password()
    box_cost = str(settings().recovery_cost)
    insert_many(
        Account,
        accounts,
        lambda i: {
            "email": _text("someone", i),
            "email_key": _text("someone", i),
            "name": literal("Mina Park"),
            "password_hash": literal(hashed),
            "generation": literal(0),
            "language": literal("en"),
            "created_at": literal(now, Account.created_at.type),
        },
    )
    insert_many(
        SecondStep,
        accounts,
        lambda i: {
            "person_id": cast(i, String),
            "activated_at": literal(now, SecondStep.activated_at.type),
            "recovery_salt": literal(b"0" * 16, SecondStep.recovery_salt.type),
            "recovery_cost": literal(box_cost),
            "recovery_pepper": literal(b"0" * 62, SecondStep.recovery_pepper.type),
        },
    )
    insert_many(
        Authenticator,
        accounts,
        lambda i: {
            "person_id": cast(i, String),
            "kind": literal(APP),
            "name": literal(""),
            "added_at": literal(now, Authenticator.added_at.type),
            "sealed_secret": literal(b"0" * 50, Authenticator.sealed_secret.type),
            "used_step": literal(0),
        },
    )
    insert_many(
        RecoveryCode,
        accounts,
        lambda i: {
            "person_id": cast(i, String),
            "digest": literal(b"0" * 32, RecoveryCode.digest.type),
            "used_at": cast(null(), RecoveryCode.used_at.type),
        },
    )
    insert_many(
        AccountSession,
        accounts,
        lambda i: {
            "account_id": i,
            "token_hash": token_hash(i),
            **{
                name: literal(now, AccountSession.created_at.type)
                for name in ("created_at", "proved_at", "seen_at")
            },
            "expires_at": literal(now + timedelta(days=30), AccountSession.created_at.type),
            "user_agent": literal("Mozilla/5.0"),
            "address": literal("203.0.113.0/24"),
        },
    )
    insert_many(
        Throttle,
        accounts,
        lambda i: {
            "subject": _text("", i),
            "purpose": literal("password"),
            "attempts": literal(1),
            "blocked_until": literal(0),
            # It is not over: the server would delete it meanwhile.
            "attempted_at": literal(int(now.timestamp()), Throttle.attempted_at.type),
        },
    )
    insert_many(
        ActivityEvent,
        accounts * ACTIVITY_EACH,
        lambda i: {
            "person_id": cast(1 + (i * STRIDE) % accounts, String),
            "event": literal("signed_in"),
            "happened_at": literal(now, ActivityEvent.happened_at.type),
            "device": literal("Chrome on Linux"),
            "address": literal("203.0.113.0/24"),
            "details": literal(
                {"by": "code", "failures": 0, "new_device": False}, ActivityEvent.details.type
            ),
        },
    )
    with transaction():
        _wake(accounts)
    with db.engine.begin() as connection:
        connection.execute(text("ANALYZE"))


def _wake(accounts: int) -> None:
    """Give some accounts, spread among the others, an address and a second step that work."""
    marks, now = [], clock.now()
    for number in range(people.count()):
        owner = 1 + number * (accounts // people.count())
        email = people.protected(number)
        key = addresses.parse(email).key
        db.session.execute(update(Account).where(Account.id == owner).values(email=email, email_key=key))
        for model, works in (
            (SecondStep, twostep.second_step(owner, now)),
            (Authenticator, twostep.authenticator(owner, now)),
        ):
            db.session.execute(update(model).where(model.person_id == str(owner)).values(**works))
        marks.append(twostep.device_cookie(owner))
    sealing.note_key(now)
    (people.folder() / twostep.DEVICES).write_text(json.dumps(marks))


def insert_many(model: type[Any], amount: int, columns: Any) -> None:
    """Insert so many rows.

    :param columns: returns the values of a row, given its number, from 1.
    """
    numbers = select(cast(literal(1), BigInteger).label("i")).cte("numbers", recursive=True)
    further: Select[Any] = select(numbers.c.i + 1).where(numbers.c.i < amount)
    numbers = numbers.union_all(further)
    values = columns(numbers.c.i)
    rows = select(*(value.label(name) for name, value in values.items()))
    with transaction():
        db.session.execute(insert(model).from_select(list(values), rows, include_defaults=False))


def token_hash(number: Any) -> Any:
    """Return what stands for the hash of a token, another for each number."""
    if db.engine.dialect.name == "sqlite":
        return cast(cast(number, String), LargeBinary)
    return func.decode(func.md5(cast(number, String)), "hex")


def _text(word: str, number: Any) -> Any:
    return literal(word) + cast(number, String) + literal("@bench.example.com")


if __name__ == "__main__":
    import flask_migrate

    with twostep.flask.app_context():
        flask_migrate.upgrade()
        fill(int(sys.argv[1]))
