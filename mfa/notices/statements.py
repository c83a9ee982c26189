"""The statements about the outbox, each made once."""

from __future__ import annotations

from sqlalchemy import Integer, bindparam, delete, func, insert, select, update

from mfa.columns import given
from mfa.database import first
from mfa.notices.models import OutboxMail

POST = insert(OutboxMail)
BRING_FORWARD = (
    update(OutboxMail)
    .where(first(OutboxMail.due_at, OutboxMail.due_at > given("latest", OutboxMail.due_at)))
    .values(due_at=given("now", OutboxMail.due_at))
)
_COLUMNS = [column for column in OutboxMail.__table__.columns if not column.primary_key]
_WAITING_OF_KIND = (
    select(func.count())
    .where(OutboxMail.recipient == bindparam("recipient"), OutboxMail.message == bindparam("message"))
    .scalar_subquery()
)
POST_AT_MOST = insert(OutboxMail).from_select(
    [column.name for column in _COLUMNS],
    select(*(bindparam(column.name, type_=column.type) for column in _COLUMNS)).where(
        bindparam("at_most", type_=Integer) > _WAITING_OF_KIND
    ),
)

WAITING = select(func.count()).select_from(OutboxMail)

OLDEST = (
    select(OutboxMail.created_at)
    .where((OutboxMail.due_at <= given("now", OutboxMail.due_at)) | (OutboxMail.tries > 0))
    .order_by(OutboxMail.id)
    .limit(1)
)
"""When the first was written that should have left: ids follow the order of writing."""

_THIS = OutboxMail.id == given("mail_id", OutboxMail.id)

DELETE = delete(OutboxMail).where(_THIS)

CHANGE = update(OutboxMail).where(_THIS)
"""Sets the columns whose values are given."""

_FIRST_DUE = (
    select(OutboxMail.id)
    .where(OutboxMail.due_at <= given("until", OutboxMail.due_at))
    .order_by(OutboxMail.due_at, OutboxMail.id)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
TAKE_NEXT = (
    update(OutboxMail)
    .where(OutboxMail.id == _FIRST_DUE)
    .values(due_at=given("taken_until", OutboxMail.due_at), tries=OutboxMail.tries + 1)
    .returning(OutboxMail)
    .execution_options(synchronize_session=False, populate_existing=True)
)
"""The mail that has been due for the longest time, at ``until`` at least, taken until ``taken_until``."""
