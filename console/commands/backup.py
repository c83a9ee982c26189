"""``flask --app app backup …``: what belongs to bringing a back-up back (docs/operations/backup.md)."""

from __future__ import annotations

import click

from console.commands import Commands, counted
from console.operator import restore
from mfa import clock

group = Commands("backup", help="Prepare a database that was restored from a back-up.")


@group.command()
def restored() -> None:
    """End every session and skip ids that may be in use since the back-up. Run before the servers start."""
    click.echo(f"{counted(restore.after_restore(clock.now()), 'session')} ended")
