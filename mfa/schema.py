"""The extension's tables: which revision they have, and how they come to have the newest.

They have a version table of their own, so that the host's migrations and these know nothing of each other. A
server only asks which revision is the newest. It reads that from the files, since Alembic would take 11 MB of
each process.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, inspect, text

from mfa.database import Model

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationInfo
    from alembic.script import ScriptDirectory

FOLDER = Path(__file__).parent / "migrations"
VERSION_TABLE = "mfa_alembic_version"
_PREFIX = "mfa_"
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('mfa_alembic_version'))")
"""Several servers of a host may start, and upgrade, at the same moment."""


class OldSchema(Exception):
    """The tables are missing, or those of an older version."""


class NewSchema(Exception):
    """The tables are those of a newer version."""


class Unread(ValueError):
    """A file among the migrations that does not say where it stands."""


def is_ours(table: str | None) -> bool:
    """Return True for the name of one of the extension's tables, which a host's migrations leave alone."""
    return table is not None and table.startswith(_PREFIX)


def include_name(name: str | None, type_: str, parent_names: object) -> bool:  # noqa: ARG001 (as Alembic calls it)
    """Return False for the extension's tables: the ``include_name`` of Flask-Migrate and of Alembic.

    Without it, the next migration that autogenerate makes in the host would drop them.
    """
    return type_ != "table" or not is_ours(name)


def check(connection: Connection, folder: Path = FOLDER, version_table: str = VERSION_TABLE) -> None:
    """Refuse tables that are not of this version.

    :param folder: the migrations.
    :param version_table: where the database holds its revision.
    :raises OldSchema, NewSchema: they are not.
    """
    heads, known = revisions(folder)
    found = made(connection, version_table)
    if found - known:
        raise NewSchema
    if found != heads:
        raise OldSchema


@functools.cache
def revisions(folder: Path) -> tuple[frozenset[str], frozenset[str]]:
    """Return the newest revision of the migrations in *folder* (more, if they branch), and all of them.

    :raises Unread: one of the files is no migration.
    """
    before: dict[str, str | tuple[str, ...] | None] = {}
    for path in (folder / "versions").glob("*.py"):
        said = _said(path)
        if "revision" not in said or "down_revision" not in said:
            raise Unread(path.name)
        before[said["revision"]] = said["down_revision"]
    followed: set[str] = set()
    for one in before.values():
        followed.update((one,) if isinstance(one, str) else one or ())
    return frozenset(before.keys() - followed), frozenset(before)


def made(connection: Connection, version_table: str = VERSION_TABLE) -> set[str]:
    """Return the newest revision that the tables of a database have had; nothing where there are none."""
    if not inspect(connection).has_table(version_table):
        return set()
    return set(connection.scalars(text(f"SELECT version_num FROM {version_table}")))  # noqa: S608 (ours)


def upgrade(
    connection: Connection,
    tell: Callable[[MigrationInfo], object] | None = None,
    *,
    revision: str = "heads",
) -> None:
    """Bring the extension's tables to a revision, as part of the caller's transaction.

    :param tell: called with each step.
    :param revision: the newest unless another is named.
    """
    _migrate(connection, lambda script, made: script._upgrade_revs(revision, made), tell)  # noqa: SLF001 (as alembic.command)


def downgrade(
    connection: Connection,
    tell: Callable[[MigrationInfo], object] | None = None,
    *,
    revision: str = "base",
) -> None:
    """Take the extension's tables back to an older revision, as part of the caller's transaction.

    :param tell: called with each step.
    :param revision: unless one is named, the tables are dropped with everything in them.
    """
    _migrate(connection, lambda script, made: script._downgrade_revs(revision, made), tell)  # noqa: SLF001 (as above)


def _migrate(
    connection: Connection,
    steps: Callable[[ScriptDirectory, Any], Any],
    tell: Callable[[MigrationInfo], object] | None,
) -> None:
    from alembic.config import Config  # noqa: PLC0415 (see the module's text)
    from alembic.operations import Operations  # noqa: PLC0415 (likewise)
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 (likewise)
    from alembic.script import ScriptDirectory  # noqa: PLC0415 (likewise)

    if connection.dialect.name == "postgresql":
        connection.execute(_ONE_AT_A_TIME)
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    script = ScriptDirectory.from_config(config)

    def note(*, step: MigrationInfo, **_: Any) -> None:
        if tell:
            tell(step)

    context = MigrationContext.configure(
        connection,
        opts={
            "version_table": VERSION_TABLE,
            "target_metadata": Model.metadata,
            "script": script,
            "fn": lambda made, _context: steps(script, made),
            "on_version_apply": (note,),
        },
    )
    with Operations.context(context):
        context.run_migrations()


def _said(path: Path) -> dict[str, Any]:
    """The names of a file's top level that are given a plain value."""
    said = {}
    for line in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(line, ast.Assign):
            names, value = line.targets, line.value
        elif isinstance(line, ast.AnnAssign) and line.value:
            names, value = [line.target], line.value
        else:
            continue
        if isinstance(value, ast.Constant | ast.Tuple):
            said.update({name.id: ast.literal_eval(value) for name in names if isinstance(name, ast.Name)})
    return said
