"""An instance folder may have any name that a folder can have."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from console import create_app
from tests.support.database import hang_up

pytestmark = pytest.mark.sqlite
ROOT = Path(__file__).resolve().parent.parent.parent
NAMES = ["what?", "a%20b", "#", "a b", "ä 가", "50%", "x?mode=memory", "file:x", "a&b=c", "plus+", "quote's"]


def in_process(*args: str) -> str:
    ran = create_app().test_cli_runner().invoke(args=args)
    assert ran.exit_code == 0, ran.output
    return ran.stdout


def on_command_line(*args: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *args],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The instance folder that the environment names."""
    for name in [name for name in os.environ if name.startswith("MFA_")]:
        monkeypatch.delenv(name)
    found = tmp_path / request.param
    settings = {"MODE": "development", "INSTANCE_PATH": str(found), "EVENT_LOG": "events.log"}
    for name, value in settings.items():
        monkeypatch.setenv(f"MFA_{name}", value)
    yield found
    hang_up()


def the_database_lies_in(folder: Path, command: Callable[..., str]) -> None:
    command("db", "upgrade")
    assert " ended" in command("backup", "restored")
    assert {path.name for path in folder.parent.iterdir()} == {folder.name}
    assert not list(folder.parent.rglob("instance"))
    with closing(sqlite3.connect(folder / "twostep.db")) as kept:
        assert kept.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


@pytest.mark.parametrize("folder", NAMES, indirect=True)
def test_the_database_lies_in_the_folder_whatever_its_name(folder: Path) -> None:
    the_database_lies_in(folder, in_process)


@pytest.mark.process
@pytest.mark.parametrize("folder", ["a%20b & what?mode=memory #+'"], indirect=True)
def test_commands_find_the_folder_whatever_its_name(folder: Path) -> None:
    the_database_lies_in(folder, on_command_line)
