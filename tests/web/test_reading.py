"""A GET or HEAD changes nothing: neither the cookie of the session, nor a row of the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from console.extensions import db
from mfa.attempts import rules as attempts
from tests.support.addresses import address
from tests.support.clock import Clock
from tests.support.database import dump
from tests.support.person import Person
from tests.support.smtp import Inbox

MAY_CHANGE = {"sessions.seen_at"}
NEW_PASSWORD = "seven boats under glass"


def out(mina: Person, clock: Clock) -> None:
    mina.sign_out()


def idle(mina: Person, clock: Clock) -> None:
    clock.advance(hours=13)


def halfway(mina: Person, clock: Clock) -> None:
    mina.activate().sign_out()
    mina.sign_in()


def halfway_too_long(mina: Person, clock: Clock) -> None:
    halfway(mina, clock)
    clock.advance(minutes=10)


def besieged(mina: Person, clock: Clock) -> None:
    mina.activate()
    with mina.app.app_context():
        for _ in range(attempts.MOST_FAILURES):
            attempts.count("account:1", attempts.SECOND_STEP_FAILURES, clock())
        db.session.remove()
    mina.client = mina.app.test_client()
    mina.sign_in()


def signed_in(mina: Person, clock: Clock) -> None:
    mina.get("/account/profile")


def protected(mina: Person, clock: Clock) -> None:
    mina.activate()


def at_email(mina: Person, clock: Clock) -> None:
    mina.begin()


def at_number(mina: Person, clock: Clock) -> None:
    mina.begin().post("/account/two-step/enroll/email/send")


def at_scan(mina: Person, clock: Clock) -> None:
    mina.begin().verify_email()


def at_code(mina: Person, clock: Clock) -> None:
    mina.begin().verify_email().scan()


def at_recovery(mina: Person, clock: Clock) -> None:
    mina.begin().verify_email().scan().enter_code()


def enrolling_too_long(mina: Person, clock: Clock) -> None:
    at_recovery(mina, clock)
    clock.advance(minutes=15)


def moving(mina: Person, clock: Clock) -> None:
    mina.activate().begin_move()


def reissuing(mina: Person, clock: Clock) -> None:
    mina.activate().prove_password("reissue")


def disabling(mina: Person, clock: Clock) -> None:
    mina.activate().prove_password("disable")


def disabling_too_long(mina: Person, clock: Clock) -> None:
    disabling(mina, clock)
    clock.advance(minutes=5)


def about_to_move(mina: Person, clock: Clock) -> None:
    mina.activate().prove_password("move")


def changed_elsewhere(mina: Person, clock: Clock) -> None:
    reissuing(mina, clock)
    mina.get("/account/password")
    mina.post(
        "/account/password", {"current_password": "orange kettle drives north", "new_password": NEW_PASSWORD}
    )


STATES = [
    out, idle, halfway, halfway_too_long, besieged, signed_in, protected, at_email, at_number, at_scan,
    at_code, at_recovery, enrolling_too_long, moving, reissuing, disabling, disabling_too_long, about_to_move,
    changed_elsewhere,
]  # fmt: skip


def addresses(app: Flask) -> Iterator[str]:
    """One address of every route that can be read."""
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint != "static":
            yield address(rule)
    yield from ("/sign-in?next=/sign-in/verify", "/sign-in/verify?factor=recovery", "/nothing", "/sign-out")


def mailed(inbox: Inbox) -> list[str]:
    """The paths of all links that were mailed."""
    return [letter.path for letter in inbox.take_all() if "http" in letter.text]


def ask_for_every_link(mina: Person, inbox: Inbox) -> list[str]:
    """Have a link of each kind mailed, besides those of the journey so far."""
    found = mailed(inbox)
    other = Person(mina.app, inbox, mina.clock)
    for door, email in (("/sign-up", "other@example.com"), ("/forgot-password", mina.email)):
        other.get(door)
        other.post(door, {"email": email})
    mina.get("/account/profile/email")
    mina.post(
        "/account/profile/email", {"email": "new@example.com", "password": "orange kettle drives north"}
    )
    return found + mailed(inbox)


def read(client: FlaskClient, url: str) -> Iterator[list[str]]:
    """Read *url* in every way; what each answer writes of the session and the device."""
    for method, htmx in (("GET", ""), ("GET", "true"), ("HEAD", "")):
        answer = client.open(url, method=method, headers={"HX-Request": htmx}, buffered=True)
        written = answer.headers.getlist("Set-Cookie")
        yield [cookie for cookie in written if not cookie.startswith("twostep-notice=")]


@pytest.mark.slow
@pytest.mark.parametrize("state", STATES)
def test_reading_any_page_in_any_state_changes_nothing(
    app: Flask, mina: Person, engine: Engine, clock: Clock, state: Callable[[Person, Clock], None]
) -> None:
    app.extensions["mfa_mail_worker"].stop()
    urls = [*addresses(app), *ask_for_every_link(mina, mina.inbox)]
    assert len(urls) > 40
    state(mina, clock)
    urls += mailed(mina.inbox)
    cookie, before = mina.cookie(), dump(engine, without=MAY_CHANGE)
    client = mina.client
    assert isinstance(client, FlaskClient)
    assert [(url, written) for url in urls for written in read(client, url) if written] == []
    assert mina.cookie() == cookie
    assert dump(engine, without=MAY_CHANGE) == before


def test_a_browser_without_a_cookie_gets_one_by_its_first_page_alone(person: Person) -> None:
    assert person.get("/sign-in").headers.getlist("Set-Cookie")
    assert not person.get("/sign-up").headers.getlist("Set-Cookie")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("url", ["/sign-in", "/sign-in/verify", "/sign-in?next=/sign-in/verify"])
def test_who_is_signed_in_is_led_from_sign_in_to_the_start(mina: Person, method: str, url: str) -> None:
    answer = mina.client.open(url, method=method)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert mina.is_signed_in()


def test_who_was_halfway_for_too_long_is_told_so(protected: Person, clock: Clock) -> None:
    protected.sign_out()
    protected.sign_in()
    clock.advance(minutes=10)
    page = protected.client.get("/sign-in/verify", follow_redirects=True).text
    assert "Your sign-in took too long or was used already. Sign in again." in page


def test_who_was_never_halfway_is_told_nothing(person: Person) -> None:
    assert person.client.get("/sign-in/verify").headers["Location"] == "/sign-in"


def test_what_an_expired_step_says_it_says_at_each_look(mina: Person, clock: Clock) -> None:
    mina.begin()
    clock.advance(minutes=15)
    for _ in range(2):
        assert "The time for this step is over" in mina.get("/account/two-step/enroll/email").text


# What is said once


def test_a_notice_is_said_once(mina: Person) -> None:
    mina.sign_out()
    assert "You are signed out." in mina.client.get("/sign-in").text
    assert "You are signed out." not in mina.client.get("/sign-in").text


def test_a_head_leaves_the_notice_for_the_page(mina: Person) -> None:
    mina.sign_out()
    mina.client.head("/sign-in")
    assert "You are signed out." in mina.client.get("/sign-in").text


def test_a_notice_keeps_its_links(protected: Person) -> None:
    protected.sign_out()
    protected.sign_in()
    protected.verify_recovery_code(protected.recovery_codes[0])
    assert '<a href="/account/two-step/reissue">' in protected.client.get("/").text


@pytest.mark.parametrize("cookie", ["", "x", "WyJ4Il0.x.y", "é"])
def test_a_forged_notice_says_nothing(person: Person, cookie: str) -> None:
    person.client.set_cookie("twostep-notice", cookie, domain="127.0.0.1")
    assert "notice__line" not in person.client.get("/sign-in").text


def test_the_longest_notice_in_the_longest_language_arrives(make_person: Callable[..., Person]) -> None:
    person = make_person(languages="ko").sign_up().activate()
    person.sign_out()
    person.sign_in()
    person.verify_recovery_code(person.recovery_codes[0])
    assert "notice__ways" in person.client.get("/", headers={"Accept-Language": "ko"}).text
