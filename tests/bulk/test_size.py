"""However long the file: what is kept in memory is a batch."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tests.bulk.conftest import KEY, Files

ROWS, BATCH = 2_000, 100
MOST_BYTES = 4 * 2**20
"""Of a batch, and of what is made once in a process; all rows would take 8 MB."""


@pytest.fixture
def long_file(files: Files) -> Path:
    path = files.folder / "long.csv"
    with path.open("w") as file:
        file.write("email,name,totp\n")
        file.writelines(f"person{number}@example.com,Person {number},{KEY}\n" for number in range(ROWS))
    return path


def peak(files: Files, *arguments: str) -> int:
    """The most bytes that a command keeps at a time."""
    tracemalloc.start()
    try:
        assert files.run(*arguments, "--batch", str(BATCH)).exit_code == 0
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_rows_go_in_and_out_by_the_batch(files: Files, long_file: Path, engine: Engine) -> None:
    assert peak(files, "import", str(long_file)) < MOST_BYTES
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM mfa_authenticators")).scalar() == ROWS
    out = files.folder / "out.csv"
    assert peak(files, "export", str(out), "--with-secrets", "--yes") < MOST_BYTES
    assert len(out.read_text().splitlines()) == ROWS + 1
