"""The migrations as a server knows them, without Alembic: as Alembic itself does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import Engine, text

from mfa import schema as migrations

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = [ROOT / "migrations", ROOT / "mfa" / "migrations"]
TABLES = ["alembic_version", "mfa_alembic_version"]
BRANCHED = {
    "a": 'revision = "a"\ndown_revision = None',
    "b": 'revision: str = "b"\ndown_revision: str | None = "a"',
    "c": 'revision = "c"\ndown_revision = "a"',
    "d": 'revision = "d"\ndown_revision = ("b", "c")',
}


def write(folder: Path, files: dict[str, str]) -> Path:
    (folder / "versions").mkdir()
    for name, said in files.items():
        (folder / "versions" / f"{name}.py").write_text(said)
    return folder


@pytest.mark.parametrize("folder", OURS)
def test_ours_are_those_that_alembic_finds(folder: Path) -> None:
    script = ScriptDirectory(str(folder))
    heads, known = migrations.revisions(folder)
    assert heads == set(script.get_heads())
    assert known == {revision.revision for revision in script.walk_revisions()}


def test_branches_are_seen_and_their_meeting(tmp_path: Path) -> None:
    whole = write(tmp_path, BRANCHED)
    assert migrations.revisions(whole) == ({"d"}, set("abcd"))


def test_two_heads_are_two(tmp_path: Path) -> None:
    branched = write(tmp_path, {name: BRANCHED[name] for name in "abc"})
    assert migrations.revisions(branched)[0] == {"b", "c"}


def test_a_file_that_is_no_migration_is_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(migrations.Unread, match=r"e\.py"):
        migrations.revisions(write(tmp_path, {"e": 'revision = name()\ndown_revision = "a"'}))


@pytest.mark.parametrize("table", TABLES)
def test_a_database_says_what_alembic_reads_in_it(engine: Engine, table: str) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": table})
        assert migrations.made(connection, table) == set(context.get_current_heads()) != set()


@pytest.mark.parametrize("table", TABLES)
def test_a_database_without_tables_has_had_none(engine: Engine, table: str) -> None:
    with engine.connect() as connection, connection.begin() as gone:
        connection.execute(text(f"DROP TABLE {table}"))
        assert migrations.made(connection, table) == set()
        gone.rollback()


def test_commands_find_what_flask_migrate_needs(app: Flask) -> None:
    assert app.extensions["migrate"].migrate.directory == str(OURS[0])


@pytest.mark.process
@pytest.mark.parametrize("module", ["alembic", "flask_migrate", "redis"])
def test_a_server_does_not_load(module: str) -> None:
    program = f"import sys, console; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
