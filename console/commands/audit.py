"""``flask --app app audit …``: whether the organization's activity is as it was written (docs/audit.md)."""

from __future__ import annotations

import click

from console.commands import Commands, counted
from console.organization.audit import rules
from console.organization.audit.chain import Copy
from console.organization.audit.verification import Verification

BROKEN = 1

group = Commands("audit", help="The chain of the organization's activity: verify it, and copy its head.")


class _Copy(click.ParamType[Copy]):
    name = "ID:HASH"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Copy:
        try:
            return Copy.parse(value)
        except ValueError:
            self.fail("Give what `audit head` printed: an id, a colon and 64 hexadecimal digits.", param, ctx)


@group.command()
@click.option("--head", "copy", type=_Copy(), help="A copy of an earlier head: rows up to it must be there.")
def verify(copy: Copy | None) -> None:
    """Read the whole chain and name each row that was changed, removed or moved; exit status 1 if one was."""
    verification = Verification(copy)
    broken = 0
    for finding in verification.findings():
        broken += 1
        click.echo(str(finding))
    if broken:
        click.echo("The organization's activity is not as it was written.", err=True)
        raise click.exceptions.Exit(BROKEN)
    click.echo(
        f"{counted(verification.rows, 'row')}, all as they were written. The head is {verification.last}"
    )


@group.command()
def head() -> None:
    """Print the id and hash of the last row, to copy to another place."""
    click.echo(str(rules.head()))
