"""What is done in the background: by a thread of the server, or by ``flask mail deliver``."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask

from console.deletion import rules as deletion
from console.organization.help import rules as help_rules
from console.organization.invitations import rules as invitations
from console.organization.security import telling
from console.sessions import rules as sessions
from console.webhooks import outbox as webhooks, worker as webhook_workers
from mfa import clock, tidying
from mfa.notices import background
from mfa.notices.worker import Worker


def worker(app: Flask) -> Worker:
    """Return what does it for as long as *app* serves."""
    return background.make(app, tidy)


def webhook_worker(app: Flask) -> Worker:
    """Return what posts the webhooks, beside that."""
    return webhook_workers.make(app, webhooks.deliver_due)


def tidy() -> Iterator[int]:
    """Tell people what is required of them now, delete what is over, and yield the rows of each batch."""
    now = clock.now()
    yield from telling.tell(now)
    yield from tidying.tidy()
    yield from sessions.forget_expired(now)
    yield from sessions.forget_idle(now)
    yield from invitations.forget(now)
    yield from help_rules.settle_all(now)
    yield from deletion.remind(now)
    yield from deletion.delete_due(now)
    yield from webhooks.tidy(now)
