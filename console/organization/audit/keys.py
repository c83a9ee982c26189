"""The keys of the chain: random, and sealed with a master key.

So ``keys rotate`` seals a few rows again and changes no hash of the chain: a copy of the last one stays
valid. After it, rows are written with a new key, because the old one may have leaked along with its master
key. The first of these rows has the hash of the row before it, so the new key protects the old rows too.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import inspect

from console.organization.audit import statements
from console.organization.audit.models import AuditKey
from console.toolbox import toolbox
from mfa.crypto.keys import KEY_ID_LENGTH, MASTER_KEY_BYTES, UnknownKey, Unreadable
from mfa.database import run, session

_PURPOSE = "audit"


def newest(now: datetime) -> tuple[int, bytes]:
    """Return the id and the key that rows are written with, made now if there is none.

    The caller holds the head of the chain, so two don't make one each.

    :raises UnknownKey, Unreadable: it can't be opened.
    """
    found = run(statements.NEWEST_KEY).one_or_none()
    return (found.id, _open(found.id, found.sealed)) if found else make(now)


def make(now: datetime) -> tuple[int, bytes]:
    """Store a new key, as part of the caller's transaction, and return its id and itself.

    The caller holds the head of the chain.
    """
    key = run(statements.NEWEST_KEY).one_or_none()
    row = run(statements.NEWEST_EVENT).one_or_none()
    # Above the id of a key that somebody deleted, too: its rows would otherwise look changed.
    key_id = max(key.id if key else 0, row.key_id if row else 0) + 1
    made = secrets.token_bytes(MASTER_KEY_BYTES)
    run(statements.ADD_KEY, {"id": key_id, "sealed": _seal(key_id, made), "made_at": now})
    return key_id, made


def every() -> dict[object, bytes]:
    """Return all keys that can be opened, by id."""
    found: dict[object, bytes] = {}
    for key_id, sealed in run(statements.KEYS):
        try:
            found[key_id] = _open(key_id, sealed)
        except (UnknownKey, Unreadable):
            continue
    return found


def are_stale() -> bool:
    """Return True if an older master key than the current one sealed any of them."""
    return any(master != toolbox().ring.current for master in masters())


def seal_again() -> int:
    """Seal with the current master key what an older one sealed, as part of the caller's transaction.

    Return the number of these keys.

    :raises UnknownKey, Unreadable: one can't be opened.
    """
    stale = [key for key in run(statements.KEYS).all() if _master(key.sealed) != toolbox().ring.current]
    for key in stale:
        run(statements.SEAL_KEY, {"key_id": key.id, "new_sealed": _seal(key.id, _open(key.id, key.sealed))})
    return len(stale)


def masters() -> list[str]:
    """Return the ids of the master keys that the keys of the chain are sealed with.

    Empty before the tables are made: the command that makes them starts the application too.
    """
    if not inspect(session().connection()).has_table(AuditKey.__tablename__):
        return []
    return sorted({_master(sealed) for _, sealed in run(statements.KEYS)})


def _seal(key_id: int, key: bytes) -> bytes:
    return toolbox().ring.seal(_PURPOSE, key, _associated(key_id))


def _open(key_id: int, sealed: bytes) -> bytes:
    return toolbox().ring.open(_PURPOSE, sealed, _associated(key_id))


def _associated(key_id: int) -> bytes:
    return str(key_id).encode()


def _master(sealed: bytes) -> str:
    return bytes(sealed[:KEY_ID_LENGTH]).decode("ascii", "replace")
