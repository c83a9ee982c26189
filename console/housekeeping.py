"""What is done in the background: by a thread of the server, or by ``flask mail deliver``."""

from __future__ import annotations

from flask import Flask

from console.sessions import rules as sessions
from mfa import clock
from mfa.attempts import networks, rules as attempts
from mfa.notices import outbox
from mfa.notices.worker import Worker


def worker(app: Flask) -> Worker:
    """What does it for as long as *app* serves."""
    return Worker(app, outbox.deliver_due, tidy)


def keep() -> int:
    """Do it once; how many mails left."""
    tidy()
    return outbox.deliver_due()


def tidy() -> None:
    """Delete what is over."""
    now = clock.now()
    outbox.bring_forward(now)
    sessions.forget_dead(now)
    attempts.forget_spent(now)
    networks.forget(now)
