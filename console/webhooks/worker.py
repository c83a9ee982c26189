"""The thread that posts the events, apart from that of the mails: a slow receiver delays no mail.

It runs beside the one that delivers mails: in the server, or in ``flask mail deliver --forever``.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, current_app

from mfa.notices.worker import Worker

_WORKER = "twostep_webhook_worker"


def use(app: Flask, worker: Worker) -> None:
    """Let *worker* post what *app* writes."""
    app.extensions[_WORKER] = worker


def make(app: Flask, deliver: Callable[[Callable[[], bool]], object]) -> Worker:
    """Return the worker that calls *deliver* whenever it is woken, and now and then."""
    return Worker(app, deliver, lambda: iter(()), name="webhooks")


def wake() -> None:
    """Wake the worker of the application at work; a process of its own needs no waking."""
    found: Worker | None = current_app.extensions.get(_WORKER)
    if found:
        found.wake()


def start() -> None:
    """Start it, so that it posts what an earlier process left."""
    found: Worker | None = current_app.extensions.get(_WORKER)
    if found:
        found.start()
