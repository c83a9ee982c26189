"""``flask two-step …``: what the people who run a host do with the extension."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import wraps
from typing import ParamSpec, TypeVar

import click
from flask import current_app
from flask.cli import AppGroup

from mfa import accounts, clock, database, schema, tidying
from mfa.accounts import Person
from mfa.database import transaction
from mfa.enrollment import rules
from mfa.errors import BadSetting, Refusal, SetUpWrong
from mfa.factors import sealing
from mfa.here import Here
from mfa.notices import background, delivery, outbox
from mfa.notices.worker import Worker
from mfa.people import recoveries, rules as people
from mfa.recovery import rules as recovery
from mfa.ring import ring
from mfa.sign_in import remembered

_EVERY_ON_TERMINAL, _EVERY_IN_LOG = timedelta(seconds=1), timedelta(seconds=10)
P = ParamSpec("P")
R = TypeVar("R")

group = AppGroup("two-step", help="2-step verification.")
keys = AppGroup("keys", help="The keys that encrypt secrets in the database.")
"""A host may add it to its own command line, under a name of its own."""
_mail = AppGroup("mail", help="The notifications in the outbox.")
_db = AppGroup("db", help="The tables of the extension.")
for _one in (keys, _mail, _db):
    group.add_command(_one)
forever_option = click.option("--forever", is_flag=True, help="Keep running, and check every few seconds.")
_whose = click.argument("person_id")


def _saying(command: Callable[P, R]) -> Callable[P, R]:
    """Say in one sentence what ends a command, and give the connection back."""

    @wraps(command)
    def saying(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except Refusal as error:
            raise click.ClickException(error.sentence) from error
        except SetUpWrong as error:
            raise click.ClickException(str(error)) from error
        finally:
            database.close()

    return saying


@_db.command("upgrade")
@_saying
def upgrade() -> None:
    """Make the tables, or bring them to the newest version."""
    engine = current_app.extensions["two_step"].engine()
    with engine.begin() as connection:
        schema.upgrade(connection, lambda step: click.echo(step.up_revision_id))
    click.echo("The tables of two-step are those of this version.")
    try:
        delivery.check_settings()
    except BadSetting as error:
        click.echo(f"Nobody can turn 2-step verification on yet: {error}", err=True)


@group.command()
@_whose
@_saying
def show(person_id: str) -> None:
    """Show the state of a person's second step. Nothing secret."""
    person = _find(person_id)
    state = rules.state(person.id)
    if not state.on:
        click.echo(f"{person.id}  2-step verification is off")
        return
    click.echo(f"{person.id}  2-step verification is on since {state.since:%Y-%m-%d %H:%M} UTC")
    click.echo(f"recovery codes left: {state.codes_left}")
    browsers = remembered.of(people.owner(person), clock.now())
    click.echo(f"remembered browsers: {len(browsers)}")


@group.command()
@_whose
@click.option("--by", required=True, help="Who does this.")
@click.option("--reason", required=True, help="Shown to the person, 1 to 200 characters.")
@_saying
def reset(person_id: str, by: str, reason: str) -> None:
    """Turn 2-step verification off for somebody who has lost everything, once you know who asks."""
    with transaction():
        done = rules.reset(_find(person_id), by=by, reason=reason, here=Here(clock.now()))
    if not done:
        raise click.ClickException("2-step verification is off for this person.")
    click.echo("2-step verification is off. The person is told by mail.")


@group.command("help")
@_whose
@click.option("--by", required=True, help="Who does this.")
@click.option("--reason", required=True, help="Shown to the person, 1 to 200 characters.")
@_saying
def help_back(person_id: str, by: str, reason: str) -> None:
    """Mail a link to somebody who has lost everything, by which they set up a new second step themselves."""
    with transaction():
        recovery.help_back(_find(person_id), by=by, reason=reason, here=Here(clock.now()))
    click.echo("The person is mailed a link. It is good for 24 hours, and asks for their password.")


@group.command()
@_whose
@_saying
def stop_recovery(person_id: str) -> None:
    """Stop the way back of a person that is open."""
    if not recovery.stop_open(_find(person_id), Here(clock.now()), recoveries.HOST):
        raise click.ClickException("No way back is open for this person.")
    click.echo("It is stopped. The person is told by mail.")


@group.command()
@_whose
@_saying
def forget_browsers(person_id: str) -> None:
    """Forget the remembered browsers of a person: the next sign-in asks for the second step again."""
    forgotten = remembered.forget_every(_find(person_id).id, Here(clock.now()))
    click.echo(f"{forgotten} forgotten")


@keys.command("list")
@_saying
def list_keys() -> None:
    """List the ids of the keys in use, for how many people, and for how many ways back that are open."""
    counts, recovering = sealing.keys(), recoveries.keys(clock.now())
    for key in [*ring().ids, *sorted(counts.keys() - set(ring().ids))]:
        state = _state(key, is_used=key in counts or key in recovering)
        ways = f", {_ways_back(recovering[key])}" if key in recovering else ""
        click.echo(f"{key}  {state:8}  {_people(counts.get(key, 0))}{ways}")


@keys.command()
@click.option(
    "--batch", type=click.IntRange(min=1), default=200, show_default=True, help="People per transaction."
)
@_saying
def rotate(batch: int) -> None:
    """Encrypt with the current key what an older one encrypted, while the servers run.

    It may be interrupted at any time; run it again to go on.
    """
    progress = _Progress(sealing.count_stale())
    for sealed in sealing.rotate(clock.now(), batch=batch):
        progress.add(sealed)
    progress.end()
    click.echo(
        f"Everything is encrypted with the key {ring().current}. Nothing in the database is encrypted with an"
        " older one; what an older key signed in people's browsers and mails, and ways back that began with"
        " it, are good while it is among the fallbacks."
    )


@_mail.command()
@forever_option
@_saying
def deliver(forever: bool) -> None:
    """Send every notification that is due."""
    deliver_mails(tidying.tidy, forever=forever)


def deliver_mails(tidy: Callable[[], Iterator[int]], *, forever: bool, beside: Iterable[Worker] = ()) -> None:
    """Send every notification that is due, and have *tidy* delete what is over.

    :param forever: until SIGTERM or SIGINT; else once, and the number is printed.
    :param beside: what is done at the same time, if that is for ever.
    """
    if not forever:
        for _ in tidy():
            pass
        click.echo(f"{outbox.deliver_due()} sent, {outbox.waiting()} waiting")
        return
    mails = background.make(current_app._get_current_object(), tidy)  # type: ignore[attr-defined]  # noqa: SLF001 (the thread outlives the proxy)
    # Waited for and not handled: a handler could come while the worker holds the lock that waking it takes.
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    workers = [mails, *beside]
    for worker in workers:
        worker.start()
    signal.sigwait(ends)
    for worker in workers:
        worker.tell_to_stop()
    for worker in workers:
        worker.stop()


def _find(person_id: str) -> Person:
    person = accounts.find(person_id)
    if person is None:
        raise click.ClickException(f"There is nobody with the id {person_id}.")
    return person


class _Progress:
    """Says how far a run is: each second on a terminal, in one line; elsewhere every ten, in new lines.

    :param total: people at the beginning.
    """

    def __init__(self, total: int) -> None:
        self._total, self._done = total, 0
        self._began = self._said = clock.now()
        self._is_terminal = sys.stdout.isatty()

    def add(self, count: int) -> None:
        """Count so many more people, and say so if it is time to."""
        self._done += count
        now = clock.now()
        if now - self._said >= (_EVERY_ON_TERMINAL if self._is_terminal else _EVERY_IN_LOG):
            self._said = now
            # More than at the beginning if a server that has the old key goes on using it.
            left = max(0, self._total - self._done)
            self._say(f"{_people(self._done)} encrypted again{self._rate(now)}, {left:,} left", new=False)

    def end(self) -> None:
        """Say what was done, if anything was."""
        if self._done:
            self._say(f"{_people(self._done)} encrypted again{self._rate(clock.now())}", new=True)

    def _rate(self, now: datetime) -> str:
        seconds = (now - self._began).total_seconds()
        return f", {self._done / seconds:,.0f} a second" if seconds > 0 else ""

    def _say(self, line: str, *, new: bool) -> None:
        if self._is_terminal:
            click.echo(f"\r\x1b[K{line}", nl=new)
        else:
            click.echo(line)


def _people(count: int) -> str:
    return f"{count:,} {'person' if count == 1 else 'people'}"


def _ways_back(count: int) -> str:
    return f"{count:,} {'way' if count == 1 else 'ways'} back"


def _state(key: str, *, is_used: bool) -> str:
    if not ring().has(key):
        return "MISSING"
    if key == ring().current:
        return "current"
    return "old" if is_used else "unused"
