"""Every statement finds its rows by an index, with a million accounts in the tables."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask, has_request_context
from sqlalchemy import Connection, Engine, event, update

from console import create_app
from console.accounts.models import Role
from console.extensions import db
from console.organization.audit import Event, listing as activity_listing
from console.organization.audit.verification import Verification
from console.organization.invitations import rules as invitations
from console.organization.members import listing
from console.organization.members.listing import Sort, State, Wanted
from console.organization.security import telling
from console.policy import rules as policy
from console.policy.models import OrganizationSettings
from console.policy.rules import Policy
from console.sessions import rules as sessions
from mfa import clock as app_clock
from mfa.activity import rules as activity
from mfa.attempts import networks, rules as attempts
from mfa.database import run, transaction
from mfa.notices import outbox
from mfa.requirement import held
from mfa.sign_in import challenges
from tests.conftest import SETTINGS
from tests.organization.people import give
from tests.support.clock import Clock
from tests.support.person import EMAIL, PASSWORD, Person
from tests.support.smtp import Inbox, free_port
from tests.support.stores import Servers, Sqlite

ACCOUNTS = 1_000_000
STORED = {"sqlite": 1_000, "postgresql": 250_000}
"""As many of them are really there: see :func:`fill`."""
NEW_EMAIL = "mina@example.net"
TODAY = 1795521600
"""The day of the tests' clock, in Unix time: nothing is over, or the journeys would delete it."""
PER_ACCOUNT = {
    "accounts": (
        "INSERT INTO accounts (id, email, email_key, name, password_hash, generation, created_at,"
        " last_signed_in_at, two_step_on, search_key) SELECT n, 'p' || n || '@example.org',"
        " 'p' || n || '@example.org', 'P', 'none', 0, '2026-01-01', '2026-01-01', (n & 3) > 0,"
        " 'p ' || n || '@example.org'"
    ),
    "sessions": (
        "INSERT INTO sessions (account_id, token_hash, created_at, proved_at, seen_at, expires_at,"
        " user_agent, address) SELECT n, {token}, '2026-01-01', '2026-01-01', '2026-11-24', '2027-01-01', '',"
        " ''"
    ),
    "mfa_activity": (
        "INSERT INTO mfa_activity (person_id, event, happened_at, device, address, details)"
        " SELECT CAST(n AS TEXT), 'signed_in', '2026-01-01', '', '', '{{}}'"
    ),
    "mfa_throttles": (
        "INSERT INTO mfa_throttles (subject, purpose, attempts, blocked_until, attempted_at)"
        " SELECT 'account:' || n, 'password', 1, 0, {today}"
    ),
    "mfa_second_steps": (
        "INSERT INTO mfa_second_steps (person_id, activated_at, recovery_salt, recovery_cost,"
        " recovery_pepper) SELECT CAST(n AS TEXT), '2026-01-01', {token}, 'none', {token}"
    ),
    "mfa_authenticators": (
        "INSERT INTO mfa_authenticators (person_id, kind, name, added_at, sealed_secret, used_step)"
        " SELECT CAST(n AS TEXT), 'app', '', '2026-01-01', {token}, 0"
    ),
    "mfa_recovery_codes": (
        "INSERT INTO mfa_recovery_codes (person_id, digest) SELECT CAST(n AS TEXT), {token}"
    ),
    "mfa_outbox": (
        "INSERT INTO mfa_outbox (message, recipient, details, created_at, due_at, tries)"
        " SELECT 'two_step_on', 'p' || n || '@example.org', '{{}}', '2026-01-01', '2026-11-24 12:59:00', 0"
    ),
    "mfa_people": (
        "INSERT INTO mfa_people (person_id, generation, device_epoch) SELECT CAST(n AS TEXT), 0, 0"
    ),
    "mfa_challenges": (
        "INSERT INTO mfa_challenges (token_hash, person_id, mark, key, expires_at, failures, next, remember)"
        " SELECT {token}, CAST(n AS TEXT), 'm', 'k', '2027-01-01', 0, '', false"
    ),
    "mfa_held_forms": (
        "INSERT INTO mfa_held_forms (id, person_id, sealed, expires_at)"
        " SELECT 'f' || n, CAST(n AS TEXT), {token}, '2027-01-01'"
    ),
    "mfa_network_hits": (
        "INSERT INTO mfa_network_hits (limited, happened_at, forget_at)"
        " SELECT 'n' || n, '2026-01-01', '2036-01-01'"
    ),
    "mfa_spent": "INSERT INTO mfa_spent (purpose, reference, forget_at) SELECT 'x', 'r' || n, '2036-01-01'",
    "audit_events": (
        "INSERT INTO audit_events (id, at, event, actor_id, subject_id, reason, detail, key_id, previous,"
        " hash) SELECT n, {moment}, CASE n / 10 * 10 WHEN n THEN 'role_changed' ELSE 'member_reminded' END,"
        " n - n / 247 * 247, n - n / 249 * 249, '', '{{}}', 1, {token}, {token}"
    ),
    "invitations": (
        "INSERT INTO invitations (email, email_key, role, invited_by, invited_at, sent, sent_at, expires_at,"
        " used_at, forget_at) SELECT 'i' || n, 'i' || n, 'member', n, '2026-01-01', 1, '2026-01-01',"
        " '2026-01-08', '2026-01-02', '2036-01-01'"
    ),
    "email_changes": (
        "INSERT INTO email_changes (account_id, old_email, old_email_key, changed_at)"
        " SELECT n, 'o@example.org', 'o' || n, '2026-01-01'"
    ),
}
REFERRED = ("accounts", "mfa_second_steps")
"""Tables that others refer to."""
REFER = ("organization_settings", "help_requests")
"""Tables of few rows that refer to them."""
FEW = "UPDATE accounts SET locked_at = '2026-01-01', role = 'administrator' WHERE (id & 255) = 0"
NUMBERS = {
    "sqlite": (
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})",
        "FROM numbers",
        "CAST(printf('%032d', n) AS BLOB)",
        "datetime(1767225600 + n, 'unixepoch') || '.000000'",
    ),
    "postgresql": (
        "",
        "FROM generate_series(1, {count}) AS numbers(n)",
        "lpad(n::text, 32, '0')::bytea",
        "timestamp '2026-01-01' + n * interval '1 second'",
    ),
}


def fill(connection: Connection) -> None:
    """Fill every table that grows with the accounts, as far as a plan for a million depends on it.

    SQLite plans by the statistics in a table of its own and never looks at the rows. So a thousand are enough
    there, with the statistics of a million (https://sqlite.org/optoverview.html#manual_control). PostgreSQL
    looks at the size of the files. With fewer rows reading or sorting all of them costs it less, so whatever
    it finds by an index among these, it finds so among a million.
    """
    stored = STORED[connection.dialect.name]
    if connection.dialect.name == "sqlite":
        _insert(connection, stored)
        less = ACCOUNTS // stored
        for table, index, stat in connection.exec_driver_sql("SELECT * FROM sqlite_stat1").all():
            # Rows in all, then rows for each value of the first column, the first two, …: all, or few.
            numbers = [str(int(one) * less if int(one) > stored // 2 else one) for one in stat.split()]
            connection.exec_driver_sql(
                "UPDATE sqlite_stat1 SET stat = ? WHERE tbl = ? AND idx IS ?",
                (" ".join(numbers), table, index),
            )
        connection.exec_driver_sql("ANALYZE sqlite_schema")
    else:
        # Neither the log nor the foreign keys of a million rows have a part in a plan.
        for table in (*REFER, *sorted(PER_ACCOUNT, key=lambda table: table in REFERRED)):
            connection.exec_driver_sql(f"ALTER TABLE {table} SET UNLOGGED")
        connection.exec_driver_sql("SET session_replication_role = replica")
        _insert(connection, stored)
        # Ids go on after those that were given here.
        connection.exec_driver_sql("SELECT setval('accounts_id_seq', (SELECT max(id) FROM accounts))")
        connection.exec_driver_sql("SET session_replication_role = origin")
    connection.commit()


def _insert(connection: Connection, count: int) -> None:
    dialect = connection.dialect.name
    before, after, token, moment = NUMBERS[dialect]
    for statement in PER_ACCOUNT.values():
        into, _, selected = statement.format(token=token, today=TODAY, moment=moment).partition(" SELECT ")
        connection.exec_driver_sql(
            f"{into} {before.format(count=count)} SELECT {selected} {after.format(count=count)}"
        )
    connection.exec_driver_sql(FEW)
    connection.exec_driver_sql("ANALYZE")


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
    mina.clock.advance(minutes=16)
    mina.get("/account/sessions", headers={"HX-Request": ""})
    ask = mina.post("/account/sessions/end-others").headers["HX-Redirect"]
    mina.get(ask)
    send = mina.post(ask, {"factor": "code", "code": mina.next_code()}).headers["HX-Redirect"]
    mina.get(send)
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


def plan(connection: Connection, statement: str, parameters: Any) -> str:
    """How the database goes about a statement, in its own words."""
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN (FORMAT JSON)"
    found = connection.exec_driver_sql(f"{explain} {statement}", parameters).all()
    return json.dumps([list(row) for row in found])


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


@pytest.fixture(scope="module")
def full(app: Flask) -> Engine:
    """The database, filled as for a million accounts."""
    with app.app_context():
        engine: Engine = db.engine
    with engine.connect() as connection:
        fill(connection)
    return engine


@contextmanager
def noting(engine: Engine, *, if_: Callable[[], bool] = lambda: True) -> Iterator[dict[str, Any]]:
    """Each statement that is run inside, with its parameters."""
    ran: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if if_():
            ran.setdefault(statement, parameters)

    event.listen(engine, "before_cursor_execute", note)
    yield ran
    event.remove(engine, "before_cursor_execute", note)


def read_from_end_to_end(engine: Engine, ran: dict[str, Any]) -> dict[str, list[str]]:
    """The statements among those that read a whole table, with what they read."""
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
    return found


def plans(engine: Engine, ran: dict[str, Any]) -> list[str]:
    """How the database goes about each of the statements, in its own words."""
    with engine.connect() as connection:
        return [plan(connection, statement, parameters) for statement, parameters in ran.items()]


SORTS = re.compile("TEMP B-TREE|Sort")
"""Who sorts all that is over, or due, for the first few of it says so with this word."""


def test_no_request_reads_a_table_from_end_to_end(app: Flask, full: Engine, clock: Clock) -> None:
    with noting(full, if_=has_request_context) as ran:
        use_everything(Person(app, app.extensions["inbox of the test"], clock))
    assert len(ran) > 50
    assert read_from_end_to_end(full, ran) == {}


FORGETTING: dict[str, Callable[[datetime], Iterator[int]]] = {
    "ix_mfa_outbox_due_at_id": outbox.bring_forward,
    "ix_mfa_spent_forget_at": attempts.forget_spent,
    "ix_mfa_throttles_attempted_at": attempts.forget_counts,
    "ix_mfa_network_hits_forget_at": networks.forget,
    "ix_mfa_activity_strangers": activity.forget_strangers,
    "ix_mfa_activity_happened_at": activity.forget_old,
    "ix_mfa_challenges_expires_at": challenges.forget_expired,
    "ix_mfa_held_forms_expires_at": held.forget_expired,
    "ix_invitations_forget_at": invitations.forget,
    "ix_sessions_expires_at": sessions.forget_expired,
    "ix_sessions_seen_at": sessions.forget_idle,
}


@pytest.mark.parametrize("years", [0, 20], ids=["nothing", "everything"])
@pytest.mark.parametrize("index", FORGETTING)
def test_what_is_over_is_found_by_an_index_of_time(
    app: Flask, full: Engine, clock: Clock, index: str, years: int
) -> None:
    """Where nothing is over, and the first batch where everything is."""
    with app.app_context(), noting(full) as ran:
        next(FORGETTING[index](clock() + timedelta(days=365 * years)))
    (found,) = plans(full, ran)
    assert index in found
    assert not SORTS.search(found), found
    assert read_from_end_to_end(full, ran) == {}, found


def test_unfinished_sign_ins_are_found_by_an_index_of_time(app: Flask, full: Engine, clock: Clock) -> None:
    with app.app_context(), noting(full) as ran:
        assert list(challenges.tell_unfinished(clock())) == []
    (found,) = plans(full, ran)
    assert "ix_mfa_challenges_tell_at" in found
    assert not SORTS.search(found), found


SOUGHT = {
    "": Wanted(),
    "without_two_step_": Wanted(state=State.WITHOUT_TWO_STEP),
    "locked_": Wanted(state=State.LOCKED),
    "managing_": Wanted(role=Role.ADMINISTRATOR),
}


@pytest.mark.parametrize("after", [None, 500], ids=["first", "later"])
@pytest.mark.parametrize("sort", listing.COLUMNS)
@pytest.mark.parametrize("which", SOUGHT)
def test_page_of_members_is_found_by_the_index_of_its_filter_and_order(
    app: Flask, full: Engine, which: str, sort: Sort, after: int | None
) -> None:
    with app.app_context(), noting(full) as ran:
        listing.page(replace(SOUGHT[which], sort=sort), app_clock.now(), after)
    [of_page] = [statement for statement in ran if "LIMIT" in statement]
    [found] = plans(full, {of_page: ran[of_page]})
    # PostgreSQL may take any index of a few, and sort them.
    are_few = which in {"locked_", "managing_"} and full.dialect.name == "postgresql"
    assert f"ix_accounts_{which}by_{'' if are_few else listing.COLUMNS[sort]}" in found
    assert "Seq Scan" not in found


@pytest.mark.parametrize("sort", listing.COLUMNS)
def test_members_are_searched_in_the_index_of_their_order_alone(app: Flask, full: Engine, sort: Sort) -> None:
    with app.app_context(), noting(full) as ran:
        assert not listing.page(Wanted("nobody at all", sort=sort), app_clock.now()).members
    [of_page] = [statement for statement in ran if "LIMIT" in statement]
    [found] = plans(full, {of_page: ran[of_page]})
    assert f"ix_accounts_by_{listing.COLUMNS[sort]}" in found
    assert ("USING COVERING INDEX" if full.dialect.name == "sqlite" else '"Index Only Scan"') in found


def test_what_members_of_a_page_lack_is_found_by_their_ids_and_with_them(
    app: Flask, full: Engine, clock: Clock
) -> None:
    since = clock() - timedelta(days=1)
    with app.app_context(), noting(full) as ran:
        policy.note(Policy(since, since, since, 7, remembers_browsers=True))
        page = listing.page(Wanted(), clock())
    assert any(member.due for member in page.members)
    assert len(ran) == 1
    found = plans(full, ran)
    assert not any("Seq Scan" in its or re.search("SCAN mfa", its) for its in found), found


ACTS = {"remind": 4, "role": 5, "sign-out": 5, "lock": 5, "unlock": 5, "reset": 6, "remove": 7}
"""What is done about a member, and about whom: the first has no second step."""


def test_nothing_that_is_done_about_a_member_reads_a_table_from_end_to_end(
    app: Flask, full: Engine, clock: Clock
) -> None:
    owner = Person(app, app.extensions["inbox of the test"], clock, email="owner@example.com")
    owner.sign_up("owner@example.com")
    give(app, "owner@example.com", Role.OWNER)
    with noting(full, if_=has_request_context) as ran:
        for action, whom in ACTS.items():
            url = f"/organization/members/{whom}/{action}"
            owner.get(f"/organization/members/{whom}")
            owner.get(url)
            answer = owner.post(url, {"reason": "asked at the desk", "role": "administrator"})
            assert answer.status_code == 200, action
            assert "done-line" in answer.text, action
    # The list to which the last of these leads is in the tests above.
    acts = {statement: values for statement, values in ran.items() if "LIMIT" not in statement}
    assert len(acts) > 20
    assert read_from_end_to_end(full, acts) == {}


def test_next_people_who_are_told_of_the_requirement_are_found_by_their_id(
    app: Flask, full: Engine, clock: Clock
) -> None:
    since = {"administrators_since": clock(), "members_since": clock()}
    with app.app_context():
        with transaction():
            run(update(OrganizationSettings).values(administrators_told=0, members_told=500, **since))
        with noting(full) as ran:
            next(telling.tell(clock()))
        with transaction():
            never = dict.fromkeys((*since, "administrators_told", "members_told"))
            run(update(OrganizationSettings).values(**never))
    (found,) = plans(full, {statement: ran[statement] for statement in ran if "LIMIT" in statement})
    assert not SORTS.search(found), found
    assert "Seq Scan" not in found


DAY = date(2026, 1, 5)
ACTIVITY = {
    "every": (activity_listing.Filter(), {"at"}),
    "event": (activity_listing.Filter(event=Event.ROLE_CHANGED), {"event_at"}),
    "person": (activity_listing.Filter(person=5), {"actor_id_at", "subject_id_at"}),
    "days": (activity_listing.Filter(since=DAY, until=DAY), {"at"}),
    "event and days": (activity_listing.Filter(Event.ROLE_CHANGED, None, DAY, DAY), {"event_at"}),
    "person and days": (activity_listing.Filter(None, 5, DAY, DAY), {"actor_id_at", "subject_id_at"}),
}
"""Filters of the organization's activity, and the columns of the indexes that find what passes them."""


@pytest.mark.parametrize("before", [None, 500], ids=["first", "later"])
@pytest.mark.parametrize("which", ACTIVITY)
def test_page_of_activity_is_found_by_the_index_of_its_filter(
    app: Flask, full: Engine, which: str, before: int | None
) -> None:
    wanted, columns = ACTIVITY[which]
    with app.app_context(), noting(full) as ran:
        activity_listing.page(wanted, before)
    pages = {statement: ran[statement] for statement in ran if "LIMIT" in statement}
    found = plans(full, pages)
    assert len(found) == len(columns)
    for name in columns:
        assert any(f"ix_audit_events_{name}_id" in its for its in found), found
    assert not any(SORTS.search(its) or "Seq Scan" in its for its in found), found


# Somebody's few rows of a day may as well be sorted.
@pytest.mark.parametrize("which", sorted(ACTIVITY.keys() - {"person and days"}))
def test_next_piece_of_an_export_is_found_without_sorting(app: Flask, full: Engine, which: str) -> None:
    wanted, _ = ACTIVITY[which]
    with app.app_context(), noting(full) as ran:
        pieces = activity_listing.every(wanted, upto=ACCOUNTS)
        next(pieces, None)
        next(pieces, None)
    found = plans(full, {statement: ran[statement] for statement in ran if "LIMIT" in statement})
    assert not any(SORTS.search(its) or "Seq Scan" in its for its in found), found


def test_next_row_of_a_verification_is_found_by_its_id(app: Flask, full: Engine) -> None:
    with app.app_context(), noting(full) as ran:
        next(Verification().findings(), None)
    found = plans(full, {statement: ran[statement] for statement in ran if "LIMIT" in statement})
    assert found
    assert not any(SORTS.search(its) or "Seq Scan" in its for its in found), found


def test_next_mail_is_found_without_reading_or_sorting_the_others(
    app: Flask, full: Engine, clock: Clock
) -> None:
    with app.app_context(), noting(full) as ran:
        looks = iter((False, True))
        outbox.deliver_due(stopped=lambda: next(looks))
    assert any("mfa_outbox" in statement for statement in ran)
    assert read_from_end_to_end(full, ran) == {}
    assert not any(SORTS.search(its) for its in plans(full, ran))
