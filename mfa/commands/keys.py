"""``flask --app app keys …``: the master keys with which the secrets in the database are sealed."""

from __future__ import annotations

import click

from mfa import clock
from mfa.commands import Commands
from mfa.toolbox import toolbox
from mfa.two_step import sealing

group = Commands("keys", help="The keys with which secrets are sealed.")


@group.command("list")
def list_keys() -> None:
    """Say which keys are in use, by their ids, and for how many accounts."""
    ring = toolbox().ring
    for key, accounts in sorted(({ring.current: 0} | sealing.keys()).items()):
        state = "current" if key == ring.current else "old" if ring.has(key) else "MISSING"
        click.echo(f"{key}  {state:8}  {accounts} accounts")


@group.command()
@click.option(
    "--batch", type=click.IntRange(min=1), default=200, show_default=True, help="Accounts a transaction."
)
def rotate(batch: int) -> None:
    """Seal with the current key what an older one sealed, while the application serves."""
    done = 0
    for sealed in sealing.rotate(clock.now(), batch=batch):
        done += sealed
        click.echo(f"{done} accounts sealed anew")
    click.echo(
        f"Everything is sealed with the key {toolbox().ring.current}. Older keys are needed by nothing in the"
        " database; while they stay among the fallbacks, the people whose cookies they signed stay signed in."
    )
