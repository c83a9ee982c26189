"""What operators do by their commands stands in the organization's activity."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from tests.organization.chains import findings
from tests.support.person import EMAIL, Person

REASON = "passport seen on a call"


def rows(engine: Engine) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return [
            dict(row)
            for row in connection.execute(
                text("SELECT event, actor_id, subject_id, reason, detail FROM audit_events ORDER BY id")
            ).mappings()
        ]


def run(app: Flask, *args: str) -> None:
    result = app.test_cli_runner().invoke(args=list(args))
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("command", "event"),
    [
        ("disable-2sv", "two_step_reset"),
        ("sign-out", "member_signed_out"),
        ("lock", "member_locked"),
    ],
)
def test_act_on_an_account_is_written_down(
    protected: Person, engine: Engine, command: str, event: str
) -> None:
    run(protected.app, "users", command, EMAIL, "--reason", REASON)
    row = {"event": event, "actor_id": None, "subject_id": 1, "reason": REASON, "detail": "{}"}
    assert rows(engine) == [row]
    assert findings(protected.app) == []


def test_unlock_is_written_down(mina: Person, engine: Engine) -> None:
    for command in ("lock", "unlock"):
        run(mina.app, "users", command, EMAIL, "--reason", REASON)
    assert [row["event"] for row in rows(engine)] == ["member_locked", "member_unlocked"]


def test_new_owner_is_written_down(mina: Person, make_person: Callable[..., Person], engine: Engine) -> None:
    make_person(email="jun@example.com").sign_up("jun@example.com")
    run(mina.app, "users", "make-owner", "jun@example.com", "--reason", REASON)
    assert [(row["event"], row["subject_id"]) for row in rows(engine)] == [("owner_made", 2)]


def test_act_that_was_refused_is_not_written_down(mina: Person, engine: Engine) -> None:
    result = mina.app.test_cli_runner().invoke(args=["users", "unlock", EMAIL, "--reason", REASON])
    assert result.exit_code == 1
    assert rows(engine) == []


def test_look_at_an_account_is_not_written_down(mina: Person, engine: Engine) -> None:
    run(mina.app, "users", "show", EMAIL, "--reason", REASON)
    assert rows(engine) == []


def test_export_and_import_are_written_down(mina: Person, engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    run(mina.app, "users", "export", str(file), "--with-secrets", "--yes")
    file.write_text(file.read_text().replace(EMAIL, "other@example.com"))
    run(mina.app, "users", "import", str(file), "--dry-run")
    run(mina.app, "users", "import", str(file))
    run(mina.app, "users", "import", str(file))
    assert [(row["event"], row["detail"]) for row in rows(engine)] == [
        ("accounts_exported", '{"secrets": "with"}'),
        ("accounts_imported", '{"accounts": "1"}'),
    ]


def test_restore_is_written_down_and_the_chain_goes_on(mina: Person, engine: Engine) -> None:
    run(mina.app, "users", "lock", EMAIL, "--reason", REASON)
    run(mina.app, "backup", "restored")
    assert [row["event"] for row in rows(engine)] == ["member_locked", "backup_restored"]
    assert findings(mina.app) == []


def test_rows_hold_neither_name_nor_address(mina: Person, engine: Engine) -> None:
    run(mina.app, "users", "lock", EMAIL, "--reason", REASON, "--operator", "Root")
    said = str(rows(engine))
    assert not any(word in said for word in (EMAIL, "Mina", "Root"))
