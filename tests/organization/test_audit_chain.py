"""The chain shows each row that was changed, removed, moved or inserted, and names it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from console.organization import audit
from console.organization.audit.chain import Copy, Link
from mfa.activity import log
from mfa.crypto.keys import KeyRing
from mfa.database import transaction
from tests.organization.chains import ROWS, change, findings, head, put, verify, write, write_some
from tests.support.clock import Clock
from tests.support.database import dump

EXCHANGE = (
    "UPDATE audit_events SET id = 99 WHERE id = 3",
    "UPDATE audit_events SET id = 3 WHERE id = 4",
    "UPDATE audit_events SET id = 4 WHERE id = 99",
)
SET_HEAD_BACK = (
    "UPDATE audit_head SET last_id = 5, last_hash = (SELECT hash FROM audit_events WHERE id = 5)",
    "DELETE FROM audit_events WHERE id > 5",
)
CHANGES: dict[str, Any] = {
    "at": "2020-01-01 00:00:00.000000",
    "event": "role_changes",
    "actor_id": 7,
    "subject_id": None,
    "reason": "asked by mail",
    "detail": '{"role": "member"}',
    "previous": b"\1" * 32,
    "hash": b"\1" * 32,
}


@pytest.fixture
def chain(app: Flask) -> Flask:
    """An installation with :data:`ROWS` rows."""
    write_some(app)
    return app


def test_whole_chain_verifies(chain: Flask) -> None:
    result = verify(chain)
    assert result.exit_code == 0
    assert result.output == f"{ROWS} rows, all as they were written. The head is {head(chain)}\n"


def test_empty_chain_verifies(app: Flask) -> None:
    assert head(app) == f"0:{'0' * 64}"
    assert verify(app).exit_code == 0
    assert findings(app, "--head", head(app)) == []


@pytest.mark.parametrize("column", CHANGES)
def test_changed_column_is_found(chain: Flask, engine: Engine, column: str) -> None:
    put(engine, column, CHANGES[column])
    assert findings(chain) == ["row 3: not what was written"]


def test_every_column_is_changed_by_some_test(engine: Engine, chain: Flask) -> None:
    with engine.connect() as connection:
        columns = set(connection.execute(text("SELECT * FROM audit_events")).keys())
    assert columns == {*CHANGES, "id", "key_id"}


def test_exchange_of_actor_and_subject_is_found(chain: Flask, engine: Engine) -> None:
    change(engine, "UPDATE audit_events SET actor_id = subject_id, subject_id = actor_id WHERE id = 3")
    assert findings(chain) == ["row 3: not what was written"]


def test_text_moved_between_reason_and_detail_is_found(app: Flask, engine: Engine) -> None:
    write(app, reason="ab", detail={})
    change(engine, "UPDATE audit_events SET reason = 'ab{', detail = '}'")
    assert findings(app) == ["row 1: not what was written"]


@pytest.mark.sqlite
@pytest.mark.parametrize("column", [*CHANGES, "key_id"])
@pytest.mark.parametrize("value", ["no moment", b"bytes", 1.5, 10**15])
def test_value_of_another_type_is_found(chain: Flask, engine: Engine, column: str, value: Any) -> None:
    """SQLite stores anything in any column."""
    put(engine, column, value)
    (found,) = findings(chain)
    assert found.startswith("row 3: ")


def test_unknown_key_is_named(chain: Flask, engine: Engine) -> None:
    change(engine, "UPDATE audit_events SET key_id = 9 WHERE id = 3")
    assert findings(chain) == ["row 3: can't be checked: its key is gone, or was changed"]


@pytest.mark.parametrize("sql", ["DELETE FROM audit_keys", "UPDATE audit_keys SET sealed = :sealed"])
def test_lost_key_of_many_rows_is_one_line(chain: Flask, engine: Engine, sql: str) -> None:
    values = {"sealed": b"2dedfeac" + bytes(60)} if "sealed" in sql else {}
    change(engine, sql, **values)
    assert findings(chain) == ["rows 1 to 6: can't be checked: its key is gone, or was changed"]


def test_rows_are_written_with_another_key_after_one_was_deleted(chain: Flask, engine: Engine) -> None:
    change(engine, "DELETE FROM audit_keys")
    write(chain)
    assert findings(chain) == ["rows 1 to 6: can't be checked: its key is gone, or was changed"]


@pytest.mark.parametrize(
    ("ids", "said"),
    [((3,), "row 3: removed"), ((3, 4), "rows 3 to 4: removed"), ((1,), "row 1: removed")],
)
def test_removed_row_is_found(chain: Flask, engine: Engine, ids: tuple[int, ...], said: str) -> None:
    for number in ids:
        change(engine, "DELETE FROM audit_events WHERE id = :id", id=number)
    assert findings(chain) == [said]
    write(chain)
    assert findings(chain) == [said]


def test_two_exchanged_rows_are_found(chain: Flask, engine: Engine) -> None:
    change(engine, *EXCHANGE)
    assert findings(chain) == [
        "rows 3 to 4: not what was written",
        "row 3: is what was written as row 4",
        "row 4: is what was written as row 3",
    ]


def test_row_moved_into_the_place_of_a_removed_one_is_found(chain: Flask, engine: Engine) -> None:
    change(engine, "DELETE FROM audit_events WHERE id = 3", "UPDATE audit_events SET id = 3 WHERE id = 4")
    assert findings(chain) == [
        "row 3: not what was written",
        "row 4: removed",
        "row 3: is what was written as row 4",
    ]


COPY_OF_ROW = (
    "INSERT INTO audit_events (id, at, event, actor_id, subject_id, reason, detail, key_id, previous, hash)"
    " SELECT :id, at, event, actor_id, subject_id, reason, detail, key_id, previous, hash FROM audit_events"
    " WHERE id = 3"
)


@pytest.mark.parametrize("number", [0, -7, ROWS + 1])
def test_row_inserted_at_either_end_is_found(chain: Flask, engine: Engine, number: int) -> None:
    change(engine, COPY_OF_ROW, id=number)
    assert findings(chain) == [f"row {number}: not what was written"]


def test_row_inserted_in_the_middle_is_found(chain: Flask, engine: Engine) -> None:
    change(engine, "UPDATE audit_events SET id = -id WHERE id > 3")
    change(engine, "UPDATE audit_events SET id = 1 - id WHERE id < 0")
    change(engine, COPY_OF_ROW, id=4)
    assert findings(chain) == [
        "rows 4 to 7: not what was written",
        *(f"row {number}: is what was written as row {number - 1}" for number in (5, 6, 7)),
    ]


def test_last_row_alone_removed_is_found(chain: Flask, engine: Engine) -> None:
    change(engine, "DELETE FROM audit_events WHERE id = 6")
    assert findings(chain) == ["row 6: removed"]


def test_end_cut_off_with_the_head_set_back_shows_by_a_copy_alone(chain: Flask, engine: Engine) -> None:
    copied = head(chain)
    change(engine, *SET_HEAD_BACK)
    assert findings(chain) == []
    assert findings(chain, "--head", copied) == ["row 6: removed"]


def test_end_written_again_after_a_cut_shows_by_a_copy_alone(chain: Flask, engine: Engine) -> None:
    copied = head(chain)
    change(engine, *SET_HEAD_BACK)
    write(chain)
    assert findings(chain) == []
    assert findings(chain, "--head", copied) == ["row 6: not the row of the copy"]


def test_copy_of_an_earlier_head_holds_while_rows_are_added(chain: Flask) -> None:
    copied = head(chain)
    write_some(chain)
    assert findings(chain, "--head", copied) == []


@pytest.mark.parametrize(
    "copied", ["", "6", "6:", "6:xyz", f"6:{'g' * 64}", f"-6:{'0' * 64}", f"٦:{'0' * 64}"]
)
def test_copy_that_is_none_is_refused(chain: Flask, copied: str) -> None:
    assert verify(chain, "--head", copied).exit_code == 2


@pytest.mark.parametrize(
    "sql",
    ["UPDATE audit_head SET last_id = 5", "UPDATE audit_head SET last_hash = :other"],
)
def test_changed_head_is_found(chain: Flask, engine: Engine, sql: str) -> None:
    change(engine, sql, **({"other": bytes(32)} if ":other" in sql else {}))
    assert findings(chain) == [
        "row 6: the last row, but the head of the chain (audit_head) names another one"
    ]


def test_chain_goes_on_without_its_head(chain: Flask, engine: Engine) -> None:
    change(engine, "DELETE FROM audit_head")
    write(chain)
    assert findings(chain) == []
    assert head(chain).startswith("7:")


def forge(app: Flask, engine: Engine, key: bytes) -> None:
    """Write row 3 with another reason, hashed with *key*, as somebody would who has it."""
    with engine.connect() as connection:
        row = connection.execute(text("SELECT * FROM audit_events WHERE id = 3")).mappings().one()
    values = {name: value for name, value in row.items() if name != "hash"} | {"reason": "forged"}
    change(
        engine,
        "UPDATE audit_events SET reason = 'forged', hash = :hash WHERE id = 3",
        hash=Link(**values).hash(key),
    )


def test_row_hashed_with_the_key_of_another_installation_is_found(chain: Flask, engine: Engine) -> None:
    forge(chain, engine, bytes(32))
    assert findings(chain) == ["row 3: not what was written"]


def test_key_of_another_installation_can_not_be_put_in(chain: Flask, engine: Engine) -> None:
    sealed = KeyRing([b"another key of another installation"]).seal("audit", bytes(32), b"1")
    change(engine, "UPDATE audit_keys SET sealed = :sealed", sealed=sealed)
    forge(chain, engine, bytes(32))
    assert findings(chain) == ["rows 1 to 6: can't be checked: its key is gone, or was changed"]


def test_row_of_another_history_with_the_same_key_is_found(chain: Flask, engine: Engine) -> None:
    """A row that was written after a back-up, put into the chain that goes on from the back-up."""
    with engine.connect() as connection:
        lost = connection.execute(text("SELECT hash, reason FROM audit_events WHERE id = 6")).one()
    change(engine, *SET_HEAD_BACK)
    for reason in ("another", "and another"):
        write(chain, reason=reason, subject=105)
    change(
        engine,
        "UPDATE audit_events SET hash = :hash, reason = :reason WHERE id = 6",
        hash=lost.hash,
        reason=lost.reason,
    )
    assert findings(chain) == ["row 7: doesn't continue the row before it"]


# What is written


@pytest.mark.parametrize(
    "reason",
    ["a" * 201, "a" * 10_000, "two\nlines", "\0", "\x1b[2J", "a\u202egnp.exe", "\u2066hidden", " ", "\ud800"],
)
def test_reason_that_nobody_could_read_is_refused(
    app: Flask, engine: Engine, reason: str, clock: Clock
) -> None:
    before = dump(engine)
    with app.app_context(), pytest.raises(audit.BadReason), transaction():
        audit.write_down("member_locked", actor=1, subject=2, reason=reason, now=clock())
    assert dump(engine) == before


@pytest.mark.parametrize(
    "reason", ["", "a" * 200, "잃어버림", "نسيت هاتفي", "=1+1", '"],["', "🔑", "\\u0000"]
)
def test_reason_is_written_as_it_was_given(app: Flask, engine: Engine, reason: str) -> None:
    write(app, reason=reason)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT reason FROM audit_events")) == reason
    assert findings(app) == []


def test_unknown_event_is_a_bug(app: Flask, clock: Clock) -> None:
    with app.app_context(), pytest.raises(ValueError, match="no such"), transaction():
        audit.write_down("no such", actor=None, subject=None, now=clock())


def test_nothing_is_left_of_a_change_that_was_rolled_back(app: Flask, engine: Engine, clock: Clock) -> None:
    write_some(app)
    before = dump(engine)
    with app.app_context(), pytest.raises(ZeroDivisionError), transaction():
        audit.write_down("member_locked", actor=1, subject=2, now=clock())
        raise ZeroDivisionError
    assert dump(engine) == before
    write(app)
    assert findings(app) == []


def test_several_rows_in_one_transaction_follow_each_other(app: Flask, clock: Clock) -> None:
    with app.app_context(), transaction():
        for subject in range(5):
            audit.write_down("member_reminded", actor=1, subject=subject, now=clock())
    assert findings(app) == []
    assert head(app).startswith("5:")


def test_chain_stands_when_the_clock_goes_back(app: Flask, clock: Clock) -> None:
    write(app)
    clock.advance(hours=-3)
    write(app)
    assert findings(app) == []


def test_log_holds_a_copy_of_each_head(app: Flask) -> None:
    lines: list[dict[str, Any]] = []

    def note(event: str, **line: Any) -> None:
        lines.append({"event": event, **line})

    with log.said.connected_to(note):
        write(app, reason="mentions Mina")
    (line,) = lines
    assert str(Copy(line["row"], bytes.fromhex(line["hash"]))) == head(app)
    assert (line["what"], line["account"], line["subject"]) == ("role_changed", "1", "2")
    assert "Mina" not in json.dumps(line)
