"""``flask --app app mail …``: the notifications in the outbox."""

from __future__ import annotations

import click
from flask import current_app

from console import housekeeping
from console.commands import Commands
from console.webhooks import outbox as webhooks
from console.webhooks.receiver import receiver
from mfa import commands

group = Commands("mail", help="The notifications in the outbox.")


@group.command()
@commands.forever_option
def deliver(forever: bool) -> None:
    """Send every notification and post every webhook that is due."""
    beside = []
    if forever and receiver():
        beside.append(housekeeping.webhook_worker(current_app._get_current_object()))  # type: ignore[attr-defined]  # noqa: SLF001 (the thread outlives the proxy)
    commands.deliver_mails(housekeeping.tidy, forever=forever, beside=beside)
    if receiver() and not forever:
        click.echo(f"webhooks: {webhooks.deliver_due()} taken, {webhooks.counts().waiting} waiting")
