"""What is kept sealed of a second step, and how it is sealed again when the master key changes.

Sealed are the secrets of authenticator apps and the key of the set of recovery codes, each bound to its
account. A sealed thing names the master key that it was sealed with, so old ones stay readable while that key
is on the ring.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, inspect, or_, select, true, union, update
from sqlalchemy.orm import InstrumentedAttribute

from mfa.crypto.keys import KEY_ID_LENGTH
from mfa.database import affected, dialect, insert_if_absent, run, session, transaction, upsert
from mfa.factors.models import Authenticator, SealingKey, SecondStep
from mfa.ring import ring

_SECRET, _PEPPER = "totp-secret", "recovery-pepper"
PEPPER_BYTES = 32


def seal_secret(person_id: str, secret: bytes) -> bytes:
    """The TOTP secret of an account, sealed with the current master key."""
    return ring().seal(_SECRET, secret, _associated(person_id))


def open_secret(app: Authenticator) -> bytes:
    """The TOTP secret of an app: 20 bytes, or what another system gave it."""
    assert app.sealed_secret is not None
    return ring().open(_SECRET, app.sealed_secret, _associated(app.person_id))


def make_pepper(person_id: str) -> tuple[bytes, bytes]:
    """A new key for a set of recovery codes, plain (32 bytes) and sealed."""
    pepper = os.urandom(PEPPER_BYTES)
    return pepper, ring().seal(_PEPPER, pepper, _associated(person_id))


def open_pepper(second_step: SecondStep) -> bytes:
    """The key of the set of recovery codes: 32 bytes."""
    return ring().open(_PEPPER, second_step.recovery_pepper, _associated(second_step.person_id))


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
    sealed = union(
        select(SecondStep.person_id, _key_of(SecondStep.recovery_pepper).label("key")),
        select(Authenticator.person_id, _key_of(Authenticator.sealed_secret)).where(_IS_APP),
    ).subquery()
    counted = session().execute(select(sealed.c.key, func.count()).group_by(sealed.c.key))
    return {bytes(key).decode("ascii", "replace"): count for key, count in counted}


def missing_keys() -> list[str]:
    """The ids of master keys that the database needs and the ring does not have.

    None before the tables are made: the command that makes them starts the application too.
    """
    keys = ring()
    if not inspect(session().get_bind()).has_table(SealingKey.__tablename__):
        return []
    return [key for key in session().scalars(select(SealingKey.id)) if not keys.has(key)]


def count_stale() -> int:
    """Return the number of people of whom something is not sealed with the current master key."""
    return session().scalar(select(func.count()).select_from(SecondStep).where(_is_stale())) or 0


def rotate(now: datetime, *, batch: int) -> Iterator[int]:
    """Seal everything again that is not sealed with the current master key; gives the size of each batch.

    Each batch is a transaction. A row that changes meanwhile is left to the next look, so that the
    application can go on serving. A run that was killed is continued by the next one.

    :raises keys.UnknownKey: a key that is needed is not on the ring; what came before stands.
    """
    with transaction():
        note_key(now)
    # From where the last batch ended: what was sealed already is not read again and again.
    while (yield from _seal_all(batch)):
        pass
    with transaction():
        affected(delete(SealingKey).where(SealingKey.id != ring().current))
        # A server that has the old key as its current one may have sealed something since the last look.
        for key in keys():
            insert_if_absent(SealingKey, id=key, first_used_at=now)


def _seal_all(batch: int) -> Generator[int, None, bool]:
    """Go once through all persons in the order of their ids; return False if there was nothing to do."""
    after = ""
    while stale := _stale(after, batch):
        after = stale[-1].person_id
        with transaction():
            apps = _apps_of(stale)
            sealed = sum(
                _seal_again(step, [app for app in apps if app.person_id == step.person_id]) for step in stale
            )
        yield sealed
    return bool(after)


def _stale(after: str, batch: int) -> list[SecondStep]:
    """The next second steps to seal again, of persons whose ids come after that one."""
    behind = SecondStep.person_id > after
    found = select(SecondStep).where(behind, _is_stale()).order_by(SecondStep.person_id).limit(batch)
    return list(session().scalars(found.execution_options(populate_existing=True)).all())


def _apps_of(second_steps: list[SecondStep]) -> list[Authenticator]:
    """Their apps that are to be sealed again."""
    whose = [second_step.person_id for second_step in second_steps]
    found = select(Authenticator).where(
        Authenticator.person_id.in_(whose), _is_old(Authenticator.sealed_secret)
    )
    return list(session().scalars(found.execution_options(populate_existing=True)).all())


_IS_APP = Authenticator.sealed_secret.is_not(None)


def _is_stale() -> ColumnElement[bool]:
    own = Authenticator.person_id == SecondStep.person_id
    app = select(Authenticator.id).where(own, _is_old(Authenticator.sealed_secret))
    return or_(_is_old(SecondStep.recovery_pepper), app.exists())


def _is_old(
    sealed: InstrumentedAttribute[bytes] | InstrumentedAttribute[bytes | None],
) -> ColumnElement[bool]:
    # Not true of what is not there, either.
    return _key_of(sealed) != ring().current.encode()


def _seal_again(second_step: SecondStep, apps: list[Authenticator]) -> bool:
    """Seal what is kept of a person again; return False if something of it was changed meanwhile."""
    changed = [_seal_pepper_again(second_step), *(_seal_secret_again(app) for app in apps)]
    return all(changed)


def _seal_secret_again(app: Authenticator) -> int:
    sealed = seal_secret(app.person_id, open_secret(app))
    unchanged = Authenticator.sealed_secret == app.sealed_secret
    return affected(
        update(Authenticator).where(Authenticator.id == app.id, unchanged).values(sealed_secret=sealed)
    )


def _seal_pepper_again(second_step: SecondStep) -> int:
    associated = _associated(second_step.person_id)
    sealed = ring().seal(_PEPPER, open_pepper(second_step), associated)
    unchanged = SecondStep.recovery_pepper == second_step.recovery_pepper
    return affected(
        update(SecondStep)
        .where(SecondStep.person_id == second_step.person_id, unchanged)
        .values(recovery_pepper=sealed)
    )


def _key_of(
    sealed: InstrumentedAttribute[bytes] | InstrumentedAttribute[bytes | None],
) -> ColumnElement[bytes]:
    return func.substr(sealed, 1, KEY_ID_LENGTH)


def _associated(person_id: str) -> bytes:
    return f"person:{person_id}".encode()
