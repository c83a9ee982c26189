"""The outbox: notifications are written with the change that they tell of, and sent after it stands.

So a mail goes out if and only if its change was committed, and a mail server that is down delays it
and loses nothing. Delivery is at least once: a worker that is killed between sending and forgetting
sends again, under the same Message-ID. A mail that the mail server has and does not answer for is sent a few
times at most.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from flask import current_app

from mfa import clock, site
from mfa.attempts import rules as attempts
from mfa.attempts.policy import Policy
from mfa.crypto import ages
from mfa.database import affected, after_commit, detached, in_batches, run, session, transaction
from mfa.errors import BadSetting
from mfa.notices import delivery, statements, worker
from mfa.notices.models import OutboxMail
from mfa.notices.office import Message, Reader, office

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
    at_most: int | None = None,
    always: bool = False,
    **details: Any,
) -> None:
    """Write a notification to *reader*, in the reader's language.

    It is part of the caller's transaction, and leaves after the commit. After ten of one kind within the hour
    the next are left out, but for one now and then: who signs in again and again does not fill the mailbox.

    :param notice: one of the office's: what makes the mail when it leaves.
    :param to: the address, where it is not the reader's present one.
    :param at_most: not if so many of the same kind wait for the same address.
    :param always: never left out, however many there are.
    :param details: what the message says besides; nothing secret, as it is kept until the mail has left.
    """
    mail = {
        "message": notice.__name__,
        "person_id": str(reader.id),
        "recipient": to or reader.email,
        "language": reader.language,
        "details": {"name": reader.name, **details},
        "created_at": now,
        "due_at": now,
        "tries": 0,
        "unanswered": 0,
    }
    kind = attempts.account_subject(reader.id), _of_one_kind(notice.__name__)
    if not always and not attempts.count_together(now, kind)[kind[1]]:
        return
    if at_most is None:
        run(statements.POST, mail)
    else:
        run(statements.POST_AT_MOST, {**mail, "at_most": at_most})
    after_commit(worker.wake)


@functools.cache
def _of_one_kind(message: str) -> Policy:
    return Policy(f"mail_{message}", free=10, first_wait=60, forget_after=3600)


def deliver_due(stopped: Callable[[], bool] = lambda: False) -> int:
    """Send every mail that is due now, once; how many left.

    :param stopped: asked between two mails; once it is so, the rest waits for another look.
    """
    # Not what becomes due meanwhile: a mail that could not be sent would be tried again and again.
    sent, until = 0, clock.now()
    while not stopped() and (mail := _take_next(until)):
        sent += _deliver(mail)
    return sent


def bring_forward(now: datetime) -> Iterator[int]:
    """Make due, batch by batch, what a clock that was ahead has put off for longer than any mail waits."""
    latest = now + _LONGEST_RETRY + timedelta(seconds=ages.CLOCKS_APART)
    return in_batches(statements.BRING_FORWARD, {"latest": latest, "now": now})


def waiting() -> int:
    """How many notifications have not left yet."""
    return session().scalar(statements.WAITING) or 0


def oldest() -> datetime | None:
    """When the notification was written that has waited longest; one that is not due yet does not wait."""
    found: datetime | None = session().scalar(statements.OLDEST, {"now": clock.now()})
    return found


def _take_next(until: datetime) -> OutboxMail | None:
    """Take the first mail that was due *until* then, so that no other worker does; each server may have one.

    One statement finds and takes it. On SQLite one writer at a time does that; on PostgreSQL each passes over
    what others are taking.
    """
    given = {"until": until, "taken_until": clock.now() + _TAKEN_FOR}
    with transaction():
        found = session().scalar(statements.TAKE_NEXT, given)
        return detached(found) if found else None


def _deliver(mail: OutboxMail) -> bool:
    try:
        with office().speaking(mail.language):
            message = office().notices[mail.message](mail.recipient, **mail.details)
        # Who has no address is told by the application or not at all.
        told = _notified(mail, message) or not mail.recipient
        sent = told or delivery.send(message, message_id=_message_id(mail))
    except Exception as error:
        if isinstance(error, BadSetting):
            current_app.logger.error("the notification %s waits: %s", mail.message, error)  # noqa: TRY400 (it says all)
        elif not isinstance(error, delivery.MailNotSent):
            # A mail that can't be made waits like one that can't be sent; those after it go out.
            current_app.logger.exception("the notification %s could not be made", mail.message)
        back_off = min(_FIRST_RETRY * 2 ** min(mail.tries - 1, 10), _LONGEST_RETRY)
        with transaction():
            if clock.now() - mail.created_at > _GIVE_UP_AFTER:
                current_app.logger.warning("the notification %s was given up", mail.message)
                affected(statements.DELETE, {"mail_id": mail.id})
            else:
                later = clock.now() + back_off
                affected(statements.CHANGE, {"mail_id": mail.id, "due_at": later})
        return False
    unanswered = mail.unanswered + (not sent)
    with transaction():
        if sent or unanswered >= _MOST_UNANSWERED:
            affected(statements.DELETE, {"mail_id": mail.id})
        else:
            later = clock.now() + _AFTER_UNANSWERED * unanswered
            given = {"mail_id": mail.id, "due_at": later, "unanswered": unanswered}
            affected(statements.CHANGE, given)
    return sent


def _notified(mail: OutboxMail, message: Message) -> bool:
    """Return True if the application tells the person by a way of its own."""
    notify = office().notify
    if notify is None or mail.person_id is None or message.by_mail_alone:
        return False
    return notify(mail.person_id, message)


def _message_id(mail: OutboxMail) -> str:
    """Return the same Message-ID for every try of *mail*, on any server."""
    host = site.host().name
    name = uuid.uuid5(uuid.NAMESPACE_DNS, f"{host} {mail.id} {mail.created_at.isoformat()}")
    return f"<{name.hex}@{host}>"
