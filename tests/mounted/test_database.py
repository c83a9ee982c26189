"""The host's session of the database and the extension's: whose work is committed, and when."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import OperationalError

from mfa import FlaskLoginAccounts, Person, SetUpWrong, database, schema, signals
from mfa.activity.models import ActivityEvent
from mfa.notices import outbox, worker
from mfa.notices.office import Message
from mfa.people.models import PersonState
from tests.mounted.hosts import Shop, shops

TWO = {"pool_size": 2, "max_overflow": 0, "pool_timeout": 0.05}
"""A request may need two connections: the host's session holds one, and the extension's takes another."""
ONE = {**TWO, "pool_size": 1}


@pytest.fixture
def make_shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    yield from shops(tmp_path)


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    return make_shop()


def generation(shop: Shop, user_id: int) -> int:
    """What another connection reads."""
    with shop.db.engine.connect() as connection:
        asked = select(PersonState.generation).where(PersonState.person_id == str(user_id))
        return connection.scalar(asked) or 0


def notes(shop: Shop, user_id: int) -> str:
    """Likewise, of what the host has written."""
    with shop.db.engine.connect() as connection:
        asked = text("SELECT notes FROM user WHERE id = :id")
        return str(connection.scalar(asked, {"id": user_id}))


READS: dict[str, Callable[[Shop, Any], object]] = {
    "is_on": lambda shop, user: shop.two_step.is_on(user),
    "button": lambda shop, _: shop.two_step.button(),
    "modal": lambda shop, _: shop.two_step.modal(),
    "is_signing_in": lambda shop, _: shop.two_step.is_signing_in(),
    "onward": lambda shop, _: shop.two_step.onward(),
    "sign_in of one with the password alone": lambda shop, user: shop.two_step.sign_in(user),
    "challenge of one with the password alone": lambda shop, user: shop.two_step.challenge(user),
}
WRITES: dict[str, Callable[[Shop, Any], object]] = {
    "account_changed": lambda shop, user: shop.two_step.account_changed(user),
    "forget_devices": lambda shop, user: shop.two_step.forget_devices(user),
    "reset": lambda shop, user: shop.two_step.reset(user, "op", "lost the phone"),
    "forget": lambda shop, user: shop.two_step.forget(user),
    "sign_in": lambda shop, user: shop.two_step.sign_in(user),
    "challenge": lambda shop, user: shop.two_step.challenge(user),
    "cancel_sign_in": lambda shop, user: (shop.two_step.sign_in(user), shop.two_step.cancel_sign_in()),
}
SHARED = {
    "account_changed": lambda shop, user, s: shop.two_step.account_changed(user, session=s),
    "forget_devices": lambda shop, user, s: shop.two_step.forget_devices(user, session=s),
    "reset": lambda shop, user, s: shop.two_step.reset(user, "op", "lost the phone", session=s),
    "forget": lambda shop, user, s: shop.two_step.forget(user, session=s),
}


@pytest.mark.parametrize("name", READS)
def test_work_of_the_host_is_neither_committed_nor_lost(shop: Shop, name: str) -> None:
    who = shop.add()
    with shop.app.test_request_context("/"):
        user = shop.person(who)
        user.notes = "written"
        shop.db.session.flush()
        READS[name](shop, user)
        assert notes(shop, who) == ""
        shop.db.session.commit()
        assert notes(shop, who) == "written"


@pytest.mark.parametrize("name", WRITES)
def test_work_that_is_not_flushed_is_neither_committed_nor_lost(shop: Shop, name: str) -> None:
    who = shop.add()
    shop.protect(who)
    with shop.app.test_request_context("/"), shop.db.session.no_autoflush:
        user = shop.person(who)
        user.notes = "written"
        WRITES[name](shop, user)
        assert notes(shop, who) == ""
        assert shop.db.session.is_modified(user)
        shop.db.session.commit()
        assert notes(shop, who) == "written"


@pytest.mark.parametrize("name", SHARED)
def test_change_in_the_hosts_session_is_part_of_its_transaction(shop: Shop, name: str) -> None:
    who = shop.add()
    shop.protect(who)
    with shop.app.app_context():
        before = generation(shop, who)
        user = shop.person(who)
        SHARED[name](shop, user, shop.db.session)
        user.notes = "written"
        shop.db.session.flush()
        assert generation(shop, who) == before
        shop.db.session.rollback()
        assert (generation(shop, who), notes(shop, who)) == (before, "")
        assert shop.two_step.is_on(shop.person(who))


@pytest.mark.parametrize("name", [*READS, *WRITES])
def test_every_method_gives_its_connection_back(make_shop: Callable[..., Shop], name: str) -> None:
    shop = make_shop(settings={"SQLALCHEMY_ENGINE_OPTIONS": TWO})
    who = shop.add()
    if name in WRITES:
        shop.protect(who)
    with shop.app.test_request_context("/"):
        user = shop.person(who)
        {**READS, **WRITES}[name](shop, user)
        shop.db.session.rollback()
        assert shop.db.engine.pool.checkedout() == 0


PAGES = [
    "",
    "/verify",
    "/confirm",
    "/enroll",
    "/enroll/password",
    "/reissue",
    "/disable",
    "/move",
    "/assets/x",
]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_gives_its_connection_back(shop: Shop, path: str) -> None:
    shop.protect(shop.add())
    visitor = shop.visitor()
    for _ in range(2):
        visitor.get(f"/account/two-step{path}")
        visitor.post(f"/account/two-step{path}")
        visitor.sign_in()
    with shop.app.app_context():
        assert shop.db.engine.pool.checkedout() == 0


def test_host_that_shares_its_session_needs_one_connection(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(settings={"SQLALCHEMY_ENGINE_OPTIONS": ONE}, shares_session=True)
    held = shop.protect(shop.add())
    visitor = shop.visitor()
    assert visitor.sign_in(held.code).status_code == 302
    assert visitor.get("/account/two-step").status_code == 200
    assert visitor.is_in


def test_worker_gives_its_connection_back(shop: Shop) -> None:
    looked: list[int] = []

    def look(stopped: Callable[[], bool]) -> None:
        looked.append(outbox.waiting())
        one.stop_soon()

    class Once(worker.Worker):
        def stop_soon(self) -> None:
            self._stopped = True
            self._work.set()

    one = Once(shop.app, look, lambda: None)
    one.run()
    with shop.app.app_context():
        assert looked == [0]
        assert shop.db.engine.pool.checkedout() == 0


def test_sign_in_while_the_host_writes_on_sqlite_is_told(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop()
    with shop.app.app_context():
        event.listen(shop.db.engine, "connect", lambda made, _: made.execute("PRAGMA busy_timeout = 50"))
    who = shop.add()
    shop.protect(who)
    with shop.app.test_request_context("/"):
        user = shop.person(who)
        user.notes = "written"
        shop.db.session.flush()
        with pytest.raises(OperationalError, match="locked") as raised:
            shop.two_step.sign_in(user)
        assert "must commit that before" in raised.value.__notes__[0]
        shop.db.session.commit()
        assert shop.two_step.sign_in(user).status_code == 303
    assert notes_of(shop, who) == "written"


def notes_of(shop: Shop, who: int) -> str:
    with shop.app.app_context():
        return notes(shop, who)


def test_database_in_memory_keeps_the_hosts_work(make_shop: Callable[..., Shop]) -> None:
    # Flask-SQLAlchemy gives it one connection: what one session commits, it commits for both.
    shop = make_shop(settings={"SQLALCHEMY_DATABASE_URI": "sqlite://"})
    who = shop.add()
    with shop.app.test_request_context("/"):
        user = shop.person(who)
        user.notes = "written"
        shop.db.session.flush()
        with pytest.raises(SetUpWrong, match="commit"):
            shop.two_step.is_on(user)
        shop.db.session.commit()
        assert not shop.two_step.is_on(user)
        shop.db.session.rollback()
        assert shop.person(who).notes == "written"


def test_database_in_memory_serves_the_tests_of_a_host(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(settings={"SQLALCHEMY_DATABASE_URI": "sqlite://", "TESTING": True})
    held = shop.protect(shop.add())
    visitor = shop.visitor()
    visitor.sign_in(held.code)
    assert visitor.is_in


# Mails: where a thread could not work beside the request, the request delivers what it wrote


AT_ONCE: dict[str, dict[str, Any]] = {
    "database in memory": {"settings": {"SQLALCHEMY_DATABASE_URI": "sqlite://"}},
    "database in memory, one session": {
        "settings": {"SQLALCHEMY_DATABASE_URI": "sqlite://"},
        "shares_session": True,
    },
    "own database in memory": {"settings": {"MFA_DATABASE_URI": "sqlite://"}},
    "tests of a host": {"settings": {"TESTING": True}},
    "tests of a host, one session": {"settings": {"TESTING": True}, "shares_session": True},
}


@pytest.fixture
def make_telling(make_shop: Callable[..., Shop]) -> Callable[..., tuple[Shop, list[tuple[str, str]]]]:
    """Hosts that tell people otherwise than by mail: what of, and the thread in which they do."""

    def make(**given: Any) -> tuple[Shop, list[tuple[str, str]]]:
        told: list[tuple[str, str]] = []

        class Telling(FlaskLoginAccounts):
            def notify(self, person: Person, notice: Message) -> bool:  # noqa: ARG002
                told.append((notice.subject, threading.current_thread().name))
                return True

        given["settings"] = {"MFA_MAIL_WORKER": "thread", **given.get("settings", {})}

        def adapter(shop: Shop) -> FlaskLoginAccounts:
            return Telling(shop.db, shop.User, check_password=lambda user, typed: user.password == typed)

        return make_shop(make_accounts=adapter, **given), told

    return make


HERE = threading.main_thread().name


@pytest.mark.parametrize("given", AT_ONCE)
def test_mail_leaves_in_the_request_that_wrote_it(make_telling: Callable[..., Any], given: str) -> None:
    shop, told = make_telling(**AT_ONCE[given])
    held = shop.protect(shop.add())
    assert told == [("2-step verification is on", HERE)]
    visitor = shop.visitor()
    visitor.type_password()
    page = f"{visitor.prefix}/verify?factor=recovery"
    visitor.post(page, {"recovery_code": held.recovery_codes[0], "csrf_token": visitor.token(page)})
    assert told[1:] == [("A recovery code was used", HERE)]
    assert visitor.get(visitor.prefix).status_code == 200
    assert not shop.app.extensions["mfa_mail_worker"].is_running


@pytest.mark.parametrize("given", [given for given in AT_ONCE if given != "own database in memory"])
def test_mail_leaves_with_the_commit_of_the_host(make_telling: Callable[..., Any], given: str) -> None:
    shop, told = make_telling(**AT_ONCE[given])
    who = shop.add()
    shop.protect(who)
    told.clear()
    with shop.app.app_context():
        shop.two_step.reset(shop.person(who), "op", "lost the phone", session=shop.db.session)
        assert told == []
        shop.db.session.commit()
        assert told == [("Shop support worked on your account", HERE)]
        assert shop.person(who).notes == ""


def test_elsewhere_a_thread_delivers(make_telling: Callable[..., Any]) -> None:
    shop, told = make_telling()
    shop.protect(shop.add())
    shop.app.extensions["mfa_mail_worker"].stop()
    assert [name for _, name in told] in ([], ["mail"])


def test_request_outlives_a_database_that_fails_to_deliver(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_stopped: object) -> int:
        raise OperationalError("UPDATE", {}, Exception("disk I/O error"))

    made = worker.Worker(shop.app, fail, lambda: iter(()))
    with shop.app.app_context():
        worker.use(shop.app, made, is_at_once=lambda: True)
        monkeypatch.setitem(shop.app.extensions, "mfa_mail_worker", made)
        shop.protect(shop.add())
    # The security log, where another test has set it up, tells of the change besides.
    warned = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert warned == ["the outbox could not be delivered: disk I/O error"]


# Signals and activity


@pytest.fixture
def heard() -> Iterator[list[tuple[str, str]]]:
    kept: list[tuple[str, str]] = []
    listeners = []
    for name, signal in signals._BY_EVENT.items():

        def listen(_app: Any, *, person_id: str, name: str = name, **_said: Any) -> None:
            kept.append((name, person_id))

        signal.connect(listen)
        listeners.append((signal, listen))
    yield kept
    for signal, listen in listeners:
        signal.disconnect(listen)


def test_event_is_told_once_and_stands_in_the_activity(shop: Shop, heard: list[Any]) -> None:
    who = shop.add()
    shop.protect(who)
    assert heard == [("two_step_on", str(who))]
    with shop.app.app_context():
        found = database.session().scalars(select(ActivityEvent)).all()
        assert [(one.event, one.person_id) for one in found] == heard
        database.close()


def test_event_in_the_hosts_session_is_told_after_its_commit(shop: Shop, heard: list[Any]) -> None:
    who = shop.add()
    shop.protect(who)
    heard.clear()
    with shop.app.app_context():
        shop.two_step.reset(shop.person(who), "op", "lost", session=shop.db.session)
        assert heard == []
        shop.db.session.commit()
        assert heard == [("two_step_reset", str(who))]
        shop.db.session.commit()
    assert len(heard) == 1


def test_event_that_the_host_rolls_back_is_never_told(shop: Shop, heard: list[Any]) -> None:
    who = shop.add()
    shop.protect(who)
    heard.clear()
    with shop.app.app_context():
        shop.two_step.reset(shop.person(who), "op", "lost", session=shop.db.session)
        shop.db.session.rollback()
        shop.person(who).notes = "other"
        shop.db.session.commit()
        shop.two_step.account_changed(shop.person(who), session=shop.db.session)
        shop.db.session.commit()
    assert heard == []


def test_event_of_a_session_that_is_removed_is_never_told(
    make_shop: Callable[..., Shop], heard: list[Any]
) -> None:
    shop = make_shop(shares_session=True)
    who = shop.add()
    shop.protect(who)
    heard.clear()
    with shop.app.app_context():
        shop.two_step.reset(shop.person(who), "op", "lost", session=shop.db.session)
        shop.db.session.rollback()
        shop.two_step.account_changed(shop.person(who))
    assert heard == []


def test_sessions_end_in_the_transaction_that_the_host_gave(shop: Shop, monkeypatch: Any) -> None:
    who = shop.add()
    shop.protect(who)
    ended: list[bool] = []
    monkeypatch.setattr(
        shop.accounts, "end_sessions", lambda _: ended.append(shop.db.session().in_transaction())
    )
    with shop.app.app_context():
        shop.two_step.reset(shop.person(who), "op", "lost", session=shop.db.session)
        assert ended == [True]


def test_raising_listener_harms_nothing_and_is_logged(shop: Shop, heard: list[Any], caplog: Any) -> None:
    def fail(_app: Any, **_said: Any) -> None:
        raise ValueError("a bug of the host")

    who = shop.add()
    with signals.two_step_on.connected_to(fail):
        shop.protect(who)
    assert heard == [("two_step_on", str(who))]
    assert "a listener of the signal" in caplog.text
    assert "a bug of the host" in caplog.text


def test_listener_may_ask_and_change(shop: Shop) -> None:
    who = shop.add()
    asked: list[bool] = []

    def listen(_app: Any, *, person_id: str, **_said: Any) -> None:
        user = shop.person(int(person_id))
        asked.append(shop.two_step.is_on(user))
        user.notes = "noted"
        shop.db.session.commit()

    with signals.two_step_on.connected_to(listen):
        shop.protect(who)
    assert asked == [True]
    assert notes_of(shop, who) == "noted"


def test_host_that_fails_to_end_sessions_still_tells_the_event(
    shop: Shop, heard: list[Any], monkeypatch: Any
) -> None:
    who = shop.add()

    def fail(_person: Any) -> None:
        raise ValueError("a bug of the host")

    monkeypatch.setattr(shop.accounts, "end_other_sessions", fail)
    with pytest.raises(ValueError, match="a bug of the host"):
        shop.protect(who)
    assert heard == [("two_step_on", str(who))]


# Tables that are not there


CALLS: dict[str, Callable[[Shop, Any], object]] = {
    **READS,
    "account_changed": WRITES["account_changed"],
    "account_changed in the host's session": lambda shop, user: SHARED["account_changed"](
        shop, user, shop.db.session
    ),
    "forget in the host's session": lambda shop, user: SHARED["forget"](shop, user, shop.db.session()),
}


@pytest.mark.parametrize("shares", [False, True])
@pytest.mark.parametrize(
    "name", [name for name in CALLS if name not in ("button", "modal", "onward", "is_signing_in")]
)
def test_tables_that_are_missing_are_named(make_shop: Callable[..., Shop], shares: bool, name: str) -> None:
    shop = make_shop(is_upgraded=False, shares_session=shares)
    who = shop.add()
    with shop.app.test_request_context("/"):
        user = shop.person(who)
        with pytest.raises(SetUpWrong, match="run flask two-step db upgrade"):
            CALLS[name](shop, user)


@pytest.mark.parametrize("shares", [False, True])
def test_page_without_tables_names_them_in_the_log(
    make_shop: Callable[..., Shop], shares: bool, caplog: Any
) -> None:
    shop = make_shop(is_upgraded=False, shares_session=shares)
    shop.add()
    visitor = shop.visitor()
    assert visitor.type_password().status_code == 500
    assert not visitor.is_in
    assert "run flask two-step db upgrade" in caplog.text


def test_database_uri_of_its_own_is_used(make_shop: Callable[..., Shop], tmp_path: Path) -> None:
    shop = make_shop(settings={"MFA_DATABASE_URI": f"sqlite:///{tmp_path / 'own.db'}"})
    who = shop.add()
    shop.protect(who)
    with shop.app.app_context(), shop.db.engine.connect() as connection:
        assert schema.made(connection) == set()
        assert shop.two_step.is_on(shop.person(who))


@pytest.mark.parametrize("ends", ["commit", "rollback"])
def test_code_stays_used_whatever_the_host_does_in_its_session_at_login(
    make_shop: Callable[..., Shop], monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    shop = make_shop(shares_session=True)
    phone = shop.protect(shop.add())
    log_in = shop.accounts.log_in

    def log_in_and_end(*given: Any, **more: Any) -> Any:
        getattr(shop.db.session, ends)()
        return log_in(*given, **more)

    monkeypatch.setattr(shop.accounts, "log_in", log_in_and_end)
    owner, thief = shop.visitor(), shop.visitor()
    thief.type_password()
    code = phone.code
    owner.sign_in(code)
    assert owner.is_in
    thief.type_code(code)
    assert not thief.is_in
