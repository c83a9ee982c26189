"""``flask --app app users …``: what operators may do to an account, with a reason; import and export."""

from __future__ import annotations

from collections.abc import Callable

import click

from console.accounts.models import Account
from console.accounts.rules import Changed
from console.commands import Commands, bulk, listing, operator as who_is_signed_in
from console.operator import rules
from console.operator.rules import Act
from mfa import clock

group = Commands(
    "users",
    help="Help people with their account (the owner gets a mail with the reason); import and export.",
)


def _acts(act: Callable[[Account, Act], str]) -> click.Command:
    """A command that does *act* to the account of EMAIL and prints the line that it returns."""

    @click.argument("email")
    @click.option("--reason", prompt="Reason (the owner reads it)", help="Why; the owner reads it.")
    @click.option(
        "--operator", default=who_is_signed_in, show_default="who is signed in", help="Who does it."
    )
    def run(email: str, reason: str, operator: str) -> None:
        try:
            click.echo(act(rules.find(email), Act(operator, reason, clock.now())))
        except (rules.NoAccount, rules.NoReason, rules.NothingToDo) as error:
            raise click.ClickException(error.sentence) from None
        except Changed:
            raise click.ClickException("The account was changed at this moment. Try again.") from None

    run.__doc__ = act.__doc__
    return group.command(act.__name__.replace("_", "-"))(run)


def show(account: Account, act: Act) -> str:
    """Show 2-step verification, sessions and waits. Nothing secret."""
    shown = rules.show(account, act)
    since = shown.two_step.since
    return "\n".join(
        [
            f"account     {account.id}",
            f"email       {account.email}",
            f"name        {account.name}",
            f"created     {account.created_at:%Y-%m-%d %H:%M} UTC",
            f"locked      {f'since {account.locked_at:%Y-%m-%d %H:%M} UTC' if account.locked_at else 'no'}",
            f"two-step    {f'on since {since:%Y-%m-%d %H:%M} UTC' if since else 'off'}",
            f"codes left  {shown.two_step.codes_left}",
            f"sessions    {shown.sessions}",
            f"waits       {shown.waits} s",
        ]
    )


def disable_2sv(account: Account, act: Act) -> str:
    """Turn 2-step verification off, after the owner has proved who they are."""
    rules.disable_two_step(account, act)
    return f"2-step verification of {account.email} is off, and every device is signed out."


def sign_out(account: Account, act: Act) -> str:
    """End every session."""
    rules.sign_out(account, act)
    return f"{account.email} is signed out everywhere."


def lock(account: Account, act: Act) -> str:
    """Refuse every sign-in until the account is unlocked."""
    rules.lock(account, act)
    return f"{account.email} is locked, and every device is signed out."


def unlock(account: Account, act: Act) -> str:
    """Allow sign-in again."""
    rules.unlock(account, act)
    return f"{account.email} is unlocked."


for _act in (show, disable_2sv, sign_out, lock, unlock):
    _acts(_act)
group.add_command(listing.list_)
group.add_command(listing.find)
group.add_command(bulk.import_)
group.add_command(bulk.export)
