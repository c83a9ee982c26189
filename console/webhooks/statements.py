"""The statements about the events that wait, each made once."""

from __future__ import annotations

from sqlalchemy import Integer, bindparam, delete, func, insert, select, update

from console.webhooks.models import WebhookEvent
from mfa.columns import given
from mfa.database import first

ADD = insert(WebhookEvent)

_FIRST_DUE = (
    select(WebhookEvent.id)
    .where(WebhookEvent.due_at <= given("until", WebhookEvent.due_at))
    .order_by(WebhookEvent.due_at, WebhookEvent.id)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
TAKE_NEXT = (
    update(WebhookEvent)
    .where(WebhookEvent.id == _FIRST_DUE)
    .values(due_at=given("taken_until", WebhookEvent.due_at), tries=WebhookEvent.tries + 1)
    .returning(
        WebhookEvent.id,
        WebhookEvent.message_id,
        WebhookEvent.type,
        WebhookEvent.body,
        WebhookEvent.give_up_at,
        WebhookEvent.tries,
    )
)
"""Take the event that was due first, by ``until`` at the latest, for oneself until ``taken_until``."""

DELETE = delete(WebhookEvent).where(WebhookEvent.id == given("event_id", WebhookEvent.id))

PUT_OFF = (
    update(WebhookEvent)
    .where(
        WebhookEvent.id == given("event_id", WebhookEvent.id),
        WebhookEvent.tries == given("taken", WebhookEvent.tries),
    )
    .values(due_at=given("later", WebhookEvent.due_at), said=given("why", WebhookEvent.said))
)
"""Set when to try again, None for never. It finds no row if another worker has taken the event since."""

_AGAIN = {
    "due_at": given("now", WebhookEvent.due_at),
    "give_up_at": given("until", WebhookEvent.give_up_at),
    "tries": 0,
}
RETRY_GIVEN_UP = update(WebhookEvent).where(WebhookEvent.due_at.is_(None)).values(_AGAIN)
RETRY_ONE = (
    update(WebhookEvent)
    .where(WebhookEvent.message_id == given("whose", WebhookEvent.message_id))
    .values(_AGAIN)
)

BRING_FORWARD = (
    update(WebhookEvent)
    .where(first(WebhookEvent.due_at, WebhookEvent.due_at > given("latest", WebhookEvent.due_at)))
    .values(due_at=given("now", WebhookEvent.due_at))
)
FORGET = delete(WebhookEvent).where(
    first(WebhookEvent.give_up_at, WebhookEvent.give_up_at < given("before", WebhookEvent.give_up_at))
)

COUNTS = select(
    func.count(WebhookEvent.due_at).label("waiting"),
    (func.count() - func.count(WebhookEvent.due_at)).label("given_up"),
).select_from(WebhookEvent)
OLDEST = (
    select(func.min(WebhookEvent.created_at))
    .where(WebhookEvent.due_at.is_not(None))
    .where((WebhookEvent.due_at <= given("now", WebhookEvent.due_at)) | (WebhookEvent.tries > 0))
)
"""When the oldest event was written that should have been taken by now."""
LISTED = (
    select(
        WebhookEvent.message_id,
        WebhookEvent.type,
        WebhookEvent.created_at,
        WebhookEvent.due_at,
        WebhookEvent.tries,
        WebhookEvent.said,
    )
    .order_by(WebhookEvent.id)
    .limit(bindparam("at_most", type_=Integer))
)
