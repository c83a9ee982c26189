"""``flask --app app users list`` and ``find``: which accounts there are."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import datetime

import click
from flask.cli import with_appcontext

from console.commands import counted, operator
from console.operator import search
from console.operator.search import Filter, Found
from mfa import clock
from mfa.activity import log
from mfa.here import Here

NOTHING_FOUND = 1


def _filters(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option(
            "--locked/--not-locked", default=None, help="Only accounts that are, or are not, locked."
        ),
        click.option(
            "--two-step/--no-two-step",
            default=None,
            help="Only accounts with, or without, 2-step verification.",
        ),
        click.option(
            "--deletion/--no-deletion",
            default=None,
            help="Only accounts that are, or are not, to be deleted as their owner wants.",
        ),
        click.option("--json", "as_json", is_flag=True, help="A JSON object a line, for programs."),
    ):
        command = option(command)
    return command


@click.command("list")
@_filters
@with_appcontext
def list_(*, as_json: bool, **states: bool | None) -> None:
    """List accounts in the order of their ids: dates, address and name."""
    _log("accounts_listed")
    _show(Filter(None, **states), as_json=as_json)


@click.command()
@click.argument("text")
@_filters
@with_appcontext
def find(text: str, *, as_json: bool, **states: bool | None) -> None:
    """Find accounts by a part of the address or the name; exit status 1 if there is none."""
    _log("accounts_searched")
    if not _show(Filter(text, **states), as_json=as_json):
        raise click.exceptions.Exit(NOTHING_FOUND)


def _show(wanted: Filter, *, as_json: bool) -> int:
    """Print the accounts one by one, and return their number."""
    count = 0
    for found in search.accounts(wanted):
        if not as_json and not count:
            click.echo(_row("id", "created", "locked", "two-step", "deletion", "email, name"))
        click.echo(_as_json(found) if as_json else _as_text(found))
        count += 1
    if not as_json:
        click.echo(counted(count, "account"), err=True)
    return count


def _as_json(found: Found) -> str:
    return json.dumps(dataclasses.asdict(found), default=datetime.isoformat, ensure_ascii=False)


def _as_text(found: Found) -> str:
    moments = (found.created_at, found.locked_at, found.two_step_since, found.delete_at)
    return _row(str(found.id), *map(_day, moments), f"{found.email}  {found.name}")


def _row(*cells: str) -> str:
    number, *days, last = cells
    return f"{number:>9}  " + "".join(f"{day:12}" for day in days) + last


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else "-"


def _log(event: str) -> None:
    log.write(event, Here(clock.now()), outcome="done", account=None, operator=operator())
