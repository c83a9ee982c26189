"""The way back without codes and without anybody: password and mailbox begin a wait that can be stopped."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from console.config import BadSetting
from console.extensions import db, two_step
from tests.email_change.test_email_change import change
from tests.recovery.steps import (
    account,
    finish,
    help_back,
    is_led_to_wizard,
    must_enroll,
    press,
    recoveries,
)
from tests.support.applications import Applications
from tests.support.clock import Clock
from tests.support.person import EMAIL, PASSWORD, Person, entered
from tests.support.product import TWO_STEP
from tests.support.smtp import Letter

Make = Callable[..., Person]
LOST = f"{TWO_STEP}/recover/lost"
DAYS = 7
BEGUN = "Somebody wants into your Twostep account without its second step"
MIDDLE = "Somebody is still waiting to get into your Twostep account"
NEAR = "Tomorrow your Twostep account opens without its second step"
READY = "The wait is over: set up 2-step verification again"


@pytest.fixture
def app(config: dict[str, Any], applications: Applications) -> Flask:
    return applications.get({**config, "RECOVERY_DAYS": DAYS, "MAIL_WORKER": "none"})


def work(app: Flask) -> None:
    """Do what a worker does: write what is due, and send it."""
    result = app.test_cli_runner().invoke(args=["mail", "deliver"])
    assert result.exit_code == 0, result.output


def ask(person: Person) -> str:
    """Come as far as the number that is mailed, and return it."""
    person.sign_in(EMAIL)
    person.get(LOST)
    assert "We sent a mail" in person.post(f"{LOST}/number").text
    return person.inbox.wait_for("Your Twostep authentication number", to=EMAIL).number


def begin(person: Person) -> Person:
    """Walk the whole way to the wait."""
    number = ask(person)
    assert "The wait has begun." in person.post(LOST, {"number": number}).text
    work(person.app)
    return person


@pytest.fixture
def waiting(protected: Person, make_person: Make) -> Person:
    """Somebody who has lost everything, in a new browser, right after the wait began."""
    protected.clock.advance(minutes=2)
    return begin(make_person(email=EMAIL))


def letter(person: Person, subject: str) -> Letter:
    work(person.app)
    return person.inbox.wait_for(subject, to=EMAIL)


def back_of(mail: Letter) -> str:
    found = re.search(r"https?://[^/]+(/\S+)", mail.text)
    assert found
    return found[1]


def to_the_end(person: Person) -> str:
    """Wait as long as it takes, with a worker at work; return the path of the link that leads back."""
    person.inbox.take_all()
    for days in (DAYS / 2, DAYS / 2 - 1, 1):
        person.clock.advance(seconds=days * 24 * 3600)
        work(person.app)
    return back_of(person.inbox.wait_for(READY, to=EMAIL))


# From the beginning to the end


def test_whole_way_back(waiting: Person, make_person: Make, protected: Person) -> None:
    back = to_the_end(waiting)
    mina = make_person(email=EMAIL)
    assert is_led_to_wizard(finish(mina, back))
    assert must_enroll(waiting.app)
    mina.clock.advance(minutes=2)
    mina.get(f"{TWO_STEP}/enroll", follow_redirects=True)
    assert "2-step verification is on." in mina.verify_email().scan().enter_code().complete().text
    assert not must_enroll(waiting.app)
    assert not protected.is_signed_in()


def test_told_at_the_beginning_in_the_middle_and_a_day_before(waiting: Person, clock: Clock) -> None:
    subjects: list[tuple[float, str]] = []
    for hours in range(0, 24 * (DAYS + 1), 12):
        work(waiting.app)
        subjects += [(hours / 24, mail.subject) for mail in waiting.inbox.take_all()]
        clock.advance(hours=12)
    ours = [(day, subject) for day, subject in subjects if subject in (BEGUN, MIDDLE, NEAR, READY)]
    assert ours == [(0, BEGUN), (3.5, MIDDLE), (6, NEAR), (7, READY)]


def test_nothing_opens_before_the_end(waiting: Person, clock: Clock) -> None:
    """Also not by a link of the last day, which is only made when its mail leaves."""
    to_the_end_but_a_second = timedelta(days=DAYS) - timedelta(seconds=1)
    clock.advance(seconds=to_the_end_but_a_second.total_seconds())
    work(waiting.app)
    assert not [mail for mail in waiting.inbox.take_all() if mail.subject == READY]


def test_link_at_the_end_is_good_for_a_day(waiting: Person, make_person: Make, clock: Clock) -> None:
    """As NIST SP 800-63B-4 §4.2.1.2 has it of a code that is mailed."""
    back = to_the_end(waiting)
    clock.advance(hours=24, seconds=-1)
    assert make_person().get(back).status_code == 200
    clock.advance(seconds=1)
    assert finish(make_person(), back).status_code == 410


def test_for_a_week_it_is_mailed_again_and_not_later(
    waiting: Person, make_person: Make, clock: Clock
) -> None:
    to_the_end(waiting)
    for days in (3, 4):
        clock.advance(days=days, seconds=-1)
        mina = make_person(email=EMAIL)
        mina.sign_in(EMAIL)
        assert "The wait is over." in mina.get(LOST).text
    clock.advance(seconds=2)
    mina = make_person(email=EMAIL)
    mina.sign_in(EMAIL)
    assert "after a wait of" in mina.get(LOST).text


def test_owner_is_told_a_day_before_also_if_the_servers_stood_still(
    waiting: Person, make_person: Make, clock: Clock
) -> None:
    waiting.inbox.take_all()
    clock.advance(days=DAYS + 5)
    assert letter(waiting, NEAR)
    assert not [mail for mail in waiting.inbox.take_all() if mail.subject == READY]
    clock.advance(hours=24)
    assert is_led_to_wizard(finish(make_person(), back_of(letter(waiting, READY))))


def test_lost_link_is_mailed_again(waiting: Person, make_person: Make) -> None:
    to_the_end(waiting)
    mina = make_person(email=EMAIL)
    mina.sign_in(EMAIL)
    assert "The wait is over." in mina.get(LOST).text
    mina.post(f"{LOST}/number")
    assert is_led_to_wizard(finish(make_person(), back_of(letter(waiting, READY))))


# What stops it


@pytest.mark.parametrize("subject", [BEGUN, MIDDLE, NEAR, READY])
def test_each_mail_stops_it_by_one_press(
    waiting: Person, make_person: Make, clock: Clock, subject: str
) -> None:
    if subject != BEGUN:
        for days in (DAYS / 2, DAYS / 2 - 1, 1):
            clock.advance(seconds=days * 24 * 3600)
            work(waiting.app)
            if any(subject == one.subject for one in waiting.inbox._letters):
                break
    mail = waiting.inbox.wait_for(subject, to=EMAIL)
    (stop,) = set(re.findall(r"https?://[^/]+(/\S+/stop/\S+)", mail.text))
    assert "It was stopped" in press(make_person(), stop).text
    assert recoveries(waiting.app)[0].stopped_at == clock()
    clock.advance(days=30)
    work(waiting.app)
    assert READY not in [one.subject for one in waiting.inbox.take_all()]


def test_address_before_a_change_that_can_be_undone_is_told_each_time(
    protected: Person, make_person: Make, clock: Clock
) -> None:
    new = "minas.thief@example.com"
    clock.advance(minutes=2)
    change(protected, new, factor="code", code=protected.next_code())
    work(protected.app)
    clock.advance(minutes=2)
    thief = make_person(email=new)
    thief.sign_in(new)
    thief.get(LOST)
    thief.post(f"{LOST}/number")
    number = thief.inbox.wait_for("Your Twostep authentication number", to=new).number
    thief.post(LOST, {"number": number})
    assert "/recover/stop/" in letter(protected, BEGUN).path
    clock.advance(seconds=DAYS / 2 * 24 * 3600)
    assert "/recover/stop/" in letter(protected, MIDDLE).path
    clock.advance(seconds=(DAYS / 2 - 1) * 24 * 3600)
    assert "It was stopped" in press(make_person(), letter(protected, NEAR).path).text


def test_known_device_is_told_at_the_second_step_and_stops_it(waiting: Person, protected: Person) -> None:
    protected.sign_out()
    assert "This wasn’t me" in protected.sign_in(EMAIL).text
    protected.post(f"{TWO_STEP}/recover/stop")
    assert recoveries(waiting.app)[0].stopped_at


def test_second_step_stops_it(waiting: Person, protected: Person, make_person: Make) -> None:
    other = make_person(email=EMAIL)
    other.sign_in(EMAIL)
    assert entered(other.verify(protected.next_code()))
    assert recoveries(waiting.app)[0].stopped_at
    assert "I have lost everything" in make_person().sign_in(EMAIL).text


def test_second_step_after_the_end_stops_it_too(
    waiting: Person, protected: Person, make_person: Make
) -> None:
    back = to_the_end(waiting)
    other = make_person(email=EMAIL)
    other.sign_in(EMAIL)
    assert entered(other.verify(protected.next_code()))
    assert finish(make_person(), back).status_code == 410


def test_open_session_shows_it_and_stops_it(waiting: Person, protected: Person) -> None:
    protected.get("/", headers={"HX-Request": ""})
    assert "This wasn’t me" in protected.page
    protected.post(f"{TWO_STEP}/recover/stop")
    assert recoveries(waiting.app)[0].stopped_at


def test_change_of_the_password_ends_it(
    waiting: Person, protected: Person, make_person: Make, clock: Clock
) -> None:
    protected.get("/account/password")
    protected.post(
        "/account/password", {"current_password": PASSWORD, "new_password": "a quite different sentence"}
    )
    clock.advance(days=DAYS + 1)
    work(waiting.app)
    assert not {MIDDLE, NEAR, READY} & {one.subject for one in waiting.inbox.take_all()}


def test_switched_off_it_opens_nothing(
    waiting: Person, make_person: Make, config: dict[str, Any], applications: Applications
) -> None:
    back = to_the_end(waiting)
    other = applications.get({**config, "MAIL_WORKER": "none"})
    late = make_person()
    late.app, late.client = other, other.test_client()
    assert finish(late, back).status_code == 410


# What begins it


def test_wrong_password_begins_nothing(protected: Person, make_person: Make) -> None:
    stranger = make_person(email=EMAIL)
    stranger.sign_in(EMAIL, "not it at all, sorry")
    assert stranger.get(LOST).headers["HX-Redirect"].startswith("/sign-in")
    press_number = stranger.post(f"{LOST}/number")
    assert press_number.headers["HX-Redirect"].startswith("/sign-in")
    assert recoveries(protected.app) == []


def test_wrong_number_begins_nothing_and_counts(protected: Person, make_person: Make, clock: Clock) -> None:
    clock.advance(minutes=2)
    thief = make_person(email=EMAIL)
    number = ask(thief)
    wrong = f"{(int(number) + 1) % 1_000_000:06}"
    assert [thief.post(LOST, {"number": wrong}).status_code for _ in range(6)] == [422] * 5 + [429]
    assert thief.post(LOST, {"number": number}).status_code == 429
    assert recoveries(protected.app) == []


def test_number_of_another_sign_in_begins_nothing(protected: Person, make_person: Make, clock: Clock) -> None:
    clock.advance(minutes=2)
    number = ask(make_person(email=EMAIL))
    thief = make_person(email=EMAIL)
    thief.sign_in(EMAIL)
    thief.get(LOST)
    assert thief.post(LOST, {"number": number}).status_code == 422
    assert recoveries(protected.app) == []


def test_second_wait_begins_nothing_beside_the_first(waiting: Person, make_person: Make) -> None:
    other = make_person(email=EMAIL)
    other.sign_in(EMAIL)
    assert "The wait has begun." in other.get(LOST).text
    other.post(f"{LOST}/number")
    other.post(LOST, {"number": "000000"})
    assert len(recoveries(waiting.app)) == 1


def begin_and_stop(person: Person) -> None:
    begin(person)
    with person.app.app_context():
        assert two_step.stop_recovery(account(person.app))
        db.session.remove()


def test_begun_and_stopped_again_and_again_has_to_wait(
    protected: Person, make_person: Make, clock: Clock
) -> None:
    """Who has password and mailbox does not fill the other addresses of the person with mails."""
    for _ in range(3):
        clock.advance(minutes=20)
        begin_and_stop(make_person(email=EMAIL))
    clock.advance(minutes=20)
    protected.inbox.take_all()
    fourth = make_person(email=EMAIL)
    fourth.sign_in(EMAIL)
    fourth.get(LOST)
    refused = fourth.post(f"{LOST}/number")
    assert (refused.status_code, "Too many attempts." in refused.text) == (429, True)
    assert protected.inbox.take_all() == []
    assert len(recoveries(protected.app)) == 3


def test_number_from_before_the_third_begins_no_fourth(
    protected: Person, make_person: Make, clock: Clock
) -> None:
    for _ in range(2):
        clock.advance(minutes=20)
        begin_and_stop(make_person(email=EMAIL))
    clock.advance(minutes=20)
    fourth = make_person(email=EMAIL)
    number = ask(fourth)
    clock.advance(minutes=1)
    begin_and_stop(make_person(email=EMAIL))
    assert "Too many attempts." in fourth.post(LOST, {"number": number}).text
    assert len(recoveries(protected.app)) == 3


def test_help_takes_the_place_of_a_wait(waiting: Person, make_person: Make) -> None:
    help_back(waiting.app)
    assert "You are being helped already" in waiting.get(LOST).text
    first, second = recoveries(waiting.app)
    assert first.stopped_at
    assert second.stopped_at is None


# The setting


def test_off_by_default(config: dict[str, Any], applications: Applications) -> None:
    assert applications.get(config).config["RECOVERY_DAYS"] == 0


def test_off_nothing_is_offered(
    protected: Person, make_person: Make, config: dict[str, Any], applications: Applications
) -> None:
    off = applications.get({**config, "MAIL_WORKER": "none"})
    stranger = make_person(email=EMAIL)
    stranger.app, stranger.client = off, off.test_client()
    assert "I have lost everything" not in stranger.sign_in(EMAIL).text
    assert stranger.get(LOST).headers["HX-Redirect"].startswith("/sign-in")


@pytest.mark.parametrize("days", [1, 2, 31, -3, 3.5, "a week", True])
def test_other_numbers_of_days_stop_the_start(
    config: dict[str, Any], applications: Applications, days: object
) -> None:
    with pytest.raises(
        BadSetting, match=r"^MFA_RECOVERY_DAYS must be a number of days, from 3 to 30, or 0\.$"
    ):
        applications.get({**config, "RECOVERY_DAYS": days})
