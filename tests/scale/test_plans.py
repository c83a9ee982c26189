"""Every statement of every request finds its rows by an index, with a million accounts in the tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, has_request_context
from sqlalchemy import Connection, Engine, event

from console import create_app
from console.extensions import db
from tests.conftest import SETTINGS
from tests.support.clock import Clock
from tests.support.person import EMAIL, PASSWORD, Person
from tests.support.smtp import Inbox, free_port
from tests.support.stores import Servers, Sqlite

ACCOUNTS = 1_000_000
NEW_EMAIL = "mina@example.net"
PER_ACCOUNT = {
    "accounts": (
        "INSERT INTO accounts (id, email, email_key, name, password_hash, generation, device_epoch,"
        " created_at) SELECT n, 'p' || n || '@example.org', 'p' || n || '@example.org', 'P', 'none', 0, 0,"
        " '2026-01-01'"
    ),
    "sessions": (
        "INSERT INTO sessions (account_id, token_hash, stage, created_at, proved_at, seen_at, expires_at,"
        " user_agent, address, failures) SELECT n, {token}, 'full', '2026-01-01', '2026-01-01', '2026-01-01',"
        " '2027-01-01', '', '', 0"
    ),
    "mfa_activity": (
        "INSERT INTO mfa_activity (person_id, event, happened_at, device, address, details)"
        " SELECT CAST(n AS TEXT), 'signed_in', '2026-01-01', '', '', '{{}}'"
    ),
    "mfa_throttles": (
        "INSERT INTO mfa_throttles (subject, purpose, attempts, blocked_until, attempted_at)"
        " SELECT 'account:' || n, 'password', 1, 0, 0"
    ),
    "mfa_authenticators": (
        "INSERT INTO mfa_authenticators (person_id, sealed_secret, used_step, activated_at, recovery_salt,"
        " recovery_cost, recovery_pepper)"
        " SELECT CAST(n AS TEXT), {token}, 0, '2026-01-01', {token}, 'none', {token}"
    ),
    "mfa_recovery_codes": (
        "INSERT INTO mfa_recovery_codes (person_id, digest) SELECT CAST(n AS TEXT), {token}"
    ),
    "mfa_outbox": (
        "INSERT INTO mfa_outbox (message, recipient, details, created_at, due_at, tries, reference)"
        " SELECT 'two_step_on', 'p' || n || '@example.org', '{{}}', '2026-01-01', '2026-11-24 12:59:00', 0,"
        " 'half:' || n || ':1'"
    ),
    "mfa_spent": "INSERT INTO mfa_spent (purpose, reference, forget_at) SELECT 'x', 'r' || n, '2036-01-01'",
    "email_changes": (
        "INSERT INTO email_changes (account_id, old_email, old_email_key, changed_at)"
        " SELECT n, 'o@example.org', 'o' || n, '2026-01-01'"
    ),
}
NUMBERS = {
    "sqlite": (
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})",
        "FROM numbers",
        "CAST(printf('%032d', n) AS BLOB)",
    ),
    "postgresql": ("", "FROM generate_series(1, {count}) AS numbers(n)", "lpad(n::text, 32, '0')::bytea"),
}


def fill(connection: Connection) -> None:
    """A million rows into every table that grows with the accounts."""
    dialect = connection.dialect.name
    before, after, token = NUMBERS[dialect]
    for statement in PER_ACCOUNT.values():
        into, _, selected = statement.format(token=token).partition(" SELECT ")
        connection.exec_driver_sql(
            f"{into} {before.format(count=ACCOUNTS)} SELECT {selected} {after.format(count=ACCOUNTS)}"
        )
    if dialect == "postgresql":
        # Ids go on after those that were given here.
        connection.exec_driver_sql("SELECT setval('accounts_id_seq', (SELECT max(id) FROM accounts))")
    connection.exec_driver_sql("ANALYZE")
    connection.commit()


def use_everything(mina: Person) -> None:
    """Every journey once, with its refusals."""
    mina.sign_up().activate().move()
    for tab in ("profile", "password", "two-step", "sessions", "activity", "activity?before=999999999"):
        mina.get(f"/account/{tab}")
    mina.sign_out()
    mina.sign_in("nobody@example.com")
    mina.sign_in(password="not my password at all")
    mina.sign_in()
    mina.verify("000000")
    mina.verify_recovery_code(mina.recovery_codes[0])
    mina.prove_password("reissue")
    mina.post("/account/two-step/reissue/recovery-codes", {"saved": "y"})
    mina.get("/account/profile/email")
    code = {"factor": "code", "code": mina.next_code()}
    mina.post("/account/profile/email", {"email": NEW_EMAIL, "password": PASSWORD, **code})
    path = mina.inbox.wait_for("Confirm your new", to=NEW_EMAIL).path
    mina.get(path)
    mina.post(path)
    mina.app.test_cli_runner().invoke(args=["mail", "deliver"])
    undo = mina.inbox.wait_for("address was changed", to=EMAIL).path
    mina.get(undo)
    reset = mina.post(undo).headers["HX-Redirect"]
    mina.get(reset)
    mina.post(reset, {"new_password": "seven boats under glass"})
    mina.verify(mina.next_code())
    mina.post("/account/sessions/end-others")
    mina.prove_password("disable", "seven boats under glass")
    mina.disable(code=mina.next_code())
    mina.client.get("/forgot-password")
    mina.post("/forgot-password", {"email": EMAIL})


def scanned(connection: Connection, statement: str, parameters: Any) -> list[str]:
    """What a statement reads from end to end."""
    if connection.dialect.name == "sqlite":
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        return [row[3] for row in plan if row[3].startswith("SCAN") and "CONSTANT ROW" not in row[3]]
    plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
    return _sequential((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])


def _sequential(node: dict[str, Any]) -> list[str]:
    own = [f"SCAN {node['Relation Name']}"] if node["Node Type"] == "Seq Scan" else []
    return own + [found for child in node.get("Plans", []) for found in _sequential(child)]


@pytest.fixture(scope="module", params=["sqlite", "servers"])
def app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder, inbox = tmp_path_factory.mktemp("scale"), Inbox()
    stores: Sqlite | Servers = request.getfixturevalue(request.param)
    app = create_app(
        {
            **SETTINGS,
            **stores.fresh(folder),
            "INSTANCE_PATH": folder,
            "SERVER_NAME": f"127.0.0.1:{free_port()}",
            "MAIL_SERVER": "127.0.0.1",
            "MAIL_PORT": inbox.port,
            "MAIL_WORKER": "none",
            "EVENT_LOG": "none",
            "RATELIMIT_STORAGE_URI": "memory://",
        }
    )
    app.extensions["inbox of the test"] = inbox
    yield app
    inbox.stop()
    with app.app_context():
        db.engine.dispose()


def test_nothing_is_read_from_end_to_end(app: Flask, clock: Clock) -> None:
    with app.app_context():
        engine: Engine = db.engine
    with engine.connect() as connection:
        fill(connection)
    ran: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if has_request_context():
            ran.setdefault(statement, parameters)

    event.listen(engine, "before_cursor_execute", note)
    use_everything(Person(app, app.extensions["inbox of the test"], clock))
    event.remove(engine, "before_cursor_execute", note)
    found = {}
    with engine.connect() as connection:
        for statement, parameters in ran.items():
            tables = [table for table in PER_ACCOUNT if table in statement]
            if tables and not statement.startswith("INSERT") and not isinstance(parameters, list):
                scans = [
                    scan for scan in scanned(connection, statement, parameters) if scan.split()[1] in tables
                ]
                if scans:
                    found[statement] = scans
    assert len(ran) > 50
    assert found == {}
