"""Servers whose clocks differ by seconds, and a clock that was ahead and is set back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from console import create_app
from console.extensions import db
from console.sessions.models import AccountSession
from mfa.attempts import rules as attempts
from mfa.database import transaction
from tests.support.clock import Clock
from tests.support.database import dump
from tests.support.person import PASSWORD, Person, entered
from tests.support.smtp import Inbox

ENROLL = "/account/two-step/enroll"
NEW = "mina.new@example.com"


class Balancer:
    """Hands the requests to two servers in turn; the clock of the second is ahead.

    :param ahead: seconds.
    """

    def __init__(self, one: Flask, other: Flask, clock: Clock, ahead: float) -> None:
        self._servers = [(one.wsgi_app, 0.0), (other.wsgi_app, ahead)]
        self._clock, self._turn = clock, 0

    def __call__(self, environ: Any, start_response: Callable[..., Any]) -> Iterable[bytes]:
        answer, ahead = self._servers[self._turn % 2]
        self._turn += 1
        self._clock.advance(seconds=ahead)
        try:
            return list(answer(environ, start_response))
        finally:
            self._clock.advance(seconds=-ahead)

    def skip(self) -> None:
        """Leave a turn out."""
        self._turn += 1


@pytest.fixture(params=[1, 5])
def balancer(config: dict[str, Any], app: Flask, clock: Clock, request: pytest.FixtureRequest) -> Balancer:
    other = create_app({**config, "MAIL_WORKER": "none"})
    balancer = Balancer(app, other, clock, request.param)
    app.wsgi_app = balancer  # type: ignore[method-assign]
    return balancer


@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize("first", [0, 1])
def test_every_journey_passes_from_server_to_server(
    balancer: Balancer, make_person: Callable[..., Person], inbox: Inbox, first: int, htmx: bool
) -> None:
    if first:
        balancer.skip()
    mina = make_person(htmx=htmx).sign_up().activate()
    mina.sign_out()
    mina.sign_in()
    mina.get("/sign-in/verify")
    mina.verify(mina.next_code())
    assert mina.is_signed_in()
    mina.move()
    mina.prove_password("reissue")
    mina.recovery_codes = mina.shown_codes()
    mina.post("/account/two-step/reissue/recovery-codes", {"saved": "y"}, follow_redirects=True)
    mina.prove_password("disable")
    mina.disable(code=mina.next_code())
    assert not mina.two_step_is_on()
    mina.get("/account/profile/email")
    mina.post("/account/profile/email", {"email": NEW, "password": PASSWORD})
    path = inbox.wait_for("Confirm your new", to=NEW).path
    mina.get(path)
    assert mina.post(path, follow_redirects=True).status_code == 200
    assert NEW in mina.client.get("/account/profile").text


def test_a_password_proof_of_the_server_ahead_is_not_asked_for_again(
    balancer: Balancer, make_person: Callable[..., Person]
) -> None:
    mina = make_person().sign_up()
    for _ in range(2):
        balancer.skip()
        assert "Verify your email" in mina.begin().page


# A clock that was ahead


def test_wrong_passwords_of_tomorrow_make_nobody_wait_until_then(
    mina: Person, make_person: Callable[..., Person], clock: Clock
) -> None:
    stranger = make_person()
    clock.advance(days=1)
    statuses = [stranger.sign_in(password="not my password at all").status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]
    clock.advance(days=-1)
    assert entered(make_person().sign_in())


@pytest.mark.parametrize("seconds", [1, 5, 6, 60, 899, 900, 3600, 86400])
def test_no_wait_is_longer_than_the_longest_of_its_policy(app: Flask, clock: Clock, seconds: int) -> None:
    policy = attempts.SECOND_STEP
    with app.app_context():
        for _ in range(12):
            clock.advance(seconds=attempts.wait("x", policy, clock()))
            attempts.count("x", policy, clock())
        assert attempts.wait("x", policy, clock()) == policy.longest_wait
        clock.advance(seconds=-seconds)
        began = clock.seconds
        while wait := attempts.wait("x", policy, clock()):
            assert wait <= policy.longest_wait
            clock.advance(seconds=wait)
        assert clock.seconds - began <= policy.longest_wait + 5
        attempts.count("x", policy, clock())


@pytest.mark.parametrize("seconds", [0, 1, 5])
def test_a_clock_that_is_behind_by_seconds_gives_no_guess(app: Flask, clock: Clock, seconds: int) -> None:
    policy = attempts.SECOND_STEP
    with app.app_context():
        for _ in range(12):
            clock.advance(seconds=attempts.wait("x", policy, clock()))
            attempts.count("x", policy, clock())
        clock.advance(seconds=-seconds)
        with pytest.raises(attempts.Throttled):
            attempts.count("x", policy, clock())


def test_a_mail_of_tomorrow_does_not_hold_the_next_one_back(mina: Person, clock: Clock) -> None:
    clock.advance(days=1)
    mina.sign_in()
    mina.begin().post(f"{ENROLL}/email/send")
    clock.advance(days=-1)
    other = Person(mina.app, mina.inbox, clock)
    other.sign_in()
    other.begin()
    assert 'data-wait="0"' in other.page or "data-countdown" not in other.page
    assert other.post(f"{ENROLL}/email/send").status_code == 200


def test_a_notification_of_tomorrow_leaves_today(mina: Person, clock: Clock) -> None:
    mina.app.extensions["mfa_mail_worker"].stop()
    mina.inbox.take_all()
    clock.advance(days=1)
    mina.sign_in()
    mina.get("/account/password")
    mina.post("/account/password", {"current_password": PASSWORD, "new_password": "seven boats under glass"})
    clock.advance(days=-1)
    mina.app.test_cli_runner().invoke(args=["mail", "deliver"])
    assert mina.inbox.wait_for("password was changed")


def test_a_notification_that_waits_its_hour_waits_it(protected: Person, clock: Clock) -> None:
    protected.app.extensions["mfa_mail_worker"].stop()
    Person(protected.app, protected.inbox, clock).sign_in()
    protected.inbox.take_all()
    protected.app.test_cli_runner().invoke(args=["mail", "deliver"])
    assert not [one for one in protected.inbox.take_all() if "Somebody entered" in one.subject]


def test_a_session_seen_tomorrow_is_idle_after_twelve_hours(mina: Person, clock: Clock) -> None:
    cookie = mina.cookie()
    clock.advance(hours=11)
    assert mina.is_signed_in()
    clock.advance(hours=-11)
    mina.put_cookie(cookie)
    assert mina.is_signed_in()
    clock.advance(hours=12, minutes=1)
    assert not mina.is_signed_in()


def test_a_session_never_lasts_longer_than_its_absolute_time(mina: Person, app: Flask, clock: Clock) -> None:
    with app.app_context(), transaction():
        row = db.session.scalars(select(AccountSession)).one()
        row.expires_at = clock() + (row.expires_at - row.created_at) * 2
    assert mina.is_signed_in()
    with app.app_context():
        row = db.session.scalars(select(AccountSession)).one()
        assert row.expires_at - clock() == row.expires_at - row.created_at


def test_a_canceled_enrollment_stays_so_when_the_clock_went_on_and_back(
    mina: Person, app: Flask, engine: Engine, clock: Clock
) -> None:
    mina.begin().verify_email().scan().enter_code()
    cookie, page = mina.cookie(), mina.page
    mina.post(f"{ENROLL}/cancel")
    clock.advance(days=1)
    app.test_cli_runner().invoke(args=["mail", "deliver"])
    clock.advance(days=-1)
    mina.put_cookie(cookie)
    mina.page = page
    before = dump(engine, without={"sessions.seen_at"})
    assert "This step has ended" in mina.complete().text
    assert dump(engine, without={"sessions.seen_at"}) == before


def test_the_metrics_know_no_age_below_zero(config: dict[str, Any], inbox: Inbox, clock: Clock) -> None:
    token = "a token of the monitoring"
    app = create_app({**config, "METRICS_TOKEN": token, "MAIL_WORKER": "none"})
    clock.advance(seconds=3)
    Person(app, inbox, clock).sign_up()
    mina = Person(app, inbox, clock)
    mina.sign_in()
    clock.advance(seconds=-3)
    text = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {token}"}).text
    assert "twostep_mail_oldest_seconds 0.0" in text
