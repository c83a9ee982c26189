"""On PostgreSQL many write at once: what SQLite's one writer forbids must be forbidden by locks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, text

from console.sessions import rules as sessions
from mfa.enrollment import rules as two_step
from mfa.sign_in import challenges
from tests.support import patience
from tests.support.clock import Clock
from tests.support.cookies import read_cookie
from tests.support.crowd import at_once, copies
from tests.support.database import dump
from tests.support.person import EMAIL, PASSWORD, Person, entered

Make = Callable[..., Person]
AT_ONCE = 24
NEW_PASSWORD = "seven boats under glass"


def wait_until_somebody_waits(engine: Engine) -> None:
    """Until another connection stands before a lock that this moment holds."""
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for _ in range(20_000):
            if connection.scalar(waiting):
                return
    raise AssertionError("nobody came to wait")


def meanwhile(
    monkeypatch: pytest.MonkeyPatch,
    engine: Engine,
    where: tuple[Any, str],
    first: Callable[[], object],
    second: Callable[[], object],
) -> None:
    """Do *first* up to *where*, then *second* until it waits for it, then the rest of both."""
    module, name = where
    real, inside = getattr(module, name), threading.Event()

    def pausing(*args: Any, **options: Any) -> Any:
        if not inside.is_set():
            inside.set()
            wait_until_somebody_waits(engine)
        return real(*args, **options)

    with monkeypatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(module, name, pausing)
        one = pool.submit(first)
        assert inside.wait(patience.SECONDS)
        other = pool.submit(second)
        one.result()
        other.result()


@pytest.fixture
def halfway(protected: Person) -> Person:
    protected.sign_out()
    protected.sign_in()
    return protected


def operate(person: Person, command: str) -> None:
    result = person.app.test_cli_runner().invoke(args=["users", command, EMAIL, "--reason", "taken over"])
    assert result.exit_code == 0, result.output


def test_a_session_that_begins_at_the_moment_of_sign_out_everywhere_else_ends_with_it(
    protected: Person, make_person: Make, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    thief = make_person()
    thief.sign_in()
    code = protected.next_code()
    protected.get("/account/profile")
    token = {"csrf_token": protected.hidden("/account/profile")["csrf_token"]}
    meanwhile(
        monkeypatch,
        engine,
        (sessions, "_say_signed_in"),
        lambda: thief.verify(code),
        lambda: protected.post("/account/sessions/end-others", token),
    )
    assert not thief.is_signed_in()
    assert protected.is_signed_in()


@pytest.mark.parametrize("act", ["end", "end-others", "sign-out"])
def test_ending_sessions_at_the_moment_of_a_password_change_is_no_deadlock(
    mina: Person, make_person: Make, engine: Engine, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    other = make_person()
    other.sign_in()
    url = "/sign-out" if act == "sign-out" else f"/account/sessions/{act}"
    mina.get("/account/profile" if act == "sign-out" else "/account/sessions")
    other.get("/account/password")
    fields = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    statuses: list[int] = []
    meanwhile(
        monkeypatch,
        engine,
        (sessions, "end_all"),
        lambda: statuses.append(other.post("/account/password", fields).status_code),
        lambda: statuses.append(mina.post(url).status_code),
    )
    assert all(status < 500 for status in statuses)


@pytest.mark.parametrize("command", ["lock", "sign-out", "disable-2sv"])
def test_a_session_that_begins_at_the_moment_of_an_operators_act_ends_with_it(
    halfway: Person, engine: Engine, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    code = halfway.next_code()
    meanwhile(
        monkeypatch,
        engine,
        (sessions, "_say_signed_in"),
        lambda: halfway.verify(code),
        lambda: operate(halfway, command),
    )
    assert not halfway.is_signed_in()


def test_a_session_that_begins_at_the_moment_of_a_reset_ends_with_it(
    halfway: Person, make_person: Make, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = make_person()
    owner.get("/forgot-password")
    owner.post("/forgot-password", {"email": EMAIL})
    path = owner.inbox.wait_for("Set a new").path
    owner.get(path)
    code = halfway.next_code()
    meanwhile(
        monkeypatch,
        engine,
        (sessions, "_say_signed_in"),
        lambda: halfway.verify(code),
        lambda: owner.post(path, {"new_password": NEW_PASSWORD}),
    )
    assert not halfway.is_signed_in()


def test_a_session_that_begins_by_password_at_the_moment_of_a_lock_ends_with_it(
    mina: Person, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    mina.sign_out()
    mina.get("/sign-in")
    meanwhile(
        monkeypatch,
        engine,
        (sessions, "_say_signed_in"),
        lambda: mina.post("/sign-in", {"email": EMAIL, "password": PASSWORD}),
        lambda: operate(mina, "lock"),
    )
    assert not mina.is_signed_in()


def test_a_right_password_signs_nobody_in_past_an_activation_at_that_moment(
    mina: Person, make_person: Make, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    thief = make_person()
    thief.get("/sign-in")
    mina.begin().verify_email().scan().enter_code()
    meanwhile(
        monkeypatch,
        engine,
        (sessions, "end_all"),
        mina.complete,
        lambda: thief.post("/sign-in", {"email": EMAIL, "password": PASSWORD}),
    )
    assert not thief.is_signed_in()
    assert "authenticators:" in dump(engine)


def test_the_old_password_opens_nothing_at_the_moment_of_its_change(
    mina: Person, make_person: Make, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    thief = make_person()
    thief.get("/sign-in")
    mina.get("/account/password")
    fields = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    meanwhile(
        monkeypatch,
        engine,
        (sessions, "end_all"),
        lambda: mina.post("/account/password", fields),
        lambda: thief.post("/sign-in", {"email": EMAIL, "password": PASSWORD}),
    )
    assert not thief.is_signed_in()
    assert mina.is_signed_in()


def test_owner_and_operator_who_turn_it_off_at_once_do_not_stand_in_each_others_way(
    protected: Person, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    protected.prove_password("disable")
    code = protected.next_code()
    outcomes: list[int] = []

    def operator() -> None:
        result = protected.app.test_cli_runner().invoke(
            args=["users", "disable-2sv", EMAIL, "--reason", "asked"]
        )
        outcomes.append(result.exit_code)
        assert "deadlock" not in str(result.exception)

    meanwhile(
        monkeypatch,
        engine,
        (two_step, "delete_second_step"),
        lambda: outcomes.append(protected.disable(code=code).status_code),
        operator,
    )
    assert sorted(outcomes) == [1, 200]
    assert "authenticators:" not in dump(engine)


def test_a_sign_in_by_the_old_app_at_the_moment_of_a_move_ends_with_it(
    protected: Person, make_person: Make, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    thief = make_person()
    thief.sign_in()
    protected.begin_move()
    code = protected.next_code()
    protected.scan().enter_code()
    meanwhile(
        monkeypatch,
        engine,
        (sessions, "_say_signed_in"),
        lambda: thief.verify(code),
        protected.complete,
    )
    assert not thief.is_signed_in()


def test_a_code_that_was_right_before_a_move_signs_nobody_in_after_it(
    protected: Person, make_person: Make, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    thief = make_person()
    thief.sign_in()
    protected.begin_move()
    code = protected.next_code()
    protected.scan().enter_code()
    statuses: list[int] = []
    meanwhile(
        monkeypatch,
        engine,
        (sessions, "end_all"),
        lambda: statuses.append(protected.complete().status_code),
        lambda: statuses.append(thief.verify(code).status_code),
    )
    assert statuses[0] == 200
    assert not thief.is_signed_in()


def test_a_factor_that_was_right_before_a_disable_opens_no_move_after_it(
    protected: Person, make_person: Make, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_person()
    other.sign_in()
    other.verify(protected.next_code())
    other.prove_password("move")
    protected.prove_password("disable")
    code = protected.next_code()
    recovery_code = protected.recovery_codes[0]
    meanwhile(
        monkeypatch,
        engine,
        (two_step, "delete_second_step"),
        lambda: protected.disable(code=code),
        lambda: other.prove_move(factor="recovery_code", recovery_code=recovery_code),
    )
    assert not read_cookie(other.cookie())["two_step_pending"]["verified"]
    assert "authenticators:" not in dump(engine)


def test_what_deletes_dead_sessions_waits_for_nobody_who_ends_them(
    mina: Person, make_person: Make, engine: Engine, clock: Clock
) -> None:
    """Both go through several rows of an account, in two orders: they could wait in a circle."""
    make_person().sign_in()
    clock.advance(days=31)
    held = "SELECT id FROM sessions ORDER BY id LIMIT 1 FOR UPDATE"
    with ThreadPoolExecutor(1) as pool, engine.begin() as connection:
        assert connection.scalar(text(held)) is not None
        runner = mina.app.test_cli_runner()
        pool.submit(runner.invoke, args=["mail", "deliver"]).result(10)
        assert len(connection.scalars(text("SELECT id FROM sessions")).all()) == 1


# Many at once


def test_one_code_signs_in_once(halfway: Person, make_person: Make) -> None:
    code = halfway.next_code()
    people = copies(halfway, make_person, AT_ONCE)
    assert sum(at_once(lambda number: entered(people[number].verify(code)), AT_ONCE)) == 1


def test_of_many_wrong_codes_five_are_looked_at(halfway: Person, make_person: Make) -> None:
    people = copies(halfway, make_person, AT_ONCE)
    statuses = at_once(lambda number: people[number].verify("000000").status_code, AT_ONCE)
    assert statuses.count(422) == 5


def test_complete_turns_it_on_once(mina: Person, make_person: Make, engine: Engine) -> None:
    mina.begin().verify_email().scan().enter_code()
    people = copies(mina, make_person, AT_ONCE)
    results = at_once(lambda number: "verification is on." in people[number].complete().text, AT_ONCE)
    assert sum(results) == 1
    assert dump(engine).count("recovery_codes:") == 10


def test_a_move_is_made_once(protected: Person, make_person: Make, engine: Engine) -> None:
    protected.begin_move().scan().enter_code()
    people = copies(protected, make_person, AT_ONCE)
    results = at_once(lambda number: "phone is set up." in people[number].complete().text, AT_ONCE)
    assert sum(results) == 1
    assert dump(engine).count("recovery_codes:") == 10


def test_one_recovery_code_is_used_once(halfway: Person, make_person: Make) -> None:
    halfway.get("/sign-in/verify?factor=recovery")
    people = copies(halfway, make_person, 5)
    fields = {"recovery_code": halfway.recovery_codes[0]}
    results = at_once(
        lambda number: entered(people[number].post("/sign-in/verify?factor=recovery", fields)), 5
    )
    assert sum(results) == 1


@pytest.mark.parametrize("act", ["change", "operator", "reset"])
def test_a_password_typed_again_at_the_moment_of_a_change_is_no_deadlock(
    halfway: Person,
    make_person: Make,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    act: str,
) -> None:
    """Both hold rows of the account, of its counts and of the sign-in that waits for its code."""
    other = make_person()
    if act == "change":
        other.app_on_phone = halfway.app_on_phone
        other.sign_in()
        other.verify(halfway.next_code())
        other.get("/account/password")
        url, fields = "/account/password", {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    else:
        other.get("/forgot-password")
        other.post("/forgot-password", {"email": EMAIL})
        url, fields = other.inbox.wait_for("Set a new password").path, {"new_password": NEW_PASSWORD}
        other.get(url)
    acts: dict[str, Callable[[], int]] = {"operator": lambda: operate(halfway, "disable-2sv") or 200}
    statuses: list[int] = []
    halfway.get("/sign-in")
    typed = {"email": EMAIL, "password": PASSWORD}
    meanwhile(
        monkeypatch,
        engine,
        (challenges, "begin"),
        lambda: statuses.append(halfway.post("/sign-in", typed).status_code),
        lambda: statuses.append(acts.get(act, lambda: other.post(url, fields).status_code)()),
    )
    assert len(statuses) == 2
    assert all(status < 500 for status in statuses)


def test_a_sign_out_at_the_moment_of_a_sign_in_in_the_same_browser_is_no_deadlock(
    mina: Person, make_person: Make, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    mina.get("/account/profile")
    other = make_person()
    other.put_cookie(mina.cookie())
    other.get("/sign-in")
    other.page = mina.page
    token = mina.hidden("/sign-out")["csrf_token"]
    statuses: list[int] = []
    meanwhile(
        monkeypatch,
        engine,
        (sessions, "begin"),
        lambda: statuses.append(
            other.post("/sign-in", {"email": EMAIL, "password": PASSWORD, "csrf_token": token}).status_code
        ),
        lambda: statuses.append(mina.post("/sign-out").status_code),
    )
    assert len(statuses) == 2
    assert all(status < 500 for status in statuses)
