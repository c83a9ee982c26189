"""``flask --app app backup …``: what belongs to bringing a back-up back (docs/operations/backup.md)."""

from __future__ import annotations

import click

from console.commands import Commands
from console.operator import restore

group = Commands("backup", help="Prepare a database that was restored from a back-up.")


@group.command()
def restored() -> None:
    """End every session and skip ids that may be in use since the back-up. Run before the servers start."""
    click.echo(f"{restore.after_restore()} sessions ended")
