"""``flask --app app users import`` and ``export``: many accounts at once, from and to a CSV file."""

from __future__ import annotations

import io
import os
import signal
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import click
from flask.cli import with_appcontext

from console.bulk import files, rules
from console.bulk.files import UnusableFile, Writer
from console.bulk.rows import COLUMNS, SECRET_COLUMNS
from console.commands import counted, operator
from console.organization import audit
from mfa import clock
from mfa.activity import log
from mfa.columns import LARGEST_ID
from mfa.database import transaction
from mfa.here import Here

REFUSED, UNUSABLE, STOPPED = 1, 2, 128 + signal.SIGINT
_FILE = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
_NEW_FILE = click.Path(path_type=Path, dir_okay=False)
_STANDARD = Path("-")
_BATCH = click.option(
    "--batch", type=click.IntRange(1, 1000), default=500, show_default=True, help="Accounts per transaction."
)


@dataclass
class _Count:
    made: int = 0
    there: int = 0
    refused: int = 0

    def add(self, batch: rules.Batch) -> None:
        self.made += batch.made
        self.there += len(batch.there)
        self.refused += len(batch.refused)


@click.command("import")
@click.argument("file", type=_FILE)
@click.option("--dry-run", is_flag=True, help="Check every row and write nothing to the database.")
@click.option(
    "--rejects",
    type=_NEW_FILE,
    help="Write refused rows and their reasons to this new file, to correct and import.",
)
@click.option("--verbose", is_flag=True, help="Also list the lines whose address has an account already.")
@_BATCH
@with_appcontext
def import_(file: Path, dry_run: bool, rejects: Path | None, verbose: bool, batch: int) -> None:
    """Create an account from each row of a CSV file (- reads standard input).

    An address that has an account is never changed: after an interruption, import the file again. Nobody
    gets a mail. Exit status: 0 if every row was imported or already there, 1 if some were refused (each with
    its line and reason on standard error), 2 if the file can't be used, 130 if stopped by Ctrl-C.
    """
    count = _Count()
    with (
        _sentences(lambda: _summary(count, dry_run=dry_run), lambda: "Import the file again to continue."),
        _source(file) as source,
        _rejects(rejects, count) as refused,
        _logged(count, dry_run=dry_run),
        _bar(_size(source)) as move,
    ):
        for done in rules.take_over(files.read(source), clock=clock.now, size=batch, dry_run=dry_run):
            count.add(done)
            _tell(done, verbose=verbose)
            if refused:
                refused.write({**record.cells, "reason": reason} for record, reason in done.refused)
            if move:
                move(source.tell())
    click.echo(_summary(count, dry_run=dry_run))
    if count.refused:
        raise click.exceptions.Exit(REFUSED)


@click.command()
@click.argument("file", type=_FILE, default=_STANDARD)
@click.option(
    "--after",
    type=click.IntRange(0, LARGEST_ID),
    default=0,
    metavar="ID",
    help="Continue after the account with this id, the last one of an interrupted export.",
)
@click.option(
    "--with-secrets", is_flag=True, help="Include password hashes and the secrets of authenticator apps."
)
@click.option("--yes", is_flag=True, help="Write secrets without asking.")
@_BATCH
@with_appcontext
def export(file: Path, after: int, with_secrets: bool, yes: bool, batch: int) -> None:
    """Write every account as a row of a CSV file that only you can read; without FILE, to standard output."""
    if with_secrets and not yes:
        click.confirm(
            "Anybody who gets this file has everybody's authenticator app and can guess passwords without"
            " limit. Write it?",
            abort=True,
            err=True,
        )
    columns = ("id", *(column for column in COLUMNS if with_secrets or column not in SECRET_COLUMNS))
    written, last = 0, after
    with (
        _sentences(lambda: _written(written), lambda: f"Continue with --after {last}."),
        _target(file, columns, after) as target,
        _bar(rules.count(after)) as move,
    ):
        _log("export_began", after=after, with_secrets=with_secrets)
        _write_down_export(with_secrets=with_secrets)
        for page in rules.give_away(after=after, size=batch, with_secrets=with_secrets):
            target.write(page)
            written, last = written + len(page), int(page[-1]["id"])
            if move:
                move(written)
    click.echo(f"{_written(written)}; the id of the last is {last}.", err=True)


# Messages


def _tell(batch: rules.Batch, *, verbose: bool) -> None:
    said = [(record.line, reason) for record, reason in batch.refused]
    said += [(line, f"warning: {text}") for line, text in batch.warnings]
    if verbose:
        said += [(record.line, "email: has an account already") for record in batch.there]
    # On a terminal the bar stands where the line is to go.
    clear = "\r\x1b[K" if sys.stderr.isatty() else ""
    for line, text in sorted(said):
        click.echo(f"{clear}line {line}: {text}", err=True)


def _written(number: int) -> str:
    return f"{counted(number, 'account')} written"


def _summary(count: _Count, *, dry_run: bool) -> str:
    made = "would be imported" if dry_run else "imported"
    return f"{count.made} {made}, {count.there} already there, {count.refused} refused"


@contextmanager
def _sentences(summary: Callable[[], str], how_to_go_on: Callable[[], str]) -> Iterator[None]:
    """Say what is done and what is not where something ends too early, and leave with the status for it."""
    try:
        yield
    except UnusableFile as error:
        click.echo(f"{summary()}\nError: {error}", err=True)
        raise click.exceptions.Exit(UNUSABLE) from None
    except KeyboardInterrupt:
        click.echo(f"\nStopped: {summary()}. {how_to_go_on()}", err=True)
        raise click.exceptions.Exit(STOPPED) from None


@contextmanager
def _bar(length: int) -> Iterator[Callable[[int], None] | None]:
    """A function that moves a progress bar to a position; None where nobody sees it."""
    if not length or not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=length, file=sys.stderr) as bar:
        yield lambda position: bar.update(position - bar.pos)


@contextmanager
def _logged(count: _Count, *, dry_run: bool) -> Iterator[None]:
    if dry_run:
        yield
        return
    _log("import_began")
    try:
        yield
    finally:
        _log("import_ended", made=count.made, there=count.there, not_taken=count.refused)


def _log(event: str, **more: Any) -> None:
    log.write(event, Here(clock.now()), outcome="done", account=None, operator=operator(), **more)


def _write_down_export(*, with_secrets: bool) -> None:
    detail = {"secrets": "with" if with_secrets else "without"}
    with transaction():
        audit.write_down(
            audit.Event.ACCOUNTS_EXPORTED, actor=None, subject=None, detail=detail, now=clock.now()
        )


# The files


def _source(file: Path) -> AbstractContextManager[BinaryIO]:
    if file == _STANDARD:
        return nullcontext(sys.stdin.buffer)
    try:
        return file.open("rb")
    except OSError as error:
        raise UnusableFile(f"{file}: it can't be read: {error.strerror}.") from error


def _size(source: BinaryIO) -> int:
    """Bytes; 0 for what is no file on a disk."""
    try:
        found = os.fstat(source.fileno())
    except OSError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


@contextmanager
def _rejects(path: Path | None, count: _Count) -> Iterator[Writer | None]:
    """Made before the first row is taken, so that it can be written; taken away if nothing was."""
    if path is None:
        yield None
        return
    with files.create(path, (*COLUMNS, "reason")) as writer:
        try:
            yield writer
        finally:
            if not count.refused:
                path.unlink()


def _target(file: Path, columns: tuple[str, ...], after: int) -> AbstractContextManager[Writer]:
    if file == _STANDARD:
        return _standard_output(columns, after)
    return files.append(file, columns) if after and file.exists() else files.create(file, columns)


@contextmanager
def _standard_output(columns: tuple[str, ...], after: int) -> Iterator[Writer]:
    text = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="")
    writer = Writer(text, columns)
    if not after:
        writer.write_header()
    yield writer
    text.detach()
