"""Files of accounts: CSV in UTF-8 with a header row, closed to everybody but their owner."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, TextIO

from console.bulk.rows import COLUMNS, UNREAD_COLUMNS
from console.spreadsheets import guarded, unguarded
from mfa.errors import Refusal

KNOWN = (*COLUMNS, *UNREAD_COLUMNS)
_SHOWABLE = re.compile("[A-Za-z_][A-Za-z0-9_ -]{0,30}")


class UnusableFile(Refusal):
    """A file that can't be read on, or may not be written; its text is a sentence for the operator."""


@dataclass(frozen=True)
class Record:
    """A row as it stands in the file.

    :param line: where it begins, the header being line 1.
    :param cells: by column.
    :param broken: why it is no row of this file, else None.
    """

    line: int
    cells: Mapping[str, str]
    broken: str | None = None


def read(file: BinaryIO) -> Iterator[Record]:
    """The rows of a file, one at a time; blank lines are passed over.

    :raises UnusableFile: at once if the header is not one; later, if the file stops being CSV.
    """
    # Bytes that are not UTF-8 are kept, so that their row can be refused, and written down as it was.
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    rows = _numbered(text)
    _, names = next(rows, (1, []))
    return _records(_header(names), rows, text)


def _records(
    header: Sequence[str], rows: Iterator[tuple[int, list[str]]], text: io.TextIOWrapper
) -> Iterator[Record]:
    yield from (_record(header, line, values) for line, values in rows if values)
    text.detach()  # it would close the file, whose position is still asked for


def _numbered(text: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line on which it begins."""
    lines = csv.reader(text, strict=True)
    while True:
        begins = lines.line_num + 1
        try:
            yield begins, next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnusableFile(
                f"From line {begins} on it is not CSV. Is a quotation mark not closed, or a value longer than"
                f" {csv.field_size_limit():,} characters?"
            ) from error


def _header(names: Sequence[str]) -> tuple[str, ...]:
    header = tuple(name.strip().lower() for name in names)
    unknown = [
        # Without a header row these are somebody's data.
        f"“{name}”" if _SHOWABLE.fullmatch(name) else f"number {number}"
        for number, name in enumerate(header, 1)
        if name not in KNOWN
    ]
    known = f"Known are: {', '.join(KNOWN)}."
    if not header:
        raise UnusableFile("It is empty.")
    if unknown:
        raise UnusableFile(
            f"The first line is to name the columns, with commas between; not known: {', '.join(unknown)}."
            f" {known}"
        )
    if len(set(header)) < len(header):
        raise UnusableFile("The first line names a column twice.")
    if "email" not in header:
        raise UnusableFile(f"The column email is missing. {known}")
    return header


def _record(header: Sequence[str], line: int, values: Sequence[str]) -> Record:
    broken = None
    if len(values) != len(header):
        broken = f"{len(values)} values in {len(header)} columns"
    elif any("\udc80" <= character <= "\udcff" for value in values for character in value):
        broken = "not UTF-8"
    return Record(line, dict(zip(header, map(unguarded, values), strict=False)), broken)


class Writer:
    """Writes rows; what was written is in the file when :meth:`write` returns.

    :param columns: the columns, in the order of the file.
    """

    def __init__(self, file: TextIO, columns: Sequence[str]) -> None:
        self._file, self._columns = file, columns

    def write_header(self) -> None:
        self.write([dict(zip(self._columns, self._columns, strict=True))])

    def write(self, rows: Iterable[Mapping[str, str]]) -> None:
        # All rows in one piece, so that a kill leaves whole ones.
        piece = io.StringIO(newline="")
        csv.DictWriter(piece, self._columns, restval="", extrasaction="ignore").writerows(
            {column: guarded(cell) for column, cell in row.items()} for row in rows
        )
        self._file.write(piece.getvalue())
        self._file.flush()

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def create(path: Path, columns: Sequence[str]) -> Writer:
    """A new file that only its owner can read, with its header.

    :raises UnusableFile: there is something of that name, or it can't be made.
    """
    writer = Writer(_open(path, os.O_EXCL | os.O_CREAT), columns)
    writer.write_header()
    return writer


def append(path: Path, columns: Sequence[str]) -> Writer:
    """The file of an export that was broken off, to be gone on with.

    :raises UnusableFile: it is none with these columns, or ends in the middle of a row.
    """
    try:
        with path.open("rb") as file:
            header = file.readline().rstrip(b"\r\n").decode(errors="replace")
            file.seek(-1, os.SEEK_END)
            whole = file.read() == b"\n"
    except OSError as error:
        raise UnusableFile(f"{path}: it can't be gone on with: {error.strerror}.") from error
    if header != ",".join(columns):
        raise UnusableFile(f"{path}: it can't be gone on with: it has other columns.")
    if not whole:
        raise UnusableFile(
            f"{path}: it can't be gone on with: its last line is not whole. Take that line out."
        )
    return Writer(_open(path, os.O_APPEND), columns)


def _open(path: Path, flags: int) -> TextIO:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | flags, 0o600)
        os.fchmod(handle, 0o600)
    except FileExistsError as error:
        raise UnusableFile(f"{path}: there is a file of that name already.") from error
    except OSError as error:
        raise UnusableFile(f"{path}: it can't be written: {error.strerror}.") from error
    return os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape", newline="")
