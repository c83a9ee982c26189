"""``flask keys rotate``: what an old key sealed is sealed anew, while people go on signing in."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine

from console import create_app
from console.config import BadSetting
from console.extensions import db
from tests.support.clock import Clock
from tests.support.database import dump
from tests.support.person import Person, entered

NEW_KEY = "fedcba9876543210" * 4
OLD_ID = "2dedfeac"


def closed(app: Flask) -> None:
    worker = app.extensions.get("mfa_mail_worker")
    if worker:
        worker.stop()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def both(config: dict[str, Any], app: Flask) -> Iterator[Flask]:
    """The same installation with a new key, and the old one among the fallbacks."""
    made = create_app({**config, "SECRET_KEY": NEW_KEY, "SECRET_KEY_FALLBACKS": [config["SECRET_KEY"]]})
    yield made
    closed(made)


def rotate(app: Flask, *options: str) -> str:
    result = app.test_cli_runner().invoke(args=["keys", "rotate", *options])
    assert result.exit_code == 0, result.output
    return result.output


def moved(person: Person, app: Flask) -> Person:
    other = Person(app, person.inbox, person.clock)
    other.app_on_phone, other.recovery_codes = person.app_on_phone, person.recovery_codes
    return other


def test_afterwards_the_old_key_is_needed_by_nothing(
    protected: Person, both: Flask, config: dict[str, Any]
) -> None:
    rotate(both)
    alone = create_app({**config, "SECRET_KEY": NEW_KEY})
    person = moved(protected, alone)
    person.sign_in()
    assert entered(person.verify(person.next_code()))
    person.sign_out()
    person.sign_in()
    assert entered(person.verify_recovery_code(person.recovery_codes[0]))
    closed(alone)


def test_before_it_the_old_key_may_not_be_left_out(protected: Person, config: dict[str, Any]) -> None:
    with pytest.raises(BadSetting, match=OLD_ID):
        create_app({**config, "SECRET_KEY": NEW_KEY})


def test_a_wrong_key_is_found_at_the_start(protected: Person, config: dict[str, Any]) -> None:
    with pytest.raises(BadSetting, match="MFA_SECRET_KEY"):
        create_app({**config, "SECRET_KEY": "another key of many letters, 0123456789"})


def test_a_key_that_sealed_only_the_recovery_codes_may_not_be_left_out(
    protected: Person, both: Flask, config: dict[str, Any]
) -> None:
    person = moved(protected, both)
    person.sign_in()
    person.verify(person.next_code())
    person.prove_password("reissue")
    person.post("/account/two-step/reissue/recovery-codes", {"saved": "y"})
    with pytest.raises(BadSetting, match="lack"):
        create_app(config)


def test_an_installation_without_second_steps_may_change_its_key_at_once(
    mina: Person, config: dict[str, Any]
) -> None:
    closed(create_app({**config, "SECRET_KEY": NEW_KEY}))


def test_nothing_but_what_is_sealed_is_changed(protected: Person, both: Flask, engine: Engine) -> None:
    sealed = {
        "mfa_authenticators.sealed_secret",
        "mfa_second_steps.recovery_pepper",
        "mfa_sealing_keys",
        "mfa_outbox",
    }
    before = dump(engine, without=sealed)
    rotate(both)
    assert dump(engine, without=sealed) == before


def test_it_says_how_far_it_is_and_when_it_is_done(
    protected: Person,
    make_person: Callable[..., Person],
    both: Flask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In a log every ten seconds; here each person takes four."""
    slowly(protected.clock, monkeypatch)
    for number in range(8):
        make_person().sign_up(f"person{number}@example.com").activate()
    assert rotate(both, "--batch", "2").splitlines()[:3] == [
        "4 people encrypted again, 0 a second, 5 left",
        "8 people encrypted again, 0 a second, 1 left",
        "9 people encrypted again, 0 a second",
    ]


def test_on_a_terminal_one_line_is_written_again(
    protected: Person,
    make_person: Callable[..., Person],
    both: Flask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from mfa import commands

    class Terminal:
        """Output that goes to a terminal, whatever the runner gives."""

        stdout = type("Stdout", (), {"isatty": staticmethod(lambda: True)})

    slowly(protected.clock, monkeypatch)
    monkeypatch.setattr(commands, "sys", Terminal)
    make_person().sign_up("other@example.com").activate()
    said = rotate(both, "--batch", "1")
    lines = [line for line in said.replace("\x1b[K", "").split("\r") if line]
    assert [line.partition("\n")[0] for line in lines] == [
        "1 person encrypted again, 0 a second, 1 left",
        "2 people encrypted again, 0 a second, 0 left",
        "2 people encrypted again, 0 a second",
    ]


def slowly(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each person take four seconds to encrypt again."""
    from mfa.factors import sealing

    real = sealing._seal_again

    def seal_again(second_step: Any, apps: Any) -> bool:
        clock.advance(seconds=4)
        return real(second_step, apps)

    monkeypatch.setattr(sealing, "_seal_again", seal_again)


def test_each_look_begins_behind_the_last_one_and_the_end_is_looked_for_from_the_beginning(
    protected: Person, make_person: Callable[..., Person], both: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is encrypted again is not read over and over: of ten million it would take ten hours."""
    from mfa.factors import sealing

    for number in range(4):
        make_person().sign_up(f"person{number}@example.com").activate()
    real, looks = sealing._stale, []

    def stale(after: str, batch: int) -> list[Any]:
        looks.append(after)
        return real(after, batch)

    monkeypatch.setattr(sealing, "_stale", stale)
    rotate(both, "--batch", "2")
    assert looks == ["", "2", "4", "5", ""]


@pytest.mark.parametrize("batch", ["0", "-1", "many"])
def test_a_batch_is_at_least_one_account(protected: Person, both: Flask, batch: str) -> None:
    assert both.test_cli_runner().invoke(args=["keys", "rotate", "--batch", batch]).exit_code == 2


def test_a_second_run_finds_nothing_to_do(protected: Person, both: Flask) -> None:
    rotate(both)
    assert rotate(both).startswith("Everything is encrypted with the key")


def test_a_run_that_was_broken_off_goes_on(
    protected: Person,
    make_person: Callable[..., Person],
    both: Flask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from mfa.factors import sealing

    make_person().sign_up("other@example.com").activate()
    real, calls = sealing._seal_again, []

    def dying(second_step: Any, apps: Any) -> bool:
        calls.append(second_step)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(second_step, apps)

    with monkeypatch.context() as patch:
        patch.setattr(sealing, "_seal_again", dying)
        both.test_cli_runner().invoke(args=["keys", "rotate", "--batch", "1"])
    assert rotate(both).splitlines()[0] == "1 person encrypted again"


@pytest.mark.process
def test_a_run_that_was_killed_goes_on(
    protected: Person,
    make_person: Callable[..., Person],
    both: Flask,
    config: dict[str, Any],
) -> None:
    """SIGKILL in the middle of the third batch of two, between two changes of one person: four are done."""
    others = [make_person().sign_up(f"person{number}@example.com").activate() for number in range(6)]
    settings = {**config, "SECRET_KEY": NEW_KEY, "SECRET_KEY_FALLBACKS": [config["SECRET_KEY"]]}
    killed = subprocess.run(
        [sys.executable, "-m", "tests.two_step.dying", "--batch", "2"],
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, "SETTINGS": json.dumps(settings, default=str), "DIE_BEFORE": "11"},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    listed = both.test_cli_runner().invoke(args=["keys", "list"]).output
    assert f"{OLD_ID}  old       3 people" in listed
    assert "current   4 people" in listed
    protected.clock.advance(minutes=1)
    for number in (0, 5):  # one that is done, and one that is not
        person = moved(others[number], both)
        person.sign_in(f"person{number}@example.com")
        assert entered(person.verify(person.code()))
    assert rotate(both, "--batch", "2").splitlines()[0].startswith("3 people encrypted again")
    alone = create_app({**config, "SECRET_KEY": NEW_KEY})
    protected.clock.advance(minutes=1)
    for number, other in enumerate(others):
        person = moved(other, alone)
        person.sign_in(f"person{number}@example.com")
        assert entered(person.verify(person.code()))
    closed(alone)


def test_without_the_old_key_it_changes_nothing(
    protected: Person, both: Flask, engine: Engine, config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mfa.factors.sealing.missing_keys", list)
    alone = create_app({**config, "SECRET_KEY": NEW_KEY})
    before = dump(engine, without={"mfa_outbox", "mfa_sealing_keys"})
    result = alone.test_cli_runner().invoke(args=["keys", "rotate"])
    assert result.exit_code != 0
    assert dump(engine, without={"mfa_outbox", "mfa_sealing_keys"}) == before
    closed(alone)


def test_people_sign_in_while_it_runs(
    protected: Person, make_person: Callable[..., Person], both: Flask
) -> None:
    others = [make_person().sign_up(f"person{number}@example.com").activate() for number in range(6)]
    run = threading.Thread(target=rotate, args=(both, "--batch", "1"))
    protected.clock.advance(minutes=1)
    people = [moved(other, both) for other in others]
    run.start()
    for number, person in enumerate(people):
        person.sign_in(f"person{number}@example.com")
        assert entered(person.verify(person.code()))
    run.join()


def test_a_second_step_that_changes_at_that_moment_is_left_to_the_next_look(
    protected: Person, both: Flask, monkeypatch: pytest.MonkeyPatch, engine: Engine
) -> None:
    """Somebody turns it off and on again between the look and the change: the new secret stays."""
    from mfa.factors import sealing

    real = sealing._stale
    renewed = []

    def stale(after: str, batch: int) -> list[Any]:
        found = real(after, batch)
        if found and not renewed:
            renewed.append(1)
            protected.prove_password("disable")
            protected.disable(code=protected.next_code())
            protected.clock.advance(minutes=5)
            protected.activate()
        return found

    monkeypatch.setattr(sealing, "_stale", stale)
    rotate(both)
    person = moved(protected, both)
    person.sign_in()
    assert entered(person.verify(protected.next_code()))


def test_the_keys_in_use_are_listed_by_id(protected: Person, both: Flask) -> None:
    listed = both.test_cli_runner().invoke(args=["keys", "list"]).output
    assert f"{OLD_ID}  old       1 person" in listed
    rotate(both)
    listed = both.test_cli_runner().invoke(args=["keys", "list"]).output
    assert f"{OLD_ID}  unused    0 people" in listed
    assert "current   1 person" in listed


def test_a_key_to_come_is_listed(protected: Person, config: dict[str, Any]) -> None:
    """It is brought to every server before it becomes the current one."""
    app = create_app({**config, "MAIL_WORKER": "none", "SECRET_KEY_FALLBACKS": [NEW_KEY]})
    listed = app.test_cli_runner().invoke(args=["keys", "list"]).output.splitlines()
    assert [line.split()[1:3] for line in listed] == [["current", "1"], ["unused", "0"]]
    closed(app)


def test_keys_that_seal_only_recovery_codes_are_listed_too(protected: Person, both: Flask) -> None:
    rotate(both)
    protected.prove_password("reissue")  # by a server that still has the old key as its current one
    protected.post("/account/two-step/reissue/recovery-codes", {"saved": "y"})
    assert f"{OLD_ID}  old       1 person" in both.test_cli_runner().invoke(args=["keys", "list"]).output


def test_what_a_server_with_the_old_key_seals_at_the_last_moment_keeps_that_key_needed(
    protected: Person,
    make_person: Callable[..., Person],
    both: Flask,
    config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from mfa.factors import sealing

    late, real = make_person().sign_up("late@example.com"), sealing._stale

    def stale(after: str, batch: int) -> list[Any]:
        found = real(after, batch)
        if not (found or after):
            late.activate()
        return found

    with monkeypatch.context() as patch:
        patch.setattr(sealing, "_stale", stale)
        rotate(both)
    with pytest.raises(BadSetting, match=OLD_ID):
        create_app({**config, "SECRET_KEY": NEW_KEY})


def test_a_form_that_was_open_before_the_key_changed_can_be_sent(mina: Person, both: Flask) -> None:
    mina.get("/account/profile")
    other = moved(mina, both)
    other.put_cookie(mina.cookie())
    other.page = mina.page
    assert other.post("/account/profile", {"name": "Mina K."}).status_code == 200


def test_a_reset_link_outlives_the_change_of_the_key(protected: Person, both: Flask) -> None:
    protected.get("/forgot-password")
    protected.post("/forgot-password", {"email": "mina.park@example.com"})
    path = protected.inbox.wait_for("Set a new").path
    assert moved(protected, both).get(path).status_code == 200
