"""Revisions with rows in the tables: numbers of 64 bits, and indexes by time."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import Engine, MetaData, func, inspect, select, text

from mfa import schema
from mfa.database import Model
from tests.support.database import dump
from tests.support.person import Person, entered

BEYOND = 2**31 + 7
UNNUMBERED = {"organization", "organization_settings", "audit_events", "audit_head", "audit_keys"}
"""Tables whose ids the application gives: they have no sequence."""
LATER = {
    "mfa_held_forms",
    "mfa_remembered_browsers",
    "mfa_recoveries",
    "webhook_events",
    "invitations",
    "help_requests",
} | UNNUMBERED
"""Tables that later revisions made."""
LATER_COLUMNS = {
    f"accounts.{column}"
    for column in (
        "role",
        "last_signed_in_at",
        "two_step_on",
        "removed_at",
        "search_key",
        "delete_at",
        "delete_reminded_at",
        "reminded_at",
    )
} | {"mfa_people.must_enroll_at"}
"""Likewise; they come back with their defaults, or are made of the others."""
WAITING = {"mfa_outbox", "alembic_version", schema.VERSION_TABLE} | LATER | LATER_COLUMNS
"""Mails that wait may leave meanwhile; the versions are what changes."""
SPLIT = {"mfa_second_steps", "mfa_authenticators", "mfa_challenges"}
"""Before revision 0004 the first two are one table; before 0007 the last has other columns."""


def found(engine: Engine) -> MetaData:
    tables = MetaData()
    tables.reflect(engine)
    return tables


def numbered(engine: Engine) -> list[str]:
    """The tables whose rows the database numbers."""
    return [
        name
        for name, table in found(engine).tables.items()
        if "id" in table.c
        and table.c.id.primary_key
        and table.c.id.type.python_type is int
        and name not in UNNUMBERED
    ]


def count_from(engine: Engine, number: int) -> None:
    """Give the next row of each table a number behind *number*."""
    own = {
        "postgresql": ["SELECT setval(CAST(:name || '_id_seq' AS regclass), :number)"],
        "sqlite": [
            "DELETE FROM sqlite_sequence WHERE name = :name AND :number > 0",
            "INSERT INTO sqlite_sequence VALUES (:name, :number)",
        ],
    }
    with engine.begin() as connection:
        for table in numbered(engine):
            for statement in own[engine.dialect.name]:
                connection.execute(text(statement), {"name": table, "number": number})


def test_rows_stay_as_they_are(app: Flask, engine: Engine, protected: Person) -> None:
    before = dump(engine, without=WAITING | SPLIT)
    with app.app_context():
        flask_migrate.downgrade(revision="0001")
    with engine.begin() as connection:
        schema.downgrade(connection, revision="0001")
    assert kinds(engine) == ({"BIGINT", "INTEGER"} if engine.dialect.name == "postgresql" else {"INTEGER"})
    assert dump(engine, without=WAITING | SPLIT) == before
    with app.app_context():
        flask_migrate.upgrade()
    assert kinds(engine) == ({"BIGINT"} if engine.dialect.name == "postgresql" else {"INTEGER"})
    assert dump(engine, without=WAITING | SPLIT) == before
    protected.sign_out()
    protected.sign_in()
    assert entered(protected.verify(protected.next_code()))


def test_indexes_that_an_operator_made_before_are_kept(app: Flask, engine: Engine, protected: Person) -> None:
    """By the statements of the guide, which leave nobody waiting on PostgreSQL."""
    guide = (Path(__file__).resolve().parents[2] / "docs/operations/updates.md").read_text()
    [block] = re.findall(r"```sql\n(.*?)```", guide, re.DOTALL)
    with app.app_context():
        flask_migrate.downgrade(revision="0002")
    with engine.begin() as connection:
        schema.downgrade(connection, revision="0002")
    before = dump(engine, without=WAITING | SPLIT)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in block.split(";"):
            if engine.dialect.name == "sqlite":
                statement = statement.replace("CONCURRENTLY", "")  # noqa: PLW2901
            if statement.strip():
                connection.exec_driver_sql(statement)
    made = indexes(engine)
    with app.app_context():
        flask_migrate.upgrade()
    assert made - indexes(engine) == {"ix_mfa_outbox_due_at", "ix_mfa_outbox_reference"}
    later = indexes(engine) - made - {"ix_mfa_challenges_tell_at"}
    others = ("mfa_authenticators", "ix_accounts_", "ix_invitations_")
    assert all(any(other in str(name) for other in others) for name in later)
    own = ("mfa_authenticators", "ix_accounts_", "ix_help_requests_")
    assert all(any(part in str(name) for part in own) for name in later), later
    assert dump(engine, without=WAITING | SPLIT) == before
    with engine.connect() as connection:
        assert (
            compare_metadata(
                MigrationContext.configure(connection, opts={"include_name": is_ours}), Model.metadata
            )
            == []
        )


def test_an_app_is_kept_apart_from_what_there_is_once(
    engine: Engine, protected: Person, make_person: Callable[..., Person]
) -> None:
    other = make_person(email="other@example.com").sign_up("other@example.com").activate()
    before = dump(engine, without={*WAITING, "mfa_authenticators.id"})
    with engine.begin() as connection:
        schema.downgrade(connection, revision="0003")
        assert connection.scalar(text("SELECT count(*) FROM mfa_authenticators WHERE used_step > 0")) == 2
        assert "mfa_second_steps" not in inspect(connection).get_table_names()
        schema.upgrade(connection)
    assert dump(engine, without={*WAITING, "mfa_authenticators.id"}) == before
    for person in (protected, other):
        person.sign_out()
        person.sign_in(person.email)
        assert entered(person.verify(person.next_code()))
    other.sign_out()
    other.sign_in(other.email)
    assert entered(other.verify_recovery_code(other.recovery_codes[0]))


@pytest.mark.parametrize("change", ["INSERT", "UPDATE"])
def test_it_is_not_undone_for_who_has_two_apps_or_none(
    engine: Engine, protected: Person, change: str
) -> None:
    two = (
        "INSERT INTO mfa_authenticators (person_id, kind, name, added_at, sealed_secret, used_step)"
        " SELECT person_id, kind, name, added_at, sealed_secret, used_step FROM mfa_authenticators"
    )
    with engine.begin() as connection:
        connection.execute(
            text(two if change == "INSERT" else "UPDATE mfa_authenticators SET kind = 'passkey'")
        )
        schema.downgrade(connection, revision="0004")
    before = dump(engine, without=WAITING)
    with pytest.raises(RuntimeError, match="1 people have"), engine.begin() as connection:
        schema.downgrade(connection, revision="0003")
    assert dump(engine, without=WAITING) == before


def test_a_sign_in_that_waits_is_told_by_its_row_from_then_on(
    engine: Engine, protected: Person, make_person: Callable[..., Person]
) -> None:
    make_person().sign_in()
    with engine.begin() as connection:
        schema.downgrade(connection, revision="0006")
        connection.execute(
            text(
                "INSERT INTO mfa_outbox (message, recipient, details, created_at, due_at, tries, reference)"
                " SELECT 'sign_in_unfinished', 'x@example.com', '{}', expires_at, expires_at, 0,"
                " 'challenge:' || id FROM mfa_challenges"
            )
        )
        schema.upgrade(connection)
        told = "SELECT count(*) FROM mfa_challenges WHERE tell_at = expires_at"
        assert connection.scalar(text(told)) == 1
        mails = "SELECT count(*) FROM mfa_outbox WHERE message = 'sign_in_unfinished'"
        assert connection.scalar(text(mails)) == 0


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or (name != schema.VERSION_TABLE and schema.is_ours(name))


def indexes(engine: Engine) -> set[str | None]:
    """The indexes of all tables but the later ones, by name."""
    tables = found(engine).tables.keys() - LATER
    return {index["name"] for table in tables for index in inspect(engine).get_indexes(table)}


def kinds(engine: Engine) -> set[str]:
    """The types of all numbers of rows, here and where other tables name them."""
    look = inspect(engine)
    # SQLite's has 64 bits by whichever name.
    name = {"postgresql": str}.get(engine.dialect.name, lambda _: "INTEGER")
    columns = [column for table in numbered(engine) for column in look.get_columns(table)]
    return {name(column["type"]) for column in columns if column["name"] in {"id", "account_id"}}


def test_without_the_table_a_remembered_browser_is_asked_again(
    app: Flask, engine: Engine, protected: Person
) -> None:
    protected.remember()
    before = dump(engine, without=WAITING | SPLIT)
    with engine.begin() as connection:
        schema.downgrade(connection, revision="0005")
        assert not inspect(connection).has_table("mfa_remembered_browsers")
    with app.app_context():
        flask_migrate.upgrade()
    assert dump(engine, without=WAITING | SPLIT) == before
    protected.sign_out()
    assert "Authentication code" in protected.sign_in().text
    assert entered(protected.verify(protected.next_code()))


def test_who_comes_after_two_billion_rows_gets_everything(
    engine: Engine, protected: Person, make_person: Callable[..., Person]
) -> None:
    count_from(engine, BEYOND)
    late = make_person(email="late@example.com").sign_up("late@example.com").activate()
    other = make_person(email="late@example.com")
    other.sign_in()
    assert entered(other.verify(late.next_code()))
    page = late.get("/account/sessions").text
    [number] = re.findall(r'name="session"[^>]*value="(\d+)"', page)
    assert int(number) > BEYOND
    assert late.post("/account/sessions/end", {"session": number}).status_code < 400
    assert not other.is_signed_in()
    assert late.is_signed_in()
    # Somebody with a small number, and an address that nobody has: another's password stands in for it.
    protected.sign_out()
    protected.sign_in()
    assert entered(protected.verify(protected.next_code()))
    assert make_person().sign_in("nobody@example.com").status_code == 422
    # Where SQLite may give a number twice, it takes the first one behind the last.
    tables = {"accounts", "sessions", "mfa_activity", "mfa_recovery_codes"}
    if engine.dialect.name == "sqlite":
        tables -= {"mfa_activity", "mfa_recovery_codes"}
    with engine.connect() as connection:
        for table in tables:
            newest = select(func.max(found(engine).tables[table].c.id))
            assert connection.scalar(newest) > BEYOND, table
