"""The wizard, step by step, over HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from tests.support.clock import Clock
from tests.support.cookies import read_cookie
from tests.support.database import dump
from tests.support.person import PASSWORD, Person
from tests.support.smtp import Inbox

ENROLL = "/account/two-step/enroll"
STEPS = ("email", "scan", "code", "recovery")


def walk_to(person: Person, step: str) -> Person:
    person.begin()
    for name, act in (
        ("email", person.verify_email),
        ("scan", person.scan),
        ("code", person.enter_code),
    ):
        if name == step:
            return person
        act()
    return person


# Order


@pytest.mark.parametrize("step", STEPS[1:])
def test_a_step_can_not_be_skipped_by_its_address(mina: Person, step: str) -> None:
    mina.begin()
    response = mina.get(f"{ENROLL}/{step}", follow_redirects=True)
    assert "Verify your email" in response.text


@pytest.mark.parametrize(
    ("step", "data"),
    [("scan", {}), ("code", {"code": "123456"}), ("recovery", {"saved": "y"})],
)
def test_a_step_can_not_be_skipped_by_its_post(mina: Person, step: str, data: dict[str, str]) -> None:
    mina.begin()
    fields = mina.hidden(f"{ENROLL}/email/send")
    response = mina.post(f"{ENROLL}/{step}", {**fields, **data}, follow_redirects=True)
    assert "Verify your email" in response.text
    assert not mina.two_step_is_on()


@pytest.mark.parametrize("step", STEPS)
def test_reload_resumes_at_the_step_reached(mina: Person, step: str) -> None:
    walk_to(mina, step)
    response = mina.get(ENROLL)
    assert f"Step {STEPS.index(step) + 1} of 4" in response.text


@pytest.mark.parametrize("step", STEPS[1:])
def test_every_step_before_the_one_reached_can_be_seen_again(mina: Person, step: str) -> None:
    walk_to(mina, step)
    for earlier in STEPS[: STEPS.index(step)]:
        assert f"Step {STEPS.index(earlier) + 1} of 4" in mina.get(f"{ENROLL}/{earlier}").text


def test_going_back_keeps_the_same_secret(mina: Person) -> None:
    walk_to(mina, "code")
    first = mina.app_on_phone
    mina.get(f"{ENROLL}/scan")
    mina.scan()
    assert first and mina.app_on_phone
    assert mina.app_on_phone.secret == first.secret


def test_a_step_without_an_enrollment_says_that_it_has_ended(mina: Person) -> None:
    response = mina.get(f"{ENROLL}/scan")
    assert response.status_code == 409
    assert "This step has ended" in response.text


def test_a_get_of_the_wizard_begins_nothing(mina: Person) -> None:
    mina.get(ENROLL)
    mina.get(f"{ENROLL}/email")
    assert "pending" not in read_cookie(mina.cookie())


# Two windows


def test_starting_over_makes_the_other_windows_step_stale(mina: Person) -> None:
    walk_to(mina, "scan")
    first_window = mina.page
    mina.begin()
    mina.page = first_window
    response = mina.post(f"{ENROLL}/scan")
    assert response.status_code == 409
    assert "You started it over in another window." in response.text


def test_the_window_that_started_over_goes_on(mina: Person, clock: Clock) -> None:
    walk_to(mina, "scan")
    clock.advance(minutes=1)
    first_window = mina.page
    mina.begin()
    second_window = mina.page
    mina.page = first_window
    mina.post(f"{ENROLL}/scan")
    mina.page = second_window
    assert "Step 2 of 4" in mina.verify_email().page


def test_a_stale_step_offers_to_begin_again(mina: Person) -> None:
    response = mina.get(f"{ENROLL}/scan")
    assert "Activate 2-Step Verification" in response.text


# Time


def test_an_enrollment_ends_after_fifteen_minutes(mina: Person, clock: Clock) -> None:
    walk_to(mina, "recovery")
    clock.advance(minutes=15)
    response = mina.complete()
    assert response.status_code == 409
    assert "The time for this step is over" in response.text
    assert not mina.two_step_is_on()


def test_an_enrollment_can_be_completed_after_fourteen_minutes(mina: Person, clock: Clock) -> None:
    walk_to(mina, "recovery")
    clock.advance(minutes=14, seconds=59)
    assert mina.complete().status_code == 200
    assert mina.two_step_is_on()


def test_the_password_is_asked_for_when_its_last_proof_is_too_old(mina: Person, clock: Clock) -> None:
    clock.advance(minutes=15)
    mina.begin()
    assert "Confirm it is you" in mina.page
    response = mina.post(f"{ENROLL}/password", {"password": PASSWORD}, follow_redirects=True)
    assert "Step 1 of 4" in response.text


def test_a_wrong_password_does_not_open_the_wizard(mina: Person, clock: Clock) -> None:
    clock.advance(minutes=15)
    mina.begin()
    response = mina.post(f"{ENROLL}/password", {"password": "not my password at all"})
    assert response.status_code == 422
    assert "That is not your current password." in response.text


def test_the_password_is_not_asked_for_again_soon_after_sign_up(mina: Person, clock: Clock) -> None:
    clock.advance(minutes=14)
    assert "Step 1 of 4" in mina.begin().page


# Step 1: number and link


def send(person: Person) -> None:
    person.post(f"{ENROLL}/email/send", follow_redirects=True)


def test_the_mail_has_number_and_link_in_text_and_html(mina: Person, inbox: Inbox) -> None:
    send(mina.begin())
    letter = inbox.wait_for("authentication number")
    assert letter.number in letter.html
    assert letter.link in letter.html.replace("&amp;", "&")


def test_a_wrong_number_is_refused_at_its_field(mina: Person, inbox: Inbox) -> None:
    send(mina.begin())
    number = int(inbox.wait_for("authentication number").number)
    response = mina.post(f"{ENROLL}/email", {"number": f"{(number + 1) % 10**6:06}"})
    assert response.status_code == 422
    assert 'id="mfa-number-error">That is not the number in the newest mail.' in response.text


def test_a_number_with_spaces_is_taken(mina: Person, inbox: Inbox) -> None:
    send(mina.begin())
    number = inbox.wait_for("authentication number").number
    response = mina.post(f"{ENROLL}/email", {"number": f" {number[:3]} {number[3:]} "})
    assert "Step 2 of 4" in response.text


def test_a_number_ends_after_ten_minutes(mina: Person, inbox: Inbox, clock: Clock) -> None:
    send(mina.begin())
    number = inbox.wait_for("authentication number").number
    clock.advance(minutes=10)
    response = mina.post(f"{ENROLL}/email", {"number": number})
    assert response.status_code == 422
    assert "This number is no longer good." in response.text


def test_a_new_mail_ends_the_earlier_number(mina: Person, inbox: Inbox, clock: Clock) -> None:
    send(mina.begin())
    earlier = inbox.wait_for("authentication number").number
    clock.advance(seconds=30)
    send(mina)
    newer = inbox.wait_for("authentication number").number
    assert newer != earlier
    assert mina.post(f"{ENROLL}/email", {"number": earlier}).status_code == 422
    assert "Step 2 of 4" in mina.post(f"{ENROLL}/email", {"number": newer}).text


def test_a_rewound_cookie_does_not_bring_the_earlier_number_back(
    mina: Person, inbox: Inbox, clock: Clock
) -> None:
    send(mina.begin())
    earlier, rewound, page = inbox.wait_for("number").number, mina.cookie(), mina.page
    clock.advance(seconds=30)
    send(mina)
    mina.put_cookie(rewound)
    mina.page = page
    response = mina.post(f"{ENROLL}/email", {"number": earlier})
    assert "That is not the number in the newest mail." in response.text


def test_a_number_works_once_also_with_a_rewound_cookie(mina: Person, inbox: Inbox) -> None:
    send(mina.begin())
    number, rewound, page = inbox.wait_for("number").number, mina.cookie(), mina.page
    mina.post(f"{ENROLL}/email", {"number": number})
    mina.put_cookie(rewound)
    mina.page = page
    assert mina.post(f"{ENROLL}/email", {"number": number}).status_code == 422


def test_another_mail_is_sent_only_after_the_cool_down(mina: Person, inbox: Inbox) -> None:
    send(mina.begin())
    inbox.wait_for("authentication number")
    response = mina.post(f"{ENROLL}/email/send")
    assert response.status_code == 429
    assert "A mail was sent a moment ago. Try again in 30 seconds." in response.text
    assert inbox.take_all() == []


def test_starting_over_does_not_shorten_the_cool_down(mina: Person) -> None:
    send(mina.begin())
    response = mina.begin().post(f"{ENROLL}/email/send")
    assert response.status_code == 429


def test_the_page_says_how_long_the_cool_down_lasts(mina: Person, clock: Clock) -> None:
    send(mina.begin())
    clock.advance(seconds=10)
    assert 'data-wait="20"' in mina.get(f"{ENROLL}/email").text


def test_a_mail_server_that_is_down_changes_nothing(mina: Person, inbox: Inbox, engine: Engine) -> None:
    mina.begin()
    before, cookie = dump(engine, without={"mfa_throttles"}), mina.cookie()
    inbox.stop()
    response = mina.post(f"{ENROLL}/email/send")
    assert response.status_code == 422
    assert "We could not send the mail. Try again." in response.text
    assert dump(engine, without={"mfa_throttles"}) == before
    assert mina.cookie() == cookie


def test_after_a_mail_server_that_was_down_one_may_try_at_once(mina: Person, inbox: Inbox) -> None:
    mina.begin()
    inbox.stop()
    mina.post(f"{ENROLL}/email/send")
    inbox.start()
    mina.get(f"{ENROLL}/email")
    assert mina.post(f"{ENROLL}/email/send").status_code == 200


def test_the_earlier_number_still_works_when_the_next_mail_did_not_leave(
    mina: Person, inbox: Inbox, clock: Clock
) -> None:
    send(mina.begin())
    number = inbox.wait_for("authentication number").number
    clock.advance(seconds=30)
    inbox.refusing = True
    mina.post(f"{ENROLL}/email/send")
    assert "Step 2 of 4" in mina.post(f"{ENROLL}/email", {"number": number}).text


def test_a_get_of_the_link_changes_nothing(mina: Person, inbox: Inbox, engine: Engine) -> None:
    send(mina.begin())
    path = inbox.wait_for("authentication number").path
    # The mail is taken out of the outbox after it has come.
    mina.app.extensions["mfa_mail_worker"].stop()
    before, cookie = dump(engine), mina.cookie()
    response = mina.get(path)
    assert ">Confirm</button>" in response.text
    assert (dump(engine), mina.cookie()) == (before, cookie)


def test_the_link_confirms_in_the_same_browser(mina: Person, inbox: Inbox) -> None:
    send(mina.begin())
    path = inbox.wait_for("authentication number").path
    mina.get(path)
    assert "Your email is confirmed" in mina.post(path).text
    assert "Step 2 of 4" in mina.get(ENROLL).text


def test_the_waiting_step_moves_on_when_the_link_came_back(mina: Person, inbox: Inbox) -> None:
    send(mina.begin())
    path = inbox.wait_for("authentication number").path
    assert mina.get(f"{ENROLL}/email/wait").status_code == 204
    mina.get(path)
    mina.post(path)
    response = mina.get(f"{ENROLL}/email/wait")
    assert "Step 2 of 4" in response.text
    assert response.headers["HX-Push-Url"] == f"{ENROLL}/scan"


def test_waiting_never_writes_the_cookie(mina: Person, inbox: Inbox) -> None:
    send(mina.begin())
    assert "Set-Cookie" not in mina.get(f"{ENROLL}/email/wait").headers
    path = inbox.wait_for("authentication number").path
    mina.get(path)
    mina.post(path)
    assert "Set-Cookie" not in mina.get(f"{ENROLL}/email/wait").headers


def test_the_link_in_another_browser_shows_the_number(
    mina: Person, inbox: Inbox, make_person: Callable[..., Person]
) -> None:
    send(mina.begin())
    letter = inbox.wait_for("authentication number")
    assert f'<p class="number" translate="no">{letter.number}</p>' in make_person().get(letter.path).text


def test_the_link_posted_in_another_browser_brings_the_wizard_no_further(
    mina: Person, inbox: Inbox, make_person: Callable[..., Person]
) -> None:
    send(mina.begin())
    path = inbox.wait_for("authentication number").path
    other = make_person(htmx=False)
    other.get("/sign-in")
    other.post(path)
    assert "Step 1 of 4" in mina.get(ENROLL).text


def test_a_link_works_once(mina: Person, inbox: Inbox) -> None:
    send(mina.begin())
    path = inbox.wait_for("authentication number").path
    mina.get(path)
    page = mina.page
    mina.post(path)
    mina.page = page
    assert mina.post(path).status_code == 410


def test_a_link_of_an_earlier_mail_has_ended(mina: Person, inbox: Inbox, clock: Clock) -> None:
    send(mina.begin())
    path = inbox.wait_for("authentication number").path
    clock.advance(seconds=30)
    send(mina)
    assert mina.get(path).status_code == 410


# Step 2 and 3: the app


def test_the_key_is_shown_in_groups_of_four(mina: Person) -> None:
    walk_to(mina, "scan")
    groups = re.findall(r"<span>([A-Z2-7]{4})</span>", mina.page)
    mina.scan()
    assert mina.app_on_phone
    assert "".join(groups) == mina.app_on_phone.secret


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-420, "about 7 minutes slow"), (420, "about 7 minutes fast"), (-60, "about 1 minute slow")],
)
def test_a_code_of_another_time_tells_that_the_clock_is_off(mina: Person, seconds: int, words: str) -> None:
    walk_to(mina, "scan").scan()
    response = mina.post(f"{ENROLL}/code", {"code": mina.code(seconds=seconds)})
    assert response.status_code == 422
    assert words in response.text


def test_wrong_codes_are_counted_in_the_wizard_too(mina: Person) -> None:
    walk_to(mina, "scan").scan()
    for _ in range(5):
        mina.post(f"{ENROLL}/code", {"code": mina.code(seconds=420)})
    response = mina.post(f"{ENROLL}/code", {"code": mina.code()})
    assert response.status_code == 429
    assert "Try again in 30 seconds." in response.text


# Step 4: save and complete


def test_ten_codes_are_shown(mina: Person) -> None:
    walk_to(mina, "recovery")
    assert len(set(mina.recovery_codes)) == 10


def test_the_file_has_each_code_on_a_line_of_its_own(mina: Person) -> None:
    walk_to(mina, "recovery")
    response = mina.get(f"{ENROLL}/recovery-codes.txt")
    lines = response.text.split("\r\n")
    assert [line for line in lines if line in mina.recovery_codes] == mina.recovery_codes
    assert response.headers["Cache-Control"] == "no-store"


def test_the_file_exists_only_while_its_step_is_open(mina: Person) -> None:
    walk_to(mina, "code")
    assert "recovery codes" not in mina.get(f"{ENROLL}/recovery-codes.txt").text
    mina.get(f"{ENROLL}/code")
    mina.enter_code().complete()
    assert mina.get(f"{ENROLL}/recovery-codes.txt").status_code == 409


def test_complete_is_refused_without_the_tick(mina: Person) -> None:
    walk_to(mina, "recovery")
    response = mina.post(f"{ENROLL}/recovery")
    assert response.status_code == 422
    assert "Save the codes first, then tick this box." in response.text
    assert not mina.two_step_is_on()


def test_complete_tells_the_owner_by_mail(mina: Person, inbox: Inbox) -> None:
    mina.activate()
    letter = inbox.wait_for("2-step verification is on")
    assert letter.recipients == ["mina.park@example.com"]
    assert "If this was not you" in letter.text


def test_complete_signs_the_other_sessions_out(mina: Person, make_person: Callable[..., Person]) -> None:
    other = make_person()
    other.sign_in()
    assert other.is_signed_in()
    mina.activate()
    assert not other.is_signed_in()
    assert mina.is_signed_in()


def test_after_complete_the_steps_are_gone(mina: Person) -> None:
    mina.activate()
    for step in STEPS:
        response = mina.get(f"{ENROLL}/{step}")
        assert response.status_code == 409
        assert "2-step verification is on already" in response.text


def test_complete_pressed_twice_does_it_once(mina: Person, engine: Engine) -> None:
    walk_to(mina, "recovery")
    page = mina.page
    mina.complete()
    before = dump(engine, without={"mfa_outbox"})
    mina.page = page
    assert mina.complete().status_code == 409
    assert dump(engine, without={"mfa_outbox"}) == before


# Abandoning


def test_a_canceled_enrollment_can_not_be_completed_with_an_old_cookie(mina: Person) -> None:
    walk_to(mina, "recovery")
    cookie, page = mina.cookie(), mina.page
    mina.post(f"{ENROLL}/cancel", follow_redirects=True)
    mina.put_cookie(cookie)
    mina.page = page
    assert mina.complete().status_code == 409
    assert not mina.two_step_is_on()
