"""The check-up: four weeks after activation the tab asks once whether the person can still get in."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import pytest
from sqlalchemy import Engine

from tests.support.clock import Clock
from tests.support.database import dump
from tests.support.person import Person, Response, entered
from tests.support.product import TWO_STEP
from tests.support.smtp import Inbox

CHECK_UP, DISMISS = f"{TWO_STEP}/check-up", f"{TWO_STEP}/check-up/dismiss"
CODES = f"{TWO_STEP}/reissue/recovery-codes"
ASKED = "Can you still get in?"
NAVIGATES = {"HX-Request": "", "Sec-Fetch-Mode": "navigate"}


def sign_in(person: Person) -> None:
    """Begin a session, after time in which the one before has ended."""
    person.sign_in()
    assert entered(person.verify(person.next_code()))


def is_asked(person: Person) -> bool:
    return ASKED in person.get(TWO_STEP).text


def prove(person: Person, code: str, factor: str = "code") -> Response:
    person.get(TWO_STEP)
    return person.post(CHECK_UP, {"factor": factor, factor: code})


@pytest.fixture
def asked(protected: Person, clock: Clock) -> Person:
    """Somebody four weeks later, signed in."""
    clock.advance(days=28)
    sign_in(protected)
    return protected


def test_it_is_asked_after_four_weeks(protected: Person, clock: Clock) -> None:
    assert not is_asked(protected)
    clock.advance(days=28, seconds=-31)
    sign_in(protected)
    assert not is_asked(protected)
    clock.advance(seconds=1)
    assert is_asked(protected)


def test_signing_in_does_not_answer_it(asked: Person) -> None:
    sign_in(asked)
    asked.sign_in()
    asked.verify_recovery_code(asked.recovery_codes[0])
    assert is_asked(asked)


def test_a_code_of_the_app_answers_it(asked: Person) -> None:
    text = prove(asked, asked.next_code()).text
    assert "It works: you can still get in." in text
    assert ASKED not in text
    assert not is_asked(asked)


def test_a_recovery_code_answers_it_and_is_used_up(asked: Person, inbox: Inbox) -> None:
    text = prove(asked, asked.recovery_codes[0], "recovery_code").text
    assert ASKED not in text
    assert "9 of 10 recovery codes left" in text
    assert "9 of your recovery codes are left" in inbox.wait_for("A recovery code was used").text


def test_it_counts_as_a_verification(asked: Person, clock: Clock) -> None:
    clock.advance(minutes=16)
    prove(asked, asked.next_code())
    assert "open sign-in only" not in asked.prove_password("reissue").text


@pytest.mark.parametrize(
    ("factor", "typed", "said"),
    [
        ("code", "000000", "That code is not right. Enter the newest code from your app."),
        ("code", "", "Enter the 6-digit code from your app."),
        ("code", "12", "Enter the 6 digits."),
        ("recovery_code", "7HQK-2M9D-XW4T-0B6R", "That recovery code is not right, or was used already."),
    ],
)
def test_a_refusal_stands_at_its_field(asked: Person, factor: str, typed: str, said: str) -> None:
    answer = prove(asked, typed, factor)
    assert answer.status_code == 422
    field = unescape(answer.text).partition(f'id="mfa-{factor}-error">')[2]
    assert field.startswith(said)
    assert "recovery codes left" in answer.text
    assert is_asked(asked)


def test_a_used_code_does_not_answer_it(asked: Person) -> None:
    assert "This code was used already." in prove(asked, asked.code()).text
    assert is_asked(asked)


def test_wrong_codes_count_like_those_at_sign_in(asked: Person) -> None:
    for _ in range(5):
        assert prove(asked, "000000").status_code == 422
    assert prove(asked, asked.code(seconds=30)).status_code == 429
    asked.sign_out()
    asked.sign_in()
    assert asked.verify(asked.code(seconds=30)).status_code == 429


def test_codes_that_open_sign_in_only_do_not_answer_it(protected: Person, clock: Clock) -> None:
    clock.advance(days=27, hours=23)
    protected.sign_in()
    protected.verify_recovery_code(protected.recovery_codes[0])
    protected.prove_password("reissue")
    codes = protected.shown_codes()
    protected.post(CODES, {"saved": "y"})
    clock.advance(hours=2)
    assert "open sign-in only" in prove(protected, codes[0], "recovery_code").text
    assert is_asked(protected)


def test_it_can_be_dismissed(asked: Person) -> None:
    asked.get(TWO_STEP)
    assert ASKED not in asked.post(DISMISS).text
    assert not is_asked(asked)


@pytest.mark.parametrize("url", [CHECK_UP, DISMISS])
def test_a_get_changes_nothing(asked: Person, engine: Engine, url: str) -> None:
    # The mail about the sign-in may be leaving just now.
    asked.app.extensions["mfa_mail_worker"].stop()
    before = dump(engine, without={"sessions"})
    for method in ("GET", "HEAD"):
        assert asked.client.open(url, method=method).status_code == 405
    assert dump(engine, without={"sessions"}) == before


@pytest.mark.parametrize("url", [CHECK_UP, DISMISS])
def test_a_post_without_its_token_changes_nothing(asked: Person, url: str) -> None:
    asked.client.post(url, data={"factor": "code", "code": asked.next_code()})
    assert is_asked(asked)


@pytest.mark.parametrize("url", [CHECK_UP, DISMISS])
def test_strangers_are_led_to_sign_in(person: Person, url: str) -> None:
    person.get("/sign-in")
    assert "/sign-in" in str(person.post(url).headers)


def test_before_it_is_asked_there_is_nothing_to_dismiss(protected: Person, clock: Clock) -> None:
    protected.get(TWO_STEP)
    protected.post(DISMISS)
    clock.advance(days=28)
    sign_in(protected)
    assert is_asked(protected)


def test_new_recovery_codes_answer_it(asked: Person) -> None:
    asked.prove_password("reissue")
    assert is_asked(asked)
    asked.prove_password("reissue")
    asked.post(CODES, {"saved": "y"})
    assert not is_asked(asked)


def test_those_of_before_do_not(protected: Person, clock: Clock) -> None:
    protected.prove_password("reissue")
    protected.post(CODES, {"saved": "y"})
    clock.advance(days=28)
    sign_in(protected)
    assert is_asked(protected)


def test_a_move_answers_it(asked: Person) -> None:
    asked.clock.advance(minutes=1)
    asked.move()
    assert not is_asked(asked)


def test_it_is_asked_again_after_another_activation(asked: Person, clock: Clock) -> None:
    asked.get(TWO_STEP)
    asked.post(DISMISS)
    asked.prove_password("disable")
    asked.disable(code=asked.next_code())
    clock.advance(minutes=2)
    asked.activate()
    assert not is_asked(asked)
    clock.advance(days=28)
    sign_in(asked)
    assert is_asked(asked)


def test_while_it_is_off_nothing_can_be_proved(mina: Person) -> None:
    mina.get(TWO_STEP)
    answer = mina.post(CHECK_UP, {"factor": "code", "code": "123456"})
    assert answer.status_code == 409
    assert "2-step verification is off" in answer.text


def test_it_blocks_nothing(asked: Person) -> None:
    asked.prove_password("disable")
    assert "2-step verification is off" in asked.disable(code=asked.next_code()).text


# Without htmx


def test_a_plain_refusal_is_shown_by_the_tab(asked: Person) -> None:
    asked.get(TWO_STEP, headers=NAVIGATES)
    answer = asked.post(CHECK_UP, {"factor": "code", "code": "000000"}, headers=NAVIGATES)
    assert (answer.status_code, answer.headers["Location"]) == (303, TWO_STEP)
    text = asked.get(TWO_STEP, headers=NAVIGATES).text
    assert "That code is not right." in text
    assert "000000" not in text
    assert "That code is not right." not in asked.get(TWO_STEP, headers=NAVIGATES).text


def test_a_plain_answer_leads_back_to_the_tab(asked: Person, make_person: Callable[..., Person]) -> None:
    asked.get(TWO_STEP, headers=NAVIGATES)
    answer = asked.post(CHECK_UP, {"factor": "code", "code": asked.next_code()}, headers=NAVIGATES)
    assert (answer.status_code, answer.headers["Location"]) == (303, TWO_STEP)
    text = asked.get(TWO_STEP, headers=NAVIGATES).text
    assert "It works: you can still get in." in text
    assert ASKED not in text
