"""What must be done to a database that was brought back from a back-up, before it is served.

It has forgotten what happened since. Two things of that could be used: sessions that have ended would live
again, and browsers that were forgotten would be remembered; and as ids are counted on from the back-up's
moment, a signed link or cookie that names an account or a change of address made since would fit another one
that gets the same id.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Table, delete, text, update

from console.accounts.models import Account
from console.extensions import db
from console.organization import audit
from console.sessions.models import AccountSession
from console.toolbox import toolbox
from mfa.database import Model, affected, transaction
from mfa.sign_in.models import RememberedBrowser

LEAP = 1_000_000
"""Ids that are passed over: more than an installation gives between two back-ups."""


def after_restore(now: datetime) -> int:
    """End every session, forget remembered browsers, and pass over the ids that may have been given since.

    Accounts that were to be deleted have all of their days again.

    The organization's activity says so. Return how many sessions ended.
    """
    with transaction():
        ended = affected(delete(AccountSession))
        affected(delete(RememberedBrowser))
        # Their owners may have taken it back meanwhile, and are told again.
        days = timedelta(days=max(1, toolbox().deletion_days))
        again = {"delete_at": now + days, "delete_reminded_at": None}
        affected(update(Account).where(Account.delete_at.is_not(None)).values(again))
        for table in _never_given_twice():
            if db.engine.dialect.name == "postgresql":
                _leap_on_postgresql(table)
            else:
                _leap_on_sqlite(table)
        audit.write_down(audit.Event.BACKUP_RESTORED, actor=None, subject=None, now=now)
    return ended


def _never_given_twice() -> list[Table]:
    """The tables whose ids something outside of the database may name."""
    return [
        table
        for metadata in (db.metadata, Model.metadata)
        for table in metadata.sorted_tables
        if table.dialect_options["sqlite"].get("autoincrement")
    ]


def _leap_on_postgresql(table: Table) -> None:
    leap = text("SELECT setval(:ids, nextval(:ids) + :leap)")
    ids = db.session.scalar(text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": table.name})
    db.session.execute(leap, {"ids": ids, "leap": LEAP})


def _leap_on_sqlite(table: Table) -> None:
    values = {"table": table.name, "leap": LEAP}
    counted = text("UPDATE sqlite_sequence SET seq = seq + :leap WHERE name = :table RETURNING seq")
    if db.session.scalar(counted, values) is None:
        db.session.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :leap)"), values)
