"""The start: only with the tables of this version, and one sentence otherwise."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from console import readiness
from tests.conftest import CHEAP_HASH
from tests.support.stores import Stores

ROOT = Path(__file__).resolve().parent.parent.parent
MENDS = "The database lacks the tables of this version: run flask --app app db upgrade."
FLASK = ("-m", "flask", "--app", "app")
GUNICORN = ("-m", "gunicorn", "app:app", "--bind", "127.0.0.1:0")


def run(folder: Path, command: Sequence[str], **settings: str) -> subprocess.CompletedProcess[str]:
    """Run one of our programs with the database in *folder*."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("MFA_")}
    given = {
        "MFA_MODE": "development",
        "MFA_INSTANCE_PATH": str(folder),
        "MFA_PASSWORD_HASH_COST": CHEAP_HASH,
        **settings,
    }
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**own, **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


TABLES = pytest.mark.parametrize("table", ["alembic_version", "mfa_alembic_version"])


def set_revision(engine: Engine, table: str, revision: str | None) -> None:
    """Let the database say that its tables are of *revision*, or of none yet."""
    with engine.begin() as connection:
        connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608
        if revision:
            connection.execute(text(f"INSERT INTO {table} VALUES (:revision)"), {"revision": revision})  # noqa: S608


@pytest.mark.process
@pytest.mark.parametrize(
    "command",
    [
        (*FLASK, "run", "--port", "0"),
        ("-m", "deploy.serve"),
        GUNICORN,
        (*FLASK, "mail", "deliver", "--forever"),
        (*FLASK, "keys", "list"),
        (*FLASK, "users", "import", "-"),
        (*FLASK, "users", "export"),
        (*FLASK, "users", "show", "mina@example.com", "--reason", "asked"),
        (*FLASK, "backup", "restored"),
    ],
)
def test_nothing_starts_before_the_tables_are_made(tmp_path: Path, command: Sequence[str]) -> None:
    stopped = run(tmp_path, command)
    assert stopped.returncode == 3
    assert MENDS in stopped.stderr
    assert "Traceback" not in stopped.stderr


@pytest.mark.process
@pytest.mark.parametrize("command", [("-m", "deploy.serve"), (*FLASK, "mail", "deliver", "--forever")])
def test_a_start_without_the_database_is_worth_another_try(tmp_path: Path, command: Sequence[str]) -> None:
    """The units don't start again after status 3; a database that is away at the start comes back."""
    stopped = run(
        tmp_path, command, MFA_SQLALCHEMY_DATABASE_URI="postgresql+psycopg://twostep@127.0.0.1:1/twostep"
    )
    assert "The database that MFA_SQLALCHEMY_DATABASE_URI names can't be used" in stopped.stderr
    assert stopped.stderr.count("\n") == 1
    assert stopped.returncode == 1


@pytest.mark.process
def test_the_command_that_it_names_mends_it(tmp_path: Path) -> None:
    assert run(tmp_path, (*FLASK, "db", "upgrade")).returncode == 0
    assert run(tmp_path, (*FLASK, "keys", "list")).returncode == 0


@pytest.mark.process
def test_commands_of_the_tables_run_with_old_tables(tmp_path: Path, app: Flask) -> None:
    there = {"MFA_SQLALCHEMY_DATABASE_URI": app.config["SQLALCHEMY_DATABASE_URI"]}
    for command in (("downgrade", "base"), ("current",), ("downgrade", "base")):
        done = run(tmp_path, (*FLASK, "db", *command), **there)
        assert done.returncode == 0, (command, done.stderr)


def checked(app: Flask) -> None:
    with app.app_context():
        readiness.check_schema()


def test_the_newest_tables_are_accepted(app: Flask) -> None:
    checked(app)


@TABLES
def test_tables_of_an_older_version_are_refused(app: Flask, engine: Engine, table: str) -> None:
    set_revision(engine, table, None)
    with pytest.raises(readiness.OldSchema):
        checked(app)


@TABLES
def test_tables_of_a_newer_version_are_refused_with_a_sentence_of_its_own(
    app: Flask, engine: Engine, table: str
) -> None:
    set_revision(engine, table, "9999")
    with pytest.raises(readiness.NewSchema, match="newer version"):
        checked(app)


def test_a_database_that_is_away_is_named_as_such(app: Flask, stores: Stores) -> None:
    stores.lose(app)
    with pytest.raises(readiness.Unreachable):
        checked(app)
