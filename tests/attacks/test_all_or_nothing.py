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
from tests.support.person import EMAIL, PASSWORD, Person, entered

MAY_CHANGE = {"mfa_throttles", "sessions.seen_at"}
TYPED = {"email": EMAIL, "password": PASSWORD}
PARTS_OF_COMPLETE = [
    "mfa.people.rules.advance",
    "mfa.attempts.rules.spend",
    "console.accounts.rules.count_change",
    "mfa.enrollment.rules.insert_if_absent",
    "mfa.enrollment.authenticators.insert_if_absent",
    "mfa.enrollment.rules._insert_codes",
    "mfa.notices.outbox.post",
    "console.sessions.rules.end_all",
    "console.sessions.rules.renew",
]
PARTS_OF_MOVE = [
    "mfa.people.rules.advance",
    "mfa.attempts.rules.spend",
    "console.accounts.rules.count_change",
    "mfa.enrollment.authenticators.affected",
    "mfa.enrollment.rules.affected",
    *PARTS_OF_COMPLETE[5:],
]


def broken(*_: Any, **__: Any) -> None:
    raise RuntimeError("the power went out")


@pytest.mark.parametrize("part", PARTS_OF_COMPLETE)
def test_complete_that_breaks_saves_nothing_and_can_be_pressed_again(
    mina: Person, engine: Engine, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
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
    protected.begin_move().scan().enter_code()
    before, page = dump(engine, without=MAY_CHANGE | {"mfa_outbox"}), protected.page
    with monkeypatch.context() as patch:
        patch.setattr(part, broken)
        assert protected.complete().status_code == 500
    assert dump(engine, without=MAY_CHANGE | {"mfa_outbox"}) == before
    protected.page = page
    assert "Your new phone is set up." in protected.complete().text


# Processes of their own, each of which kills itself before its Nth statement: no handler runs, nothing is
# flushed. They are forks of one that has loaded the application, since loading takes most of a second.
_DYING = textwrap.dedent(
    """
    import os, signal, sys
    from datetime import datetime, timezone
    from sqlalchemy import event
    from console import create_app
    from mfa import clock
    from console.extensions import db
    from tests.conftest import SETTINGS

    instance, database, server_name, mail_port, at, cookie, token, pending = sys.argv[1:]
    clock.install(lambda: datetime.fromtimestamp(float(at), timezone.utc))
    app = create_app({
        **SETTINGS, "INSTANCE_PATH": instance, "SQLALCHEMY_DATABASE_URI": database,
        "SERVER_NAME": server_name, "MAIL_SERVER": "127.0.0.1", "MAIL_PORT": int(mail_port),
        "MAIL_WORKER": "none",
    })
    left = 0

    def countdown(*_):
        global left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

    def complete():
        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", countdown)
        client = app.test_client()
        client.set_cookie("twostep-session", cookie, domain="127.0.0.1")
        client.post("/account/two-step/enroll/recovery",
                    data={"saved": "y", "csrf_token": token, "pending": pending})

    for line in sys.stdin:
        left = int(line)
        child = os.fork()
        if child == 0:
            complete()
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    """
)


def kill_through(person: Person, engine: Engine) -> None:
    """Press Complete in processes that die one statement later each time, until it stands."""
    person.app.extensions["mfa_mail_worker"].stop()
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
    with subprocess.Popen(
        [sys.executable, "-c", _DYING, *arguments],
        cwd=Path(__file__).parent.parent.parent,
        env={**os.environ, "PYTHONPATH": "."},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as dying:
        assert dying.stdin
        assert dying.stdout
        for fatal in range(40):
            dying.stdin.write(f"{fatal}\n")
            dying.stdin.flush()
            code = int(dying.stdout.readline())
            after = dump(engine, without=MAY_CHANGE)
            if code == 0:
                break
            assert code == -signal.SIGKILL
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
    assert read_cookie(mina.cookie())["two_step_pending"]["id"] in kept


@pytest.mark.process
def test_killed_before_any_statement_of_a_move_it_is_all_or_nothing(
    protected: Person, engine: Engine
) -> None:
    old, old_codes = protected.app_on_phone, protected.recovery_codes
    protected.begin_move().scan().enter_code()
    enrollment = read_cookie(protected.cookie())["two_step_pending"]["id"]
    kill_through(protected, engine)
    kept = dump(engine)
    assert kept.count("authenticators:") == 1
    assert kept.count("recovery_codes:") == 10
    assert kept.count("'authenticator_moved', '1', 'mina.park") == 1
    assert enrollment in kept
    protected.sign_in()
    assert old
    assert not entered(protected.verify(old.code(protected.clock.seconds)))
    assert protected.verify_recovery_code(old_codes[0]).status_code == 422
    assert entered(protected.verify(protected.next_code()))


# Sign-in: what a right password, or a right code, opens is one transaction, and the cookie goes with it

PARTS_OF_PASSWORD = [
    "mfa.attempts.rules.count_success",
    "mfa.attempts.rules.reset",
    "mfa.sign_in.challenges.begin",
]
PARTS_OF_CODE = [
    "mfa.people.rules.hold",
    "mfa.attempts.rules.count_together",
    "mfa.attempts.rules.reset",
    "mfa.sign_in.challenges.finish",
    "console.sessions.rules._end_oldest",
    "mfa.activity.rules.record",
    "mfa.web.devices.know",
]


def stored(engine: Engine, *without: str) -> str:
    """Return all but the mails, which leave meanwhile."""
    return dump(engine, without={"mfa_outbox", *without})


@pytest.mark.parametrize("part", PARTS_OF_PASSWORD)
def test_a_password_that_breaks_begins_nothing_and_can_be_sent_again(
    protected: Person, engine: Engine, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    protected.sign_out()
    protected.get("/sign-in")
    before, cookie = stored(engine, *MAY_CHANGE), protected.cookie()
    with monkeypatch.context() as patch:
        patch.setattr(part, broken)
        assert protected.post("/sign-in", TYPED).status_code == 500
    assert stored(engine, *MAY_CHANGE) == before
    assert read_cookie(protected.cookie()) == read_cookie(cookie)
    protected.sign_in()
    assert entered(protected.verify(protected.next_code()))


@pytest.mark.parametrize("part", PARTS_OF_CODE)
def test_a_code_that_breaks_is_not_used_up_and_signs_in_when_it_is_sent_again(
    protected: Person, engine: Engine, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    protected.sign_out()
    protected.sign_in()
    code, page = protected.next_code(), protected.page
    before, cookie = stored(engine), protected.cookie()
    with monkeypatch.context() as patch:
        patch.setattr(part, broken)
        assert protected.verify(code).status_code == 500
    assert stored(engine) == before
    assert read_cookie(protected.cookie()) == read_cookie(cookie)
    assert not protected.is_signed_in()
    protected.page = page
    assert entered(protected.verify(code))
