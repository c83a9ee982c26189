"""The statements of the chain, each made once, with parameters that are named for columns."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnClause, Integer, bindparam, column, insert, select, update

from console.organization.audit.models import HEAD_ID, AuditEvent, AuditHead, AuditKey
from mfa.columns import given

_IS_HEAD = AuditHead.id == HEAD_ID

# Lock: an UPDATE and not a SELECT … FOR UPDATE, which SQLite doesn't have.
COUNT_ON = (
    update(AuditHead)
    .where(_IS_HEAD)
    .values(last_id=AuditHead.last_id + bindparam("count", type_=Integer))
    .returning(AuditHead.last_id, AuditHead.last_hash)
)
NOTE_HASH = update(AuditHead).where(_IS_HEAD).values(last_hash=given("new_hash", AuditHead.last_hash))
HEAD = select(AuditHead.last_id, AuditHead.last_hash).where(_IS_HEAD)
ADD_EVENT = insert(AuditEvent)
NEWEST_EVENT = (
    select(AuditEvent.id, AuditEvent.hash, AuditEvent.key_id).order_by(AuditEvent.id.desc()).limit(1)
)

# As they stand, without the types of the models: who changed a row may have put anything there.
_RAW: list[ColumnClause[Any]] = [column(each.name) for each in AuditEvent.__table__.columns]
FIRST_ROWS = (
    select(*_RAW).select_from(AuditEvent).order_by(AuditEvent.id).limit(bindparam("at_most", type_=Integer))
)
NEXT_ROWS = FIRST_ROWS.where(AuditEvent.id > given("after", AuditEvent.id))

NEWEST_KEY = select(AuditKey.id, AuditKey.sealed).order_by(AuditKey.id.desc()).limit(1)
KEYS = select(AuditKey.id, AuditKey.sealed).order_by(AuditKey.id)
ADD_KEY = insert(AuditKey)
SEAL_KEY = (
    update(AuditKey)
    .where(AuditKey.id == given("key_id", AuditKey.id))
    .values(sealed=given("new_sealed", AuditKey.sealed))
)

MOMENT = select(AuditEvent.at).where(AuditEvent.id == given("row_id", AuditEvent.id))
"""When the row ``row_id`` was written."""
