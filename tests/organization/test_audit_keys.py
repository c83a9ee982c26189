"""The keys of the chain when the master key is replaced: no hash changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from console import create_app
from console.config import BadSetting
from console.extensions import db
from console.organization.audit import keys
from console.organization.audit.chain import Link
from tests.organization.chains import change, findings, head, write, write_some

NEW_KEY = "fedcba9876543210" * 4
OLD_ID = "2dedfeac"


def closed(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def both(config: dict[str, Any], app: Flask) -> Iterator[Flask]:
    """The same installation with a new key, and the old one among the fallbacks."""
    write_some(app)
    own = {"SECRET_KEY": NEW_KEY, "SECRET_KEY_FALLBACKS": [config["SECRET_KEY"]], "MAIL_WORKER": "none"}
    made = create_app({**config, **own})
    yield made
    closed(made)


@pytest.fixture
def new_key_alone(config: dict[str, Any], both: Flask) -> Iterator[Flask]:
    """The same installation without the old key, after the keys were rotated."""
    rotate(both)
    made = create_app({**config, "SECRET_KEY": NEW_KEY, "MAIL_WORKER": "none"})
    yield made
    closed(made)


def rotate(app: Flask) -> str:
    result = app.test_cli_runner().invoke(args=["keys", "rotate"])
    assert result.exit_code == 0, result.output
    return result.output


def listed(app: Flask) -> str:
    return app.test_cli_runner().invoke(args=["keys", "list"]).output


def test_chain_verifies_and_goes_on_without_the_old_key(new_key_alone: Flask) -> None:
    assert findings(new_key_alone) == []
    write(new_key_alone)
    assert findings(new_key_alone) == []


def test_copy_from_before_holds_after_the_rotation(both: Flask) -> None:
    copied = head(both)
    rotate(both)
    write(both)
    assert findings(both, "--head", copied) == []


def test_rotation_is_a_row_of_the_chain_and_once_alone(both: Flask, engine: Engine) -> None:
    assert "The organization's activity goes on with a key of" in rotate(both)
    assert "The organization's activity" not in rotate(both)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT event, key_id FROM audit_events WHERE id > 5")).all()
    assert list(map(tuple, rows)) == [("role_changed", 1), ("keys_rotated", 2)]


def test_rotation_without_any_row_does_nothing(app: Flask) -> None:
    rotate(app)
    assert head(app).startswith("0:")


def test_list_says_which_master_key_the_chain_needs(both: Flask) -> None:
    assert f"{OLD_ID}  encrypts the keys of the organization's activity" in listed(both)
    rotate(both)
    assert f"{OLD_ID}  encrypts the keys" not in listed(both)


def test_server_without_the_key_of_the_chain_does_not_start(config: dict[str, Any], both: Flask) -> None:
    with pytest.raises(BadSetting, match=OLD_ID):
        create_app({**config, "SECRET_KEY": NEW_KEY, "MAIL_WORKER": "none"})


def test_rows_forged_with_a_replaced_key_are_found(both: Flask, engine: Engine) -> None:
    """Who got hold of the old key, and of the database, rewrites the end with it."""
    with both.app_context():
        old = keys.every()[1]
    rotate(both)
    with engine.connect() as connection:
        row = connection.execute(text("SELECT * FROM audit_events WHERE id = 7")).mappings().one()
    values = {name: value for name, value in row.items() if name != "hash"} | {"id": 8, "key_id": 1}
    values["previous"] = row["hash"]
    link = Link(**values)
    columns = ", ".join((*values, "hash"))
    given = ", ".join(f":{name}" for name in (*values, "hash"))
    made = link.hash(old)
    change(
        engine,
        f"INSERT INTO audit_events ({columns}) VALUES ({given})",  # noqa: S608 (names of columns)
        **values,
        hash=made,
    )
    change(engine, "UPDATE audit_head SET last_id = 8, last_hash = :hash", hash=made)
    assert findings(both) == ["row 8: written with a key that was replaced before"]


def test_rows_from_before_can_not_be_rewritten_with_the_replaced_key(both: Flask, engine: Engine) -> None:
    """The first row with the new key holds the hash of the last one with the old."""
    with both.app_context():
        old = keys.every()[1]
    rotate(both)
    with engine.connect() as connection:
        row = connection.execute(text("SELECT * FROM audit_events WHERE id = 6")).mappings().one()
    values = {name: value for name, value in row.items() if name != "hash"} | {"reason": "forged"}
    forged = Link(**values).hash(old)
    change(engine, "UPDATE audit_events SET reason = 'forged', hash = :hash WHERE id = 6", hash=forged)
    assert findings(both) == ["row 7: doesn't continue the row before it"]


def test_key_that_somebody_changed_is_said(both: Flask, engine: Engine) -> None:
    change(engine, "UPDATE audit_keys SET sealed = :sealed", sealed=OLD_ID.encode() + bytes(60))
    result = both.test_cli_runner().invoke(args=["keys", "rotate"])
    assert result.exit_code == 1
    assert "The organization's activity: sealed bytes do not open." in result.output
