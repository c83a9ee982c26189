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

from console import migrations

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = str(ROOT / "migrations")
BRANCHED = {
    "a": 'revision = "a"\ndown_revision = None',
    "b": 'revision: str = "b"\ndown_revision: str | None = "a"',
    "c": 'revision = "c"\ndown_revision = "a"',
    "d": 'revision = "d"\ndown_revision = ("b", "c")',
}


def write(folder: Path, files: dict[str, str]) -> str:
    (folder / "versions").mkdir()
    for name, said in files.items():
        (folder / "versions" / f"{name}.py").write_text(said)
    return str(folder)


def test_ours_are_those_that_alembic_finds() -> None:
    script = ScriptDirectory(OURS)
    heads, known = migrations.revisions(OURS)
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


def test_a_database_says_what_alembic_reads_in_it(engine: Engine) -> None:
    with engine.connect() as connection:
        alembics = set(MigrationContext.configure(connection).get_current_heads())
        assert migrations.made(connection) == alembics != set()


def test_a_database_without_tables_has_had_none(engine: Engine) -> None:
    with engine.connect() as connection, connection.begin() as gone:
        connection.execute(text("DROP TABLE alembic_version"))
        assert migrations.made(connection) == set()
        gone.rollback()


def test_commands_find_what_flask_migrate_needs(app: Flask) -> None:
    assert app.extensions["migrate"].migrate.directory == OURS


@pytest.mark.process
@pytest.mark.parametrize("module", ["alembic", "flask_migrate", "redis"])
def test_a_server_does_not_load(module: str) -> None:
    program = f"import sys, console; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
