"""An instance folder may have any name that a folder can have."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = [pytest.mark.process, pytest.mark.sqlite]
ROOT = Path(__file__).resolve().parent.parent.parent
NAMES = ["what?", "a%20b", "#", "a b", "ä 가", "50%", "x?mode=memory", "file:x", "a&b=c", "plus+", "quote's"]


def command(folder: Path, *args: str) -> str:
    """Run ``flask --app app`` with that instance folder and return what it prints."""
    settings = {"MFA_MODE": "development", "MFA_INSTANCE_PATH": str(folder), "MFA_EVENT_LOG": "events.log"}
    own = {name: value for name, value in os.environ.items() if not name.startswith("MFA_")}
    ran = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *args],
        cwd=ROOT,
        env={**own, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize("name", NAMES)
def test_the_database_lies_in_the_folder_whatever_its_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    command(folder, "db", "upgrade")
    assert "sessions ended" in command(folder, "backup", "restored")
    assert {path.name for path in tmp_path.iterdir()} == {name}
    assert not list(tmp_path.rglob("instance"))
    with closing(sqlite3.connect(folder / "twostep.db")) as kept:
        assert kept.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
