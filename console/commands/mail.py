"""``flask --app app mail …``: the notifications in the outbox."""

from __future__ import annotations

import signal

import click
from flask import current_app

from console import housekeeping
from console.commands import Commands
from mfa.notices import outbox

group = Commands("mail", help="The notifications in the outbox.")


@group.command()
@click.option("--forever", is_flag=True, help="Keep running, and check every few seconds.")
def deliver(forever: bool) -> None:
    """Send every notification that is due."""
    if not forever:
        click.echo(f"{housekeeping.keep()} sent, {outbox.waiting()} waiting")
        return
    worker = housekeeping.worker(current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001
    # Waited for and not handled: a handler could come while the worker holds the lock that waking it takes.
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    worker.start()
    signal.sigwait(ends)
    worker.stop()
