"""The tables are made all or not at all, by one at a time, and by adding to what an older version needs."""

from __future__ import annotations

import ast
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from sqlalchemy import create_engine, inspect

from console import create_app
from console.extensions import db
from tests.conftest import SETTINGS
from tests.support.crowd import at_once
from tests.support.postgresql import address
from tests.support.stores import Servers

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (ROOT / "migrations", ROOT / "mfa/migrations")
VERSIONS = [path for folder in FOLDERS for path in sorted((folder / "versions").glob("*.py"))]
TAKES_AWAY: dict[str, set[str]] = {
    # To an older server a bigint is read and written like an integer.
    "0002_wide_ids": {"alter_column"},
    # What an older server asks by the index of due_at is found by the one of due_at and id.
    "0003_indexes_by_time": {"drop_index"},
    # No release was made before it: nobody runs an older server, and CHANGELOG.md says to stop them.
    "0004_several_authenticators": {"rename_table", "drop_column"},
    # Likewise.
    "0007_mails_of_challenges": {"drop_index", "drop_column"},
    # Each is made again at once, with one column more.
    "0014_covering_indexes": {"drop_index"},
}
"""By its name, what a migration takes away or changes, and why no older server needs that."""
TAKING_AWAY = {"drop_table", "drop_column", "drop_index", "drop_constraint", "alter_column", "rename_table"}


# All or nothing


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """The settings of an installation without tables."""
    settings = {**SETTINGS, "INSTANCE_PATH": str(tmp_path), "MAIL_WORKER": "none", "EVENT_LOG": "none"}
    if request.param == "postgresql":
        servers: Servers = request.getfixturevalue("servers")
        settings["SQLALCHEMY_DATABASE_URI"] = address(servers.postgresql.create())
    return settings


def tables(settings: dict[str, Any]) -> set[str]:
    file = f"sqlite:///{settings['INSTANCE_PATH']}/twostep.db"
    engine = create_engine(settings.get("SQLALCHEMY_DATABASE_URI", file))
    found = set(inspect(engine).get_table_names())
    engine.dispose()
    return found


def upgrade(settings: dict[str, Any]) -> None:
    app = create_app(settings)
    with app.app_context():
        flask_migrate.upgrade()
        db.engine.dispose()


def test_the_command_says_what_it_did(empty: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    numbers = [path.name.partition("_")[0] for path in VERSIONS]
    upgrade(empty)
    assert re.findall(r"^Upgraded to (\S+): \S", capsys.readouterr().out, re.MULTILINE) == numbers
    upgrade(empty)
    newest = max((ROOT / "migrations/versions").glob("*.py")).name.partition("_")[0]
    assert capsys.readouterr().out == f"Nothing to do: the database is at revision {newest}.\n"


@pytest.mark.process
@pytest.mark.parametrize("step", [1, 9, 20])
def test_killed_anywhere_it_leaves_what_was_there_and_is_done_again(empty: dict[str, Any], step: int) -> None:
    killed = subprocess.run(
        [sys.executable, "-m", "tests.migrations.dying"],
        cwd=ROOT,
        env={**os.environ, "SETTINGS": json.dumps(empty), "DIE_BEFORE": str(step)},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert tables(empty) == set()
    upgrade(empty)
    assert "accounts" in tables(empty)


@pytest.mark.process
def test_on_several_servers_at_once_one_makes_them_and_the_others_find_them_made(
    empty: dict[str, Any],
) -> None:
    command = [sys.executable, "-m", "flask", "--app", "app", "db", "upgrade"]
    own = {name: value for name, value in os.environ.items() if not name.startswith("MFA_")}
    given = {f"MFA_{name}": str(value) for name, value in empty.items()}

    def on_a_server(_: int) -> int:
        return subprocess.run(command, cwd=ROOT, env={**own, **given}, check=False).returncode

    assert at_once(on_a_server, 3) == [0, 0, 0]


# By adding


def called(file: Path) -> Iterator[tuple[str, ast.Call]]:
    """What the way up does, by the names of Alembic's operations."""
    for function in ast.parse(file.read_text()).body:
        if isinstance(function, ast.FunctionDef) and function.name != "downgrade":
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    yield node.func.attr, node


@pytest.mark.parametrize("file", VERSIONS, ids=lambda file: file.stem)
def test_nothing_is_taken_away_that_the_version_before_needs(file: Path) -> None:
    taken = {name for name, _ in called(file)} & TAKING_AWAY
    assert taken == TAKES_AWAY.get(file.stem, set())


@pytest.mark.parametrize("file", VERSIONS, ids=lambda file: file.stem)
def test_the_version_before_can_write_rows_without_the_new_columns(file: Path) -> None:
    for name, call in called(file):
        if name == "add_column":
            column = call.args[1]
            assert isinstance(column, ast.Call)
            given = {word.arg: ast.unparse(word.value) for word in column.keywords}
            assert given.get("nullable") == "True" or "server_default" in given, ast.unparse(call)
