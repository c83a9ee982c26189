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
from tests.support.person import Person

MAY_CHANGE = {"throttles", "sessions.seen_at"}
PARTS_OF_COMPLETE = [
    "mfa.attempts.rules.spend",
    "mfa.accounts.rules.advance",
    "mfa.two_step.rules.insert_if_absent",
    "mfa.two_step.rules._insert_codes",
    "mfa.mail.outbox.post",
    "mfa.sessions.rules.end_all",
    "mfa.sessions.rules.renew",
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


# A process of its own, which kills itself before its Nth statement: no handler runs, nothing is flushed.
_DYING = textwrap.dedent(
    """
    import os, signal, sys
    from datetime import datetime, timezone
    from sqlalchemy import event
    from mfa import clock, create_app
    from mfa.extensions import db
    from tests.conftest import SETTINGS

    instance, server_name, mail_port, at, cookie, token, pending, fatal = sys.argv[1:]
    clock.install(lambda: datetime.fromtimestamp(float(at), timezone.utc))
    app = create_app({
        **SETTINGS, "INSTANCE_PATH": instance, "SERVER_NAME": server_name, "MAIL_SERVER": "127.0.0.1",
        "MAIL_PORT": int(mail_port), "MAIL_WORKER": "none",
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
    client.set_cookie("session", cookie, domain="127.0.0.1")
    client.post("/account/two-step/enroll/recovery",
                data={"saved": "y", "csrf_token": token, "pending": pending})
    """
)


def test_killed_before_any_statement_of_complete_it_is_all_or_nothing(mina: Person, engine: Engine) -> None:
    mina.begin().verify_email().scan().enter_code()
    mina.app.extensions["mail_worker"].stop()
    before = dump(engine, without=MAY_CHANGE)
    fields = mina.hidden("/account/two-step/enroll/recovery")
    config = mina.app.config
    arguments = [
        str(Path(mina.app.instance_path)),
        config["SERVER_NAME"],
        str(config["MAIL_PORT"]),
        str(mina.clock.seconds),
        mina.cookie(),
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
    kept = dump(engine)
    assert kept.count("authenticators:") == 1
    assert kept.count("recovery_codes:") == 10
    assert kept.count("outbox: (") == 1
    assert read_cookie(mina.cookie())["enrollment"]["id"] in kept
