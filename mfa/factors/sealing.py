"""What is kept sealed of a second step, and how it is sealed anew when the master key changes.

Sealed are the TOTP secret and the key of the set of recovery codes, each bound to its account. A sealed thing
names the master key that it was sealed with, so old ones stay readable while that key is on the ring.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, inspect, or_, select, true, update
from sqlalchemy.orm import InstrumentedAttribute

from mfa.crypto.keys import KEY_ID_LENGTH
from mfa.database import affected, dialect, insert_if_absent, run, session, transaction, upsert
from mfa.factors.models import Authenticator, SealingKey
from mfa.ring import ring

_SECRET, _PEPPER = "totp-secret", "recovery-pepper"
PEPPER_BYTES = 32


def seal_secret(person_id: str, secret: bytes) -> bytes:
    """The TOTP secret of an account, sealed with the current master key."""
    return ring().seal(_SECRET, secret, _associated(person_id))


def open_secret(authenticator: Authenticator) -> bytes:
    """The TOTP secret: 20 bytes, or what another system gave the app."""
    return ring().open(_SECRET, authenticator.sealed_secret, _associated(authenticator.person_id))


def make_pepper(person_id: str) -> tuple[bytes, bytes]:
    """A new key for a set of recovery codes, plain (32 bytes) and sealed."""
    pepper = os.urandom(PEPPER_BYTES)
    return pepper, ring().seal(_PEPPER, pepper, _associated(person_id))


def open_pepper(authenticator: Authenticator) -> bytes:
    """The key of the set of recovery codes: 32 bytes."""
    return ring().open(_PEPPER, authenticator.recovery_pepper, _associated(authenticator.person_id))


def note_key(now: datetime) -> None:
    """Note that something is sealed with the current master key, as part of the caller's transaction.

    The note is held until then, so that :func:`rotate` can't take it for an old one.
    """
    noted = upsert(
        dialect(),
        SealingKey,
        changes=lambda _: {"first_used_at": SealingKey.first_used_at},
        where=lambda _: true(),
        returning=[SealingKey.id],
    )
    run(noted, [{"id": ring().current, "first_used_at": now}])


def keys() -> dict[str, int]:
    """The ids of the master keys that anything is sealed with, each with its number of accounts."""
    both = _key_of(Authenticator.sealed_secret), _key_of(Authenticator.recovery_pepper)
    accounts: Counter[str] = Counter()
    for secret, pepper, count in session().execute(select(*both, func.count()).group_by(*both)):
        for key in {bytes(secret), bytes(pepper)}:
            accounts[key.decode("ascii", "replace")] += count
    return dict(accounts)


def missing_keys() -> list[str]:
    """The ids of master keys that the database needs and the ring does not have.

    None before the tables are made: the command that makes them starts the application too.
    """
    keys = ring()
    if not inspect(session().get_bind()).has_table(SealingKey.__tablename__):
        return []
    return [key for key in session().scalars(select(SealingKey.id)) if not keys.has(key)]


def rotate(now: datetime, *, batch: int) -> Iterator[int]:
    """Seal everything anew that is not sealed with the current master key; gives the size of each batch.

    Each batch is a transaction. A row that changes meanwhile is left to the next look, so that the
    application can go on serving.

    :raises keys.UnknownKey: a key that is needed is not on the ring; what came before stands.
    """
    with transaction():
        note_key(now)
    while stale := _stale(batch):
        with transaction():
            sealed = sum(_seal_anew(authenticator) for authenticator in stale)
        yield sealed
    with transaction():
        affected(delete(SealingKey).where(SealingKey.id != ring().current))
        # A server that has the old key as its current one may have sealed something since the last look.
        for key in keys():
            insert_if_absent(SealingKey, id=key, first_used_at=now)


def _stale(batch: int) -> list[Authenticator]:
    current = ring().current.encode()
    stale = or_(
        _key_of(Authenticator.sealed_secret) != current,
        _key_of(Authenticator.recovery_pepper) != current,
    )
    found = select(Authenticator).where(stale).order_by(Authenticator.person_id).limit(batch)
    return list(session().scalars(found.execution_options(populate_existing=True)).all())


def _seal_anew(authenticator: Authenticator) -> int:
    person_id = authenticator.person_id
    associated = _associated(person_id)
    return affected(
        update(Authenticator)
        .where(
            Authenticator.person_id == person_id,
            Authenticator.sealed_secret == authenticator.sealed_secret,
            Authenticator.recovery_pepper == authenticator.recovery_pepper,
        )
        .values(
            sealed_secret=ring().seal(_SECRET, open_secret(authenticator), associated),
            recovery_pepper=ring().seal(_PEPPER, open_pepper(authenticator), associated),
        )
    )


def _key_of(sealed: InstrumentedAttribute[bytes]) -> ColumnElement[bytes]:
    return func.substr(sealed, 1, KEY_ID_LENGTH)


def _associated(person_id: str) -> bytes:
    return f"person:{person_id}".encode()
