"""A way back that is finished, stopped and made needless at once: one of these happens, and wholly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from console.extensions import db, two_step
from mfa import accounts as adapters, clock as app_clock
from mfa.database import transaction
from mfa.here import Here
from mfa.notices import recovery_link
from mfa.notices.recovery_link import BACK, STOP
from mfa.people import recoveries, rules as people
from mfa.people.recoveries import HELP, WAIT, Plan
from mfa.recovery import rules
from tests.recovery.steps import account, help_back, links, must_enroll, recoveries as rows
from tests.support.applications import Applications
from tests.support.clock import Clock
from tests.support.crowd import AT_ONCE, at_once, copies
from tests.support.person import EMAIL, Person, entered
from tests.support.smtp import Inbox

Make = Callable[..., Person]


@pytest.fixture
def app(config: dict[str, Any], applications: Applications) -> Flask:
    return applications.get({**config, "RECOVERY_DAYS": 7})


@pytest.fixture(params=[HELP, WAIT])
def tokens(protected: Person, inbox: Inbox, request: pytest.FixtureRequest) -> tuple[str, str]:
    """Of the links of somebody who is helped, or whose wait is over: back, and to stop it."""
    if request.param == HELP:
        help_back(protected.app)
        back, stop = (path.rpartition("/")[2] for path in links(inbox))
        return back, stop
    with protected.app.app_context():
        now = app_clock.now()
        plan = Plan(WAIT, now - timedelta(days=7), now, now + timedelta(days=7))
        with transaction():
            owner = people.owner(adapters.identify(account(protected.app)))
            begun = recoveries.begin(owner, plan, Here(now))
        made = [recovery_link.token(purpose, begun, now) for purpose in (BACK, STOP)]
        db.session.remove()
    return made[0], made[1]


def finish(app: Flask, token: str) -> bool:
    here = Here(app_clock.now())
    with app.test_request_context():
        try:
            rules.finish(rules.find_open(token, here.now), here)
        except rules.LinkEnded:
            return False
        finally:
            db.session.remove()
    return True


def stop(app: Flask, token: str) -> bool:
    with app.test_request_context():
        try:
            rules.stop(token, Here(app_clock.now()))
        except rules.LinkEnded:
            return False
        finally:
            db.session.remove()
    return True


def outcome(app: Flask) -> str:
    """What has happened, wholly."""
    with app.app_context():
        is_on = two_step.is_on(account(app))
        db.session.remove()
    (recovery,) = rows(app)
    is_finished = recovery.finished_at is not None
    assert is_finished != (recovery.stopped_at is not None)
    assert (is_on, must_enroll(app)) == (not is_finished, is_finished)
    return "finished" if is_finished else "stopped"


def test_finished_and_stopped_at_once_has_one_outcome(protected: Person, tokens: tuple[str, str]) -> None:
    app, (back, stopping) = protected.app, tokens

    def act(number: int) -> tuple[str, bool]:
        return ("stopped", stop(app, stopping)) if number % 2 else ("finished", finish(app, back))

    done = [what for what, is_done in at_once(act, AT_ONCE) if is_done]
    assert done == [outcome(app)]


def test_finished_many_times_at_once_is_finished_once(protected: Person, tokens: tuple[str, str]) -> None:
    assert sum(at_once(lambda _: finish(protected.app, tokens[0]), AT_ONCE)) == 1
    assert outcome(protected.app) == "finished"


def test_second_step_and_finish_at_once_has_one_outcome(
    protected: Person, tokens: tuple[str, str], make_person: Make, clock: Clock
) -> None:
    other = make_person()
    other.sign_in(EMAIL)
    clock.advance(seconds=30)
    code = protected.code()
    halves = copies(other, make_person, 8)

    def act(number: int) -> tuple[str, bool]:
        if number < len(halves):
            return "stopped", entered(halves[number].verify(code))
        return "finished", finish(protected.app, tokens[0])

    done = {what for what, is_done in at_once(act, 16) if is_done}
    assert done == {outcome(protected.app)}


def test_helped_many_times_at_once_leaves_one_open(protected: Person) -> None:
    at_once(lambda _: help_back(protected.app), 16)
    found = rows(protected.app)
    assert len(found) == 16
    assert sum(one.stopped_at is None for one in found) == 1
