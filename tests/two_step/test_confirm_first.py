"""After a hundred wrong codes the owner confirms by mail before another one is looked at."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, literal, select

from console.extensions import db
from mfa.attempts import rules as attempts
from mfa.database import transaction
from tests.support.clock import Clock
from tests.support.database import dump
from tests.support.person import Person, entered
from tests.support.smtp import Inbox


def besiege(person: Person) -> None:
    """Type a hundred wrong codes elsewhere."""
    with person.app.app_context():
        for _ in range(attempts.MOST_FAILURES):
            attempts.count("account:1", attempts.SECOND_STEP_FAILURES, person.clock())
        db.session.remove()


@pytest.fixture
def besieged(protected: Person, make_person: Callable[..., Person]) -> Person:
    """Halfway signed in at a new device, after a hundred wrong codes from elsewhere."""
    besiege(protected)
    owner = make_person()
    owner.app_on_phone, owner.recovery_codes = protected.app_on_phone, protected.recovery_codes
    owner.sign_in()
    return owner


@pytest.fixture
def known(protected: Person) -> Person:
    """Halfway signed in at a known device, after a hundred wrong codes from elsewhere."""
    besiege(protected)
    protected.sign_out()
    protected.sign_in()
    return protected


def send_link(person: Person) -> str:
    person.post("/sign-in/verify/confirm")
    return person.inbox.wait_for("Confirm that you are signing in").path


def test_the_code_is_not_asked_for(besieged: Person) -> None:
    assert "Confirm that it is you" in besieged.page
    assert 'name="code"' not in besieged.page


def test_the_code_is_still_asked_of_everybody_else(
    protected: Person, make_person: Callable[..., Person]
) -> None:
    other = make_person().sign_up("other@example.com").activate()
    besiege(protected)
    other.client = other.app.test_client()
    other.sign_in()
    assert 'name="code"' in other.page


def test_a_right_code_is_not_looked_at(besieged: Person) -> None:
    response = besieged.verify(besieged.next_code())
    assert response.status_code == 422
    assert not entered(response)


def test_the_link_lets_a_code_be_tried(besieged: Person) -> None:
    path = send_link(besieged)
    besieged.get(path)
    besieged.post(path)
    assert entered(besieged.verify(besieged.next_code()))


def test_opening_the_link_does_nothing(besieged: Person, engine: Engine) -> None:
    path = send_link(besieged)
    # The mail is taken out of the outbox after it has come.
    besieged.app.extensions["mfa_mail_worker"].stop()
    before = dump(engine)
    assert besieged.get(path).status_code == 200
    assert dump(engine) == before


def test_the_link_opens_nothing_in_another_browser(
    besieged: Person, make_person: Callable[..., Person]
) -> None:
    path = send_link(besieged)
    other = make_person()
    assert "Open this link where you sign in" in other.get(path).text
    other.post(path)
    assert not entered(besieged.verify(besieged.next_code()))


def test_a_thief_who_waits_at_the_same_page_is_not_let_in_by_the_owners_press(
    besieged: Person, make_person: Callable[..., Person]
) -> None:
    thief = make_person()
    thief.sign_in()
    path = send_link(besieged)
    besieged.get(path)
    besieged.post(path)
    assert not entered(thief.verify(besieged.next_code()))


def test_the_link_of_another_sign_in_has_ended(besieged: Person) -> None:
    path = send_link(besieged)
    besieged.sign_in()
    besieged.get(path)
    assert besieged.post(path).status_code == 410


def test_the_link_ends_after_ten_minutes(besieged: Person, clock: Clock) -> None:
    path = send_link(besieged)
    clock.advance(minutes=9)
    besieged.sign_in()
    besieged.get(path)
    clock.advance(minutes=2)
    assert besieged.post(path).status_code == 410


def test_a_right_code_ends_the_state(besieged: Person, make_person: Callable[..., Person]) -> None:
    path = send_link(besieged)
    besieged.get(path)
    besieged.post(path)
    besieged.verify(besieged.next_code())
    other = make_person()
    other.sign_in()
    assert entered(other.verify(besieged.next_code()))


def test_the_link_works_once(besieged: Person) -> None:
    path = send_link(besieged)
    besieged.get(path)
    page = besieged.page
    besieged.post(path)
    besieged.page = page
    assert besieged.post(path).status_code == 410


def test_a_link_is_not_sent_before_it_is_needed(protected: Person, inbox: Inbox) -> None:
    protected.sign_out()
    protected.sign_in()
    protected.post("/sign-in/verify/confirm")
    assert not [letter for letter in inbox.take_all() if "Confirm" in letter.subject]


def test_the_link_gives_whoever_reads_the_mailbox_no_guesses_back(
    besieged: Person, make_person: Callable[..., Person], clock: Clock
) -> None:
    """At a device that is not known: one look now, as the wait is over; then the wait is what it was."""
    with besieged.app.app_context():
        for _ in range(12):
            attempts.count("account:1", attempts.SECOND_STEP, clock())
            clock.advance(minutes=15)
        db.session.remove()
    thief = make_person()
    thief.sign_in()
    path = send_link(thief)
    thief.get(path)
    thief.post(path)
    assert [thief.verify("000000").status_code for _ in range(4)] == [422] + [429] * 3


def test_the_owner_at_a_new_device_need_not_wait_for_what_others_guessed(
    besieged: Person, make_person: Callable[..., Person], clock: Clock
) -> None:
    with besieged.app.app_context():
        for _ in range(6):
            attempts.count("account:1", attempts.SECOND_STEP, clock())
            clock.advance(seconds=60)
        attempts.count("account:1", attempts.SECOND_STEP, clock())
        db.session.remove()
    owner = make_person()
    owner.sign_in()
    path = send_link(owner)
    owner.get(path)
    owner.post(path)
    assert entered(owner.verify(besieged.next_code()))


def test_who_is_refused_here_does_not_make_the_owner_wait(
    besieged: Person, make_person: Callable[..., Person]
) -> None:
    thief, owner = make_person(), make_person()
    for person in (thief, owner):
        person.sign_in()
    path = send_link(owner)
    owner.get(path)
    owner.post(path)
    for _ in range(10):
        thief.verify("000000")
    assert entered(owner.verify(besieged.next_code()))


def test_wrong_codes_after_the_link_still_make_one_wait(besieged: Person) -> None:
    path = send_link(besieged)
    besieged.get(path)
    besieged.post(path)
    assert [besieged.verify("000000").status_code for _ in range(6)] == [422] * 5 + [429]


def test_links_are_sent_three_times_and_then_after_waits(besieged: Person, inbox: Inbox) -> None:
    statuses = []
    for _ in range(4):
        besieged.get("/sign-in/verify")
        statuses.append(besieged.post("/sign-in/verify/confirm").status_code)
    assert statuses == [200] * 3 + [429]


def test_a_dead_mail_server_is_said(besieged: Person, inbox: Inbox) -> None:
    inbox.stop()
    response = besieged.post("/sign-in/verify/confirm")
    assert response.status_code == 422
    assert "We could not send the mail." in response.text


def test_who_is_signed_in_already_is_shown_the_way(protected: Person) -> None:
    besiege(protected)
    host = protected.app.config["SERVER_NAME"].partition(":")[0]
    protected.client.set_cookie(protected.app.config["DEVICE_COOKIE_NAME"], "", domain=host)
    protected.prove_password("disable")
    response = protected.disable(code=protected.next_code())
    assert response.status_code == 422
    assert "Sign out and in again" in response.text


def test_failures_of_every_device_and_factor_count_together(
    protected: Person, make_person: Callable[..., Person], clock: Clock
) -> None:
    stranger = make_person()
    stranger.sign_in()
    stranger.verify("000000")
    stranger.verify_recovery_code("0000-0000-0000-0000")
    protected.prove_password("disable")
    protected.disable(code="000000")
    with protected.app.app_context(), transaction():
        assert db.session.scalar(select(attempts.failures_of(literal(1)))) == 3


# At a known device, which has a count of its own


def test_a_known_device_is_asked_for_the_code_and_need_not_confirm(known: Person) -> None:
    assert 'name="code"' in known.page
    assert 'name="code"' in known.get("/sign-in/verify").text
    assert entered(known.verify(known.next_code()))


def test_a_recovery_code_at_a_known_device_needs_no_confirming(known: Person) -> None:
    assert entered(known.verify_recovery_code(known.recovery_codes[0]))


def test_who_is_signed_in_at_a_known_device_is_not_stopped(protected: Person) -> None:
    besiege(protected)
    protected.prove_password("disable")
    protected.disable(code=protected.next_code())
    assert not protected.two_step_is_on()


def test_a_known_device_gives_five_guesses_beyond_the_hundred(known: Person, clock: Clock) -> None:
    assert [known.verify("000000").status_code for _ in range(5)] == [422] * 5
    clock.advance(hours=1)
    known.sign_in()
    assert "Confirm that it is you" in known.page
    assert not entered(known.verify(known.next_code()))


def test_the_link_ends_the_wait_of_the_known_device(known: Person) -> None:
    for _ in range(5):
        known.verify("000000")
    known.get("/sign-in/verify")
    path = send_link(known)
    known.get(path)
    known.post(path)
    assert entered(known.verify(known.next_code()))


def test_a_known_device_is_not_mailed_a_link_that_it_does_not_need(known: Person) -> None:
    known.inbox.take_all()
    known.post("/sign-in/verify/confirm")
    assert not [letter for letter in known.inbox.take_all() if "Confirm" in letter.subject]
