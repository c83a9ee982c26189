"""Complete, reissue and disable: whatever breaks in the middle, nothing of it stands."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.support.cookies import read_cookie
from tests.support.database import dump
from tests.support.person import Person, entered

MAY_CHANGE = {"mfa_throttles", "sessions.seen_at"}
PARTS_OF_COMPLETE = [
    "mfa.attempts.rules.spend",
    "console.accounts.rules.advance",
    "console.two_step.rules.insert_if_absent",
    "console.two_step.rules._insert_codes",
    "mfa.notices.outbox.post",
    "console.sessions.rules.end_all",
    "console.sessions.rules.renew",
]
PARTS_OF_MOVE = [
    "mfa.attempts.rules.spend",
    "console.accounts.rules.advance",
    "console.two_step.rules.affected",
    *PARTS_OF_COMPLETE[3:],
]


@pytest.mark.parametrize("part", PARTS_OF_COMPLETE)
def test_complete_that_breaks_saves_nothing_and_can_be_pressed_again(
    mina: Person, engine: Engine, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the power went out")

    mina.begin().verify_email().scan().enter_code()
    before, page = dump(engine, without=MAY_CHANGE), mina.page
    with monkeypatch.context() as patch:
        patch.setattr(part, broken)
        assert mina.complete().status_code == 500
    assert dump(engine, without=MAY_CHANGE) == before
    mina.page = page
    assert "2-step verification is on." in mina.complete().text


@pytest.mark.parametrize("part", PARTS_OF_MOVE)
def test_a_move_that_breaks_changes_nothing_and_can_be_completed_again(
    protected: Person, engine: Engine, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the power went out")

    protected.begin_move().scan().enter_code()
    before, page = dump(engine, without=MAY_CHANGE | {"mfa_outbox"}), protected.page
    with monkeypatch.context() as patch:
        patch.setattr(part, broken)
        assert protected.complete().status_code == 500
    assert dump(engine, without=MAY_CHANGE | {"mfa_outbox"}) == before
    protected.page = page
    assert "Your new phone is set up." in protected.complete().text


# A process of its own, which kills itself before its Nth statement: no handler runs, nothing is flushed.
_DYING = textwrap.dedent(
    """
    import os, signal, sys
    from datetime import datetime, timezone
    from sqlalchemy import event
    from console import create_app
    from mfa import clock
    from console.extensions import db
    from tests.conftest import SETTINGS

    instance, database, server_name, mail_port, at, cookie, token, pending, fatal = sys.argv[1:]
    clock.install(lambda: datetime.fromtimestamp(float(at), timezone.utc))
    app = create_app({
        **SETTINGS, "INSTANCE_PATH": instance, "SQLALCHEMY_DATABASE_URI": database,
        "SERVER_NAME": server_name, "MAIL_SERVER": "127.0.0.1", "MAIL_PORT": int(mail_port),
        "MAIL_WORKER": "none",
    })
    left = int(fatal)

    def countdown(*_):
        global left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", countdown)
    client = app.test_client()
    client.set_cookie("twostep-session", cookie, domain="127.0.0.1")
    client.post("/account/two-step/enroll/recovery",
                data={"saved": "y", "csrf_token": token, "pending": pending})
    """
)


def kill_through(person: Person, engine: Engine) -> None:
    """Press Complete in processes that die one statement later each time, until it stands."""
    person.app.extensions["mail_worker"].stop()
    before = dump(engine, without=MAY_CHANGE)
    fields = person.hidden("/account/two-step/enroll/recovery")
    config = person.app.config
    arguments = [
        str(Path(person.app.instance_path)),
        config["SQLALCHEMY_DATABASE_URI"],
        config["SERVER_NAME"],
        str(config["MAIL_PORT"]),
        str(person.clock.seconds),
        person.cookie(),
        fields["csrf_token"],
        fields["pending"],
    ]
    killed = 0
    for fatal in range(40):
        done = subprocess.run(
            [sys.executable, "-c", _DYING, *arguments, str(fatal)],
            cwd=Path(__file__).parent.parent.parent,
            env={**os.environ, "PYTHONPATH": "."},
            check=False,
        )
        after = dump(engine, without=MAY_CHANGE)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        killed += 1
        if after != before:
            # The commit had happened: the whole of it stands, and only what follows was lost.
            break
    assert killed >= 8


@pytest.mark.process
def test_killed_before_any_statement_of_complete_it_is_all_or_nothing(mina: Person, engine: Engine) -> None:
    mina.begin().verify_email().scan().enter_code()
    kill_through(mina, engine)
    kept = dump(engine)
    assert kept.count("authenticators:") == 1
    assert kept.count("recovery_codes:") == 10
    assert kept.count("outbox: (") == 1
    assert read_cookie(mina.cookie())["pending"]["id"] in kept


@pytest.mark.process
def test_killed_before_any_statement_of_a_move_it_is_all_or_nothing(
    protected: Person, engine: Engine
) -> None:
    old, old_codes = protected.app_on_phone, protected.recovery_codes
    protected.begin_move().scan().enter_code()
    enrollment = read_cookie(protected.cookie())["pending"]["id"]
    kill_through(protected, engine)
    kept = dump(engine)
    assert kept.count("authenticators:") == 1
    assert kept.count("recovery_codes:") == 10
    assert kept.count("'authenticator_moved', 'mina.park") == 1
    assert enrollment in kept
    protected.sign_in()
    assert old
    assert not entered(protected.verify(old.code(protected.clock.seconds)))
    assert protected.verify_recovery_code(old_codes[0]).status_code == 422
    assert entered(protected.verify(protected.next_code()))
