"""Another process begins to write to SQLite's file and never ends: pages are shown, and forms refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Engine, event, func, select, text

from console import database
from console.sessions import rules as sessions
from console.sessions.models import AccountSession
from mfa.people import rules as people
from tests.conftest import SHIPPED_BUSY_MILLISECONDS, SHIPPED_PATIENCE, SHIPPED_PATIENCE_OF_PEOPLE
from tests.mounted.hosts import Shop, shops
from tests.support import patience
from tests.support.clock import Clock
from tests.support.person import EMAIL, PASSWORD, Person, entered

pytestmark = [pytest.mark.sqlite, pytest.mark.process]

_HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""
TOO_LONG = 2 * patience.MILLISECONDS
PAGES = [
    "two-step",
    "two-step/move",
    "two-step/reissue",
    "two-step/disable",
    "profile",
    "profile/email",
    "password",
    "sessions",
    "activity",
]
R = TypeVar("R")


@contextmanager
def stuck(file: Path) -> Iterator[None]:
    """A process that holds the one lock for writers."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout
    try:
        assert process.stdout.readline() == b"held\n"
        yield
    finally:
        process.communicate()


def without_waiting(act: Callable[[], R]) -> R:
    """Return what *act* returns while the lock is held; waiting for the lock is waiting for too long."""
    executor = ThreadPoolExecutor(1)
    try:
        return executor.submit(act).result(patience.SECONDS)
    finally:
        executor.shutdown(wait=False)


@pytest.fixture
def config(config: dict[str, Any]) -> dict[str, Any]:
    return {**config, "MAIL_WORKER": "none"}


@pytest.fixture
def file(engine: Engine) -> Path:
    return Path(str(engine.url.database))


@pytest.fixture
def wait(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets for how many milliseconds a connection waits for the lock; all connections are new then."""

    monkeypatch.setattr(sessions, "PATIENCE", SHIPPED_PATIENCE)
    monkeypatch.setattr(sessions, "URGENT_PATIENCE", 1)
    monkeypatch.setattr(people, "PATIENCE", SHIPPED_PATIENCE_OF_PEOPLE)

    def set_wait(milliseconds: int) -> None:
        monkeypatch.setattr(database, "BUSY_MILLISECONDS", milliseconds)
        engine.dispose()

    return set_wait


def seen_at(engine: Engine) -> datetime:
    with engine.connect() as connection:
        found = connection.scalar(select(func.max(AccountSession.seen_at)))
    assert found
    return found


def test_pages_are_shown_though_their_session_is_due_to_be_seen(
    protected: Person, engine: Engine, file: Path, clock: Clock, wait: Callable[[int], None]
) -> None:
    wait(TOO_LONG)
    before = seen_at(engine)
    clock.advance(minutes=6)
    with stuck(file):
        for page in PAGES:
            path = f"/account/{page}"
            assert without_waiting(lambda path=path: protected.client.get(path)).status_code == 200
        assert seen_at(engine) == before
    assert protected.is_signed_in()
    assert seen_at(engine) - before >= timedelta(minutes=6)


def test_page_is_shown_and_waits_a_moment_where_the_session_may_end_before_the_next(
    protected: Person, engine: Engine, file: Path, clock: Clock, wait: Callable[[int], None]
) -> None:
    waits: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "busy_timeout =" in statement:
            waits.append(statement)

    wait(TOO_LONG)
    event.listen(engine, "before_cursor_execute", note)
    with stuck(file):
        for hours in (5, 6):
            clock.advance(hours=hours)
            answer = without_waiting(lambda: protected.client.get("/account/profile"))
            assert answer.status_code == 200
    event.remove(engine, "before_cursor_execute", note)
    shortened = [waited for waited in waits if not waited.endswith(str(TOO_LONG))]
    assert shortened == ["PRAGMA busy_timeout = 0", "PRAGMA busy_timeout = 1000"]


def test_second_step_of_a_sign_in_is_shown(
    protected: Person, file: Path, wait: Callable[[int], None]
) -> None:
    protected.sign_out()
    protected.sign_in()
    wait(TOO_LONG)
    with stuck(file):
        for path in ("/sign-in/verify", "/sign-in/verify?factor=recovery", "/sign-in", "/forgot-password"):
            answer = without_waiting(lambda path=path: protected.client.get(path, follow_redirects=True))
            assert answer.status_code == 200


def test_wizard_is_shown(mina: Person, file: Path, clock: Clock, wait: Callable[[int], None]) -> None:
    mina.begin().verify_email().scan().enter_code()
    clock.advance(minutes=6)
    wait(TOO_LONG)
    with stuck(file):
        for step in ("", "/password", "/email", "/scan", "/code", "/recovery", "/recovery-codes/print"):
            path = f"/account/two-step/enroll{step}"
            answer = without_waiting(lambda path=path: mina.client.get(path, follow_redirects=True))
            assert answer.status_code == 200


def test_after_it_was_left_out_a_connection_waits_as_before(
    protected: Person, engine: Engine, file: Path, clock: Clock, wait: Callable[[int], None]
) -> None:
    wait(database.BUSY_MILLISECONDS)
    clock.advance(minutes=6)
    with stuck(file):
        assert protected.is_signed_in()
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA busy_timeout")) == database.BUSY_MILLISECONDS


def test_server_is_ready(protected: Person, file: Path, wait: Callable[[int], None]) -> None:
    wait(TOO_LONG)
    with stuck(file):
        assert without_waiting(lambda: protected.app.test_client().get("/readyz")).status_code == 200


def test_form_is_answered_with_503_and_works_when_it_is_sent_again(
    protected: Person, file: Path, wait: Callable[[int], None]
) -> None:
    protected.sign_out()
    protected.get("/sign-in")
    wait(50)
    with stuck(file):
        answer = protected.post("/sign-in", {"email": EMAIL, "password": PASSWORD})
        assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "10")
        # Beside the form, so that what was typed stays.
        assert answer.headers["HX-Retarget"] == "#mfa-notice"
        assert "Nothing was changed. Try again in a moment." in answer.text
    protected.sign_in()
    assert entered(protected.verify(protected.next_code()))


def test_write_waits_two_seconds_at_most() -> None:
    assert SHIPPED_BUSY_MILLISECONDS == 2_000


# A guest


@pytest.fixture
def make_shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    yield from shops(tmp_path)


def test_reminder_of_a_host_waits_for_nobody(
    make_shop: Callable[..., Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "PATIENCE", SHIPPED_PATIENCE_OF_PEOPLE)
    shop = make_shop(given={"required": lambda _: True, "grace": timedelta(days=7)})
    who = shop.add()
    with shop.app.app_context():
        event.listen(
            shop.db.engine, "connect", lambda made, _: made.execute(f"PRAGMA busy_timeout = {TOO_LONG}")
        )
        shop.db.engine.dispose()

    def remind() -> str:
        with shop.app.test_request_context("/"):
            from flask_login import login_user

            login_user(shop.person(who))
            return str(shop.two_step.reminder())

    with stuck(shop.folder / "shop.db"):
        assert "2-step verification" in without_waiting(remind).lower()
    assert "2-step verification" in remind().lower()
