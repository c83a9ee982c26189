"""``flask --app app keys …``: the master keys that encrypt the secrets in the database."""

from __future__ import annotations

import click

from console.commands import Commands
from console.toolbox import toolbox
from mfa import clock
from mfa.factors import sealing

group = Commands("keys", help="The keys that encrypt secrets.")


@group.command("list")
def list_keys() -> None:
    """List the ids of the keys in use, and for how many accounts."""
    ring = toolbox().ring
    counts = sealing.keys()
    for key in [*ring.ids, *sorted(counts.keys() - set(ring.ids))]:
        click.echo(f"{key}  {_state(key, counts):8}  {counts.get(key, 0)} accounts")


def _state(key: str, counts: dict[str, int]) -> str:
    ring = toolbox().ring
    if not ring.has(key):
        return "MISSING"
    if key == ring.current:
        return "current"
    return "old" if counts.get(key) else "unused"


@group.command()
@click.option(
    "--batch", type=click.IntRange(min=1), default=200, show_default=True, help="Accounts per transaction."
)
def rotate(batch: int) -> None:
    """Encrypt with the current key what an older one encrypted, while the servers run."""
    done = 0
    for sealed in sealing.rotate(clock.now(), batch=batch):
        done += sealed
        click.echo(f"{done} accounts encrypted again")
    click.echo(
        f"Everything is encrypted with the key {toolbox().ring.current}. Nothing in the database needs an"
        " older key; people whose cookies an older key signed stay signed in while it is among the fallbacks."
    )
