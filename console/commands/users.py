"""``flask --app app users …``: what operators may do to an account, with a reason; import and export."""

from __future__ import annotations

from collections.abc import Callable

import click

from console.accounts.models import Account, Role
from console.commands import Commands, bulk, listing, operator as who_is_signed_in
from console.operator import rules
from console.operator.rules import Act
from console.organization import audit
from mfa import clock
from mfa.people.rules import Changed

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
        except (rules.NoAccount, audit.BadReason, rules.NothingToDo, rules.IsLocked) as error:
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
            f"role        {account.role}",
            f"created     {account.created_at:%Y-%m-%d %H:%M} UTC",
            f"locked      {f'since {account.locked_at:%Y-%m-%d %H:%M} UTC' if account.locked_at else 'no'}",
            f"deletion    {_deletion(account)}",
            f"two-step    {f'on since {since:%Y-%m-%d %H:%M} UTC' if since else 'off'}",
            f"codes left  {shown.two_step.codes_left}",
            f"sessions    {shown.sessions}",
            f"browsers    {shown.browsers} remembered",
            f"waits       {shown.waits} s",
        ]
    )


def _deletion(account: Account) -> str:
    if not account.delete_at:
        return "no"
    if account.locked_at:
        return "asked for; not while the account is locked"
    return f"on {account.delete_at:%Y-%m-%d %H:%M} UTC, unless the owner signs in before"


def disable_2sv(account: Account, act: Act) -> str:
    """Turn 2-step verification off, after the owner has proved who they are."""
    rules.disable_two_step(account, act)
    return f"2-step verification of {account.email} is off, and every device is signed out."


def sign_out(account: Account, act: Act) -> str:
    """End every session, and forget every known device and remembered browser."""
    rules.sign_out(account, act)
    return f"{account.email} is signed out everywhere."


def lock(account: Account, act: Act) -> str:
    """Refuse every sign-in until the account is unlocked."""
    rules.lock(account, act)
    waits = " It is not deleted while it is locked." if account.delete_at else ""
    return f"{account.email} is locked, and every device is signed out.{waits}"


def unlock(account: Account, act: Act) -> str:
    """Allow sign-in again."""
    rules.unlock(account, act)
    waits = f" Its deletion: {_deletion(account)}." if account.delete_at else ""
    return f"{account.email} is unlocked.{waits}"


def make_owner(account: Account, act: Act) -> str:
    """Make the account an owner of the organization, beside those that it has."""
    rules.give_role(account, Role.OWNER, act)
    return f"{account.email} owns the organization."


for _act in (show, disable_2sv, sign_out, lock, unlock, make_owner):
    _acts(_act)
group.add_command(listing.list_)
group.add_command(listing.find)
group.add_command(bulk.import_)
group.add_command(bulk.export)
