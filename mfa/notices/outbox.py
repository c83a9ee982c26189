"""The outbox: notifications are written with the change that they tell of, and sent after it stands.

So a mail goes out if and only if its change was committed, and a mail server that is down delays it
and loses nothing. Delivery is at least once: a worker that is killed between sending and forgetting
sends again, under the same Message-ID. A mail that the mail server has and does not answer for is sent a few
times at most.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import Integer, bindparam, delete, func, insert, select, update

from mfa import clock, hosts
from mfa.attempts import rules as attempts
from mfa.attempts.rules import Policy
from mfa.crypto import ages
from mfa.database import affected, after_commit, run, session, transaction
from mfa.notices import delivery
from mfa.notices.models import OutboxMail
from mfa.notices.office import Message, Reader, office
from mfa.notices.worker import Worker

_TAKEN_FOR = timedelta(minutes=2)
"""A mail belongs to the worker that took it for longer than a conversation lasts, so nobody else sends it
meanwhile."""
_MOST_UNANSWERED = 3
"""Tries that the mail server took without an answer, after which a mail counts as delivered."""
_AFTER_UNANSWERED = timedelta(minutes=10)
_FIRST_RETRY = timedelta(seconds=30)
_LONGEST_RETRY = timedelta(hours=1)
_GIVE_UP_AFTER = timedelta(days=30)


def post(
    notice: Callable[..., Message],
    reader: Reader,
    now: datetime,
    *,
    to: str | None = None,
    after: timedelta = timedelta(0),
    reference: str | None = None,
    at_most: int | None = None,
    always: bool = False,
    **details: Any,
) -> None:
    """Write a notification to *reader*, in the reader's language.

    It is part of the caller's transaction, and leaves after the commit. After ten of one kind within the hour
    the next are left out, but for one now and then: who signs in again and again does not fill the mailbox.

    :param notice: one of the office's: what makes the mail when it leaves.
    :param to: the address, where it is not the reader's present one.
    :param after: not before this time has passed, so that :func:`take_back` may still be called.
    :param reference: what the notification can be taken back by.
    :param at_most: not if so many of the same kind wait for the same address.
    :param always: never left out, however many there are.
    :param details: what the message says besides; nothing secret, as it is kept until the mail has left.
    """
    mail = {
        "message": notice.__name__,
        "recipient": to or reader.email,
        "language": reader.language,
        "details": {"name": reader.name, **details},
        "created_at": now,
        "due_at": now + after,
        "tries": 0,
        "unanswered": 0,
        "reference": reference,
    }
    if at_most is None:
        kind = attempts.account_subject(reader.id), _of_one_kind(notice.__name__)
        if not always and not attempts.count_together(now, kind)[kind[1]]:
            return
        run(_POST, mail)
    else:
        run(_POST_AT_MOST, {**mail, "at_most": at_most})
    if not after:
        after_commit(_wake)


@functools.cache
def _of_one_kind(message: str) -> Policy:
    return Policy(f"mail_{message}", free=10, first_wait=60, forget_after=3600)


def take_back(reference: str) -> None:
    """Forget a notification that has turned out to be needless, as part of the caller's transaction."""
    run(_TAKE_BACK, {"taken": reference})


def hand_over(reference: str, *, to: str) -> None:
    """Put a waiting notification in place of the one called *to*, as part of the caller's transaction.

    It keeps its time. If it does not wait any more, the other stays.
    """
    if run(_REFERRED, {"to": reference}).first() is not None:
        take_back(to)
        affected(update(OutboxMail).where(OutboxMail.reference == reference).values(reference=to))


def _wake() -> None:
    worker: Worker | None = current_app.extensions.get("mail_worker")
    if worker:
        worker.wake()


def deliver_due(stopped: Callable[[], bool] = lambda: False) -> int:
    """Send every mail that is due; how many left.

    :param stopped: asked between two mails; once it is so, the rest waits for another worker.
    """
    sent, last = 0, 0
    while not stopped() and (mail := _take_next(after=last)):
        sent += _deliver(mail)
        last = mail.id
    return sent


def bring_forward(now: datetime) -> None:
    """Make due what a clock that was ahead has put off for longer than any notification waits."""
    latest = now + _LONGEST_RETRY + timedelta(seconds=ages.CLOCKS_APART)
    with transaction():
        run(_BRING_FORWARD, {"latest": latest, "now": now})


def waiting() -> int:
    """How many notifications have not left yet."""
    return session().scalar(select(func.count()).select_from(OutboxMail)) or 0


def oldest() -> datetime | None:
    """When the notification was written that has waited longest; one that is not due yet does not wait."""
    due = OutboxMail.due_at <= clock.now()
    return session().scalar(select(func.min(OutboxMail.created_at)).where(due | (OutboxMail.tries > 0)))


def _take_next(*, after: int) -> OutboxMail | None:
    """Take the first mail that is due, so that no other worker does; on every server there may be one.

    One statement finds and takes it. On SQLite one writer at a time does that; on PostgreSQL each passes over
    what others are taking.
    """
    now = clock.now()
    due = select(OutboxMail.id).where(OutboxMail.due_at <= now, OutboxMail.id > after)
    first = due.order_by(OutboxMail.id).limit(1).with_for_update(skip_locked=True)
    take = (
        update(OutboxMail)
        .where(OutboxMail.id == first.scalar_subquery())
        .values(due_at=now + _TAKEN_FOR, tries=OutboxMail.tries + 1)
        .returning(OutboxMail)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    with transaction():
        return session().scalar(take)


def _deliver(mail: OutboxMail) -> bool:
    try:
        with office().speaking(mail.language):
            message = office().notices[mail.message](mail.recipient, **mail.details)
        sent = delivery.send(message, message_id=_message_id(mail))
    except Exception as error:
        if not isinstance(error, delivery.MailNotSent):
            # A mail that can't be made waits like one that can't be sent; those after it go out.
            current_app.logger.exception("the notification %s could not be made", mail.message)
        back_off = min(_FIRST_RETRY * 2 ** min(mail.tries - 1, 10), _LONGEST_RETRY)
        with transaction():
            if clock.now() - mail.created_at > _GIVE_UP_AFTER:
                current_app.logger.warning("the notification %s was given up", mail.message)
                affected(delete(OutboxMail).where(OutboxMail.id == mail.id))
            else:
                later = clock.now() + back_off
                affected(update(OutboxMail).where(OutboxMail.id == mail.id).values(due_at=later))
        return False
    unanswered = mail.unanswered + (not sent)
    with transaction():
        if sent or unanswered >= _MOST_UNANSWERED:
            affected(delete(OutboxMail).where(OutboxMail.id == mail.id))
        else:
            later = clock.now() + _AFTER_UNANSWERED * unanswered
            waits = update(OutboxMail).where(OutboxMail.id == mail.id)
            affected(waits.values(due_at=later, unanswered=unanswered))
    return sent


def _message_id(mail: OutboxMail) -> str:
    """Return the same Message-ID for every try of *mail*, on any server."""
    host = hosts.name_of(current_app.config["SERVER_NAME"])
    name = uuid.uuid5(uuid.NAMESPACE_DNS, f"{host} {mail.id} {mail.created_at.isoformat()}")
    return f"<{name.hex}@{host}>"


_POST = insert(OutboxMail)
_BRING_FORWARD = (
    update(OutboxMail).where(OutboxMail.due_at > bindparam("latest")).values(due_at=bindparam("now"))
)
_COLUMNS = [column for column in OutboxMail.__table__.columns if not column.primary_key]
_WAITING = (
    select(func.count())
    .where(OutboxMail.recipient == bindparam("recipient"), OutboxMail.message == bindparam("message"))
    .scalar_subquery()
)
_POST_AT_MOST = insert(OutboxMail).from_select(
    [column.name for column in _COLUMNS],
    select(*(bindparam(column.name, type_=column.type) for column in _COLUMNS)).where(
        bindparam("at_most", type_=Integer) > _WAITING
    ),
)
_TAKE_BACK = delete(OutboxMail).where(OutboxMail.reference == bindparam("taken"))
_REFERRED = select(OutboxMail.id).where(OutboxMail.reference == bindparam("to"))
