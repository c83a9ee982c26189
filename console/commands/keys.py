"""``flask --app app keys …``: the master keys that encrypt the secrets in the database."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from console.commands import Commands
from console.organization.audit import keys as audit_keys, rules as audit
from console.toolbox import toolbox
from mfa import clock, commands
from mfa.crypto.keys import UnknownKey, Unreadable

_OF_PEOPLE = commands.keys.commands

group = Commands("keys", help="The keys that encrypt secrets.")


@group.command("list")
@click.pass_context
def list_keys(ctx: click.Context) -> None:
    """List the ids of the keys in use, for how many people, and for the organization's activity."""
    ctx.invoke(_OF_PEOPLE["list"])
    for key in audit_keys.masters():
        click.echo(f"{key}  encrypts the keys of the organization's activity")


def _and_of_activity(rotate: click.Command) -> click.Command:
    def both(**options: object) -> None:
        try:
            replaced = audit.replace_keys(clock.now())
        except (UnknownKey, Unreadable) as error:
            raise click.ClickException(f"The organization's activity: {error}.") from error
        if replaced:
            click.echo(f"The organization's activity goes on with a key of {toolbox().ring.current}.")
        click.get_current_context().invoke(rotate, **options)

    return click.Command("rotate", callback=with_appcontext(both), params=rotate.params, help=rotate.help)


group.add_command(_and_of_activity(_OF_PEOPLE["rotate"]))
