"""Connections of the extension's own to the host's database.

A request that holds one connection and waits for another of the same pool can stop a host: sixteen codes that
were posted at once held all fifteen of Flask-SQLAlchemy, and nobody had an answer for thirty seconds. So the
extension's session takes its connections from a second pool. It is made like the host's, opens none before it
is needed, and its connections are made and listened to as the host's are. ``MFA_OWN_POOL = False`` does
without it.
"""

from __future__ import annotations

import copy
import os

from flask import Flask
from sqlalchemy import Engine, SingletonThreadPool, StaticPool

_KEPT = "mfa_pool"


def is_single(engine: Engine) -> bool:
    """Return True for a database in memory: it has one connection for all threads, or one for each.

    So a second thread would work in the transaction of the first, or in another database, which is empty.
    """
    return isinstance(engine.pool, StaticPool | SingletonThreadPool)


def beside(app: Flask, theirs: Engine) -> Engine:
    """Return an engine that is like *theirs* with a pool of its own; *theirs* where it can't have a second.

    A database in memory has one connection, and an engine with options of its own shares another's pool.
    """
    if not app.config.get("MFA_OWN_POOL", True) or "pool" not in vars(theirs):
        return theirs
    if is_single(theirs):
        return theirs
    # A process that was forked must not use the connections of the one before it.
    key = os.getpid(), id(theirs)
    kept: tuple[tuple[int, int], Engine] | None = app.extensions.get(_KEPT)
    if kept is None or kept[0] != key:
        ours = copy.copy(theirs)
        ours.pool = theirs.pool.recreate()
        kept = app.extensions[_KEPT] = (key, ours)
    return kept[1]


def dispose(app: Flask) -> None:
    """Close the connections that nobody uses, for a host that drops its database or ends."""
    kept = app.extensions.get(_KEPT)
    if kept is not None:
        kept[1].dispose()
