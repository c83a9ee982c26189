"""SQLite as it is set up: to be shared by threads and processes, and to keep its references whole."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import Engine, bindparam, select, text, update
from sqlalchemy.exc import IntegrityError

from console.accounts.models import Account
from console.extensions import db
from mfa.autocommit import WriteOutsideTransaction
from mfa.database import transaction
from tests.support.person import Person

pytestmark = pytest.mark.sqlite


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("busy_timeout", 10_000), ("foreign_keys", 1)]
)
def test_every_connection_has_it(engine: Engine, pragma: str, value: object) -> None:
    with engine.connect() as first, engine.connect() as second:
        assert {each.scalar(text(f"PRAGMA {pragma}")) for each in (first, second)} == {value}


def test_write_outside_of_a_transaction_is_refused(app: Flask) -> None:
    with app.app_context(), pytest.raises(WriteOutsideTransaction, match="UPDATE"):
        db.session.execute(update(Account).values(name="Mina"))


@pytest.mark.parametrize("values", [[{"key": 1}, {"key": 2}], [{"key": 1}]])
def test_rows_written_outside_of_a_transaction_are_refused(app: Flask, values: list[dict[str, int]]) -> None:
    statement = update(Account).where(Account.id == bindparam("key")).values(name="Mina")
    with app.app_context(), pytest.raises(WriteOutsideTransaction, match="UPDATE"):
        db.session.connection().execute(statement, values)


def test_raw_write_outside_of_a_transaction_is_refused(app: Flask) -> None:
    with app.app_context(), pytest.raises(WriteOutsideTransaction, match="DELETE"):
        connection = db.session.connection(execution_options={"no_parameters": True})
        connection.exec_driver_sql("DELETE FROM accounts")


def test_engine_that_a_session_reads_from_refuses_nothing(app: Flask) -> None:
    with app.app_context(), db.engine.begin() as connection:
        db.session.scalar(select(Account.id))
        connection.execute(update(Account).values(name="Mina"))


def test_object_changed_outside_of_a_transaction_is_refused(mina: Person) -> None:
    """It would be written by the next transaction, whatever that is for."""
    with mina.app.app_context():
        db.session.scalars(select(Account)).one().name = "changed"
        with pytest.raises(WriteOutsideTransaction), transaction():
            pass


def test_a_row_that_belongs_to_no_account_is_refused(engine: Engine) -> None:
    orphan = text("INSERT INTO mfa_recovery_codes (person_id, digest) VALUES (4711, x'00')")
    with engine.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(orphan)
