"""What is done in the background of a server: mails are delivered, and what is over is deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flask import Flask

from mfa import clock
from mfa.activity import rules as activity
from mfa.attempts import networks, rules as attempts
from mfa.errors import BadSetting
from mfa.notices import outbox, worker
from mfa.notices.worker import Worker

THREAD, NONE = "thread", "none"


def tidy() -> Iterator[int]:
    """Delete what is over in the tables of mails, attempts and activity; yield the rows of each batch."""
    now = clock.now()
    yield from outbox.bring_forward(now)
    yield from attempts.forget_spent(now)
    yield from attempts.forget_counts(now)
    yield from networks.forget(now)
    yield from activity.forget_strangers(now)
    yield from activity.forget_old(now)


def make(app: Flask, tidy: Callable[[], Iterator[int]] = tidy) -> Worker:
    """Return what delivers the mails of *app*, and tidies now and then."""
    return Worker(app, outbox.deliver_due, tidy)


def set_up(
    app: Flask, tidy: Callable[[], Iterator[int]] = tidy, *, is_at_once: Callable[[], bool] = lambda: False
) -> None:
    """Have *app* deliver its mails by a thread, which starts with the first of them.

    With ``MFA_MAIL_WORKER`` "none", a process of its own delivers them.

    :param is_at_once: returns True where there may be no thread: then the request delivers what it wrote.
    :raises BadSetting: another value.
    """
    how = app.config.get("MFA_MAIL_WORKER") or THREAD
    if how not in (THREAD, NONE):
        raise BadSetting('MFA_MAIL_WORKER must be "thread" or "none".')
    if how == THREAD:
        worker.use(app, make(app, tidy), is_at_once=is_at_once)
