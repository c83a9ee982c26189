"""``flask --app app backup …``: what belongs to bringing a back-up back (docs/operations.md)."""

from __future__ import annotations

import click

from mfa.commands import Commands
from mfa.operator import restore

group = Commands("backup", help="After a database was brought back from a back-up.")


@group.command()
def restored() -> None:
    """End every session, and give no id again that was given since the back-up. Before the start."""
    click.echo(f"{restore.after_restore()} sessions ended")
