"""``flask --app app webhooks …``: whether the receiver takes them, and what it has not taken yet."""

from __future__ import annotations

import click

from console.commands import Commands, counted
from console.webhooks import events, outbox, sending
from console.webhooks.receiver import Receiver, receiver
from mfa import clock

MOST = 200
"""Events that are listed; of more, the newer ones say the same."""

group = Commands("webhooks", help="What another system hears of accounts and the organization.")


@group.command()
def test() -> None:
    """Post an event "test" now, once, and say how the receiver took it."""
    to = _receiver()
    now = clock.now()
    try:
        answer = sending.send(outbox.make(events.TEST, {}, now), to, now)
    except sending.NotTaken as error:
        raise click.ClickException(f"{to.address.authority} has not taken it. {error.sentence}") from None
    click.echo(f"{to.address.authority} answered {answer.status} after {answer.seconds:.2f} s.")


@group.command("list")
def list_() -> None:
    """List the events that wait or were given up, the oldest first; times are UTC."""
    found = outbox.listed(MOST)
    for event in found:
        state = f"next {event.due_at:%Y-%m-%d %H:%M}" if event.due_at else "given up"
        tries = "1 try" if event.tries == 1 else f"{event.tries} tries"
        line = f"{event.message_id}  {event.type:20}  {event.created_at:%Y-%m-%d %H:%M}"
        click.echo(f"{line}  {state:21}  {tries:8}  {event.said}".rstrip())
    counts = outbox.counts()
    if len(found) == MOST:
        click.echo("…")
    click.echo(f"{counts.waiting} waiting, {counts.given_up} given up", err=True)


@group.command()
@click.argument("message_id", required=False)
@click.option("--given-up", is_flag=True, help="All that were given up.")
def retry(message_id: str | None, given_up: bool) -> None:
    """Have MESSAGE_ID, or all that were given up, tried again at once and for three days."""
    if bool(message_id) == given_up:
        raise click.UsageError("Give the id of one event, or --given-up.")
    again = outbox.retry(message_id, clock.now())
    if message_id and not again:
        raise click.ClickException("No such event waits: perhaps the receiver has taken it.")
    click.echo(f"{counted(again, 'event')} to be tried again")


def _receiver() -> Receiver:
    to = receiver()
    if to is None:
        raise click.ClickException("MFA_WEBHOOK_URL is not set, so no webhooks are sent.")
    return to
