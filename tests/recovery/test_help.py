"""Help for somebody who has lost every second step: a mailed link, the password, and a new second step."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from console.extensions import db, two_step
from mfa import signals
from mfa.database import transaction
from mfa.enrollment.rules import NoReason
from mfa.recovery.rules import IsOff
from tests.email_change.test_email_change import change
from tests.organization.people import lock
from tests.recovery.steps import (
    HELPED,
    account,
    finish,
    help_back,
    is_led_to_wizard,
    links,
    must_enroll,
    press,
    recoveries,
)
from tests.support.clock import Clock
from tests.support.person import EMAIL, PASSWORD, Person, entered
from tests.support.product import TWO_STEP
from tests.support.smtp import Inbox

Make = Callable[..., Person]


@pytest.fixture
def helped(protected: Person) -> Person:
    """Somebody whose 2-step verification is on, and who was mailed the link that leads back."""
    help_back(protected.app)
    return protected


def state(person: Person) -> tuple[bool, bool]:
    """Whether a second step is on, and whether one has to be set up at once."""
    with person.app.app_context():
        is_on = two_step.is_on(account(person.app))
        db.session.remove()
    return is_on, must_enroll(person.app)


# The link that leads back


def test_password_leads_into_the_wizard_and_a_new_second_step(
    helped: Person, make_person: Make, inbox: Inbox, clock: Clock
) -> None:
    back, _ = links(inbox)
    mina = make_person()
    mina.email = EMAIL
    assert is_led_to_wizard(finish(mina, back))
    assert state(helped) == (False, True)
    clock.advance(minutes=1)
    mina.get(f"{TWO_STEP}/enroll", follow_redirects=True)
    assert "2-step verification is on." in mina.verify_email().scan().enter_code().complete().text
    assert state(helped) == (True, False)
    assert mina.get("/").status_code == 200
    assert not helped.is_signed_in()


def test_nothing_else_opens_until_the_new_second_step_is_on(
    helped: Person, make_person: Make, inbox: Inbox, clock: Clock
) -> None:
    """Nor to who signs in by the password alone, which is all that there is meanwhile."""
    finish(make_person(), links(inbox)[0])
    clock.advance(minutes=1)
    for browser in (make_person(), make_person(htmx=False)):
        browser.sign_in(EMAIL)
        for url in ("/", "/account/profile", "/account/sessions", "/account/activity"):
            assert is_led_to_wizard(browser.get(url)), url
        assert browser.get(f"{TWO_STEP}/enroll", follow_redirects=True).status_code == 200


def test_wizard_offers_no_cancel_where_nothing_else_opens(
    helped: Person, make_person: Make, inbox: Inbox, clock: Clock
) -> None:
    """Sign out stands in the head of the dialog, beside the way on."""
    mina = make_person()
    finish(mina, links(inbox)[0])
    clock.advance(minutes=16)
    mina.sign_in(EMAIL)
    clock.advance(minutes=16)
    pages = [mina.get(f"{TWO_STEP}/enroll", follow_redirects=True).text]
    assert "Your old second step was turned off." in pages[0]
    assert 'type="password"' in pages[0]
    mina.post(f"{TWO_STEP}/enroll/password", {"password": PASSWORD})
    for step in (mina.verify_email, mina.scan, mina.enter_code):
        pages += [mina.page, step().page]
    assert "Save your recovery codes" in pages[-1]
    assert [page for page in pages if "Cancel" in page or "wizard-cancel" in page] == []
    assert "Sign out" in mina.get(f"{TWO_STEP}/enroll/email", headers={"HX-Request": ""}).text


def test_opening_the_link_changes_nothing(helped: Person, make_person: Make, inbox: Inbox) -> None:
    back, _ = links(inbox)
    for _ in range(3):
        assert make_person(htmx=False).get(back).status_code == 200
    assert state(helped) == (True, False)
    assert helped.is_signed_in()


def test_wrong_password_opens_nothing_and_counts(helped: Person, make_person: Make, inbox: Inbox) -> None:
    back, _ = links(inbox)
    thief = make_person()
    answers = [finish(thief, back, "not it at all, sorry").status_code for _ in range(6)]
    assert answers == [422] * 5 + [429]
    assert finish(thief, back).status_code == 429
    assert state(helped) == (True, False)


def test_link_works_once(helped: Person, make_person: Make, inbox: Inbox) -> None:
    back, _ = links(inbox)
    assert is_led_to_wizard(finish(make_person(), back))
    assert make_person().get(back).status_code == 410
    assert finish(make_person(), back).status_code == 410


def test_link_ends_after_a_day(helped: Person, make_person: Make, inbox: Inbox, clock: Clock) -> None:
    back, stop = links(inbox)
    clock.advance(hours=24, seconds=-1)
    assert make_person().get(back).status_code == 200
    clock.advance(seconds=1)
    assert finish(make_person(), back).status_code == 410
    assert make_person().get(stop).status_code == 410
    assert state(helped) == (True, False)


def test_link_to_stop_it_is_no_link_back(helped: Person, make_person: Make, inbox: Inbox) -> None:
    back, stop = links(inbox)
    token = stop.rpartition("/")[2]
    assert make_person().get(f"{back.rpartition('/')[0]}/{token}").status_code == 410


def test_helped_again_the_earlier_link_ends(helped: Person, make_person: Make, inbox: Inbox) -> None:
    first, _ = links(inbox)
    help_back(helped.app, reason="the mail was lost")
    second, _ = links(inbox)
    assert finish(make_person(), first).status_code == 410
    assert is_led_to_wizard(finish(make_person(), second))


def test_change_of_the_password_ends_the_link(helped: Person, make_person: Make, inbox: Inbox) -> None:
    back, _ = links(inbox)
    new = "a quite different sentence"
    helped.get("/account/password")
    helped.post("/account/password", {"current_password": PASSWORD, "new_password": new})
    assert finish(make_person(), back, new).status_code == 410


def test_second_step_that_is_shown_stops_it(helped: Person, make_person: Make, inbox: Inbox) -> None:
    back, _ = links(inbox)
    other = make_person()
    other.sign_in(EMAIL)
    helped.clock.advance(seconds=30)
    assert entered(other.verify(helped.code()))
    assert finish(make_person(), back).status_code == 410
    assert "A second step was shown" in inbox.wait_for("The way into your account was closed", to=EMAIL).text


def test_locked_account_is_not_opened(helped: Person, make_person: Make, inbox: Inbox, clock: Clock) -> None:
    back, _ = links(inbox)
    lock(helped.app, EMAIL, clock())
    assert finish(make_person(), back).status_code == 410


# This wasn't me


def test_press_in_the_mail_stops_it(helped: Person, make_person: Make, inbox: Inbox) -> None:
    back, stop = links(inbox)
    reader = make_person(htmx=False)
    assert "This wasn’t me" in reader.get(stop).text
    assert recoveries(helped.app)[0].stopped_at is None
    assert "It was stopped" in reader.post(stop, follow_redirects=True).text
    assert finish(make_person(), back).status_code == 410
    assert state(helped) == (True, False)
    assert inbox.wait_for("The way into your account was closed", to=EMAIL)
    assert press(make_person(), stop).status_code == 410


def test_finished_one_is_not_stopped(helped: Person, make_person: Make, inbox: Inbox) -> None:
    back, stop = links(inbox)
    finish(make_person(), back)
    assert press(make_person(), stop).status_code == 410
    assert state(helped) == (False, True)


def test_open_session_shows_it_and_stops_it(helped: Person, make_person: Make, inbox: Inbox) -> None:
    back, _ = links(inbox)
    for url in ("/", TWO_STEP):
        assert "This wasn’t me" in helped.get(url).text, url
    helped.get("/", headers={"HX-Request": ""})
    assert helped.post(f"{TWO_STEP}/recover/stop").headers["HX-Redirect"] == "/"
    assert "Nobody can get in that way any more." in helped.get("/").text
    assert "This wasn’t me" not in helped.get("/").text
    assert finish(make_person(), back).status_code == 410


def test_second_step_page_tells_a_known_device_alone(helped: Person, make_person: Make) -> None:
    helped.sign_out()
    assert "This wasn’t me" in helped.sign_in(EMAIL).text
    helped.post(f"{TWO_STEP}/recover/stop")
    assert recoveries(helped.app)[0].stopped_at
    help_back(helped.app)
    stranger = make_person()
    assert "This wasn’t me" not in stranger.sign_in(EMAIL).text
    stranger.post(f"{TWO_STEP}/recover/stop")
    assert recoveries(helped.app)[1].stopped_at is None


def test_stranger_stops_nothing(helped: Person, make_person: Make) -> None:
    stranger = make_person()
    stranger.get("/sign-in")
    stranger.post(f"{TWO_STEP}/recover/stop")
    assert recoveries(helped.app)[0].stopped_at is None


def test_host_stops_it_once(helped: Person, inbox: Inbox) -> None:
    with helped.app.app_context():
        assert two_step.stop_recovery(account(helped.app))
        assert not two_step.stop_recovery(account(helped.app))
        db.session.remove()
    assert "The people who run" in inbox.wait_for("The way into your account was closed", to=EMAIL).text


def test_address_before_a_change_that_can_be_undone_is_told(
    protected: Person, make_person: Make, inbox: Inbox, clock: Clock
) -> None:
    """Who has stolen the account may have changed its address, and can read what is mailed there."""
    new = "minas.thief@example.com"
    change(protected, new, factor="code", code=protected.next_code())
    help_back(protected.app, email=new)
    letter = inbox.wait_for("Somebody is being helped into your Twostep account", to=EMAIL)
    assert "It was stopped" in press(make_person(), letter.path).text
    assert finish(make_person(), links(inbox, new)[0]).status_code == 410


# Who may be helped, and what is told


def test_who_has_no_second_step_needs_no_help(mina: Person) -> None:
    with pytest.raises(IsOff):
        help_back(mina.app)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "two\nlines"])
def test_reason_is_one_line_that_people_can_read(protected: Person, reason: str) -> None:
    with pytest.raises(NoReason):
        help_back(protected.app, reason=reason)


def test_signals_say_who_and_why(helped: Person, make_person: Make, inbox: Inbox) -> None:
    heard: list[tuple[str, Any]] = []

    def hear(name: str) -> Callable[..., None]:
        return lambda _app, **said: heard.append((name, said["details"]))

    listeners = {name: hear(name) for name in ("recovery_begun", "recovery_stopped", "two_step_reset")}
    for name, listener in listeners.items():
        getattr(signals, name).connect(listener)
    links(inbox)
    help_back(helped.app)
    press(make_person(), links(inbox)[1])
    help_back(helped.app)
    finish(make_person(), links(inbox)[0])
    why = {"reason": "lost the phone", "operator": "kim"}
    assert heard == [
        ("recovery_begun", {"kind": "help", **why}),
        ("recovery_stopped", {"kind": "help", "by": "owner"}),
        ("recovery_begun", {"kind": "help", **why}),
        ("two_step_reset", {"recovery": "help", **why}),
    ]


def test_activity_says_it_in_words(helped: Person, make_person: Make, inbox: Inbox) -> None:
    text = helped.get("/account/activity").text
    assert "A link that leads back without the second step was mailed: lost the phone" in text
    helped.get("/")
    helped.post(f"{TWO_STEP}/recover/stop")
    assert "Way back stopped: “This wasn’t me” was pressed" in helped.get("/account/activity").text


def test_part_of_the_hosts_transaction(protected: Person, inbox: Inbox) -> None:
    with protected.app.app_context():
        with suppress(ZeroDivisionError), transaction():
            two_step.help(account(protected.app), by="kim", reason="lost", session=db.session())
            raise ZeroDivisionError
        db.session.remove()
    assert recoveries(protected.app) == []
    help_back(protected.app)
    links(inbox)
    assert HELPED not in [letter.subject for letter in inbox.take_all()]


def test_forget_leaves_nothing_of_it(helped: Person) -> None:
    with helped.app.app_context():
        two_step.forget(account(helped.app))
        db.session.remove()
    assert recoveries(helped.app) == []


def test_persons_file_tells_of_it(helped: Person) -> None:
    helped.get("/account/profile/data")
    found = json.loads(helped.post("/account/profile/data").text)
    (told,) = found["Ways back without the second step"]
    assert (told["Reason"], told["Stopped"]) == ("lost the phone", None)
