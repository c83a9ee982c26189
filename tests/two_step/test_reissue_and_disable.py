"""Reissue and disable."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from tests.support.clock import Clock
from tests.support.database import dump
from tests.support.person import PASSWORD, Person, entered
from tests.support.smtp import Inbox

CODES = "/account/two-step/reissue/recovery-codes"


def complete_reissue(person: Person, **data: str) -> str:
    return person.post(CODES, {"saved": "y", **data}, follow_redirects=True).text


# Reissue


def test_reissue_shows_ten_new_codes(protected: Person) -> None:
    protected.prove_password("reissue")
    assert len(set(protected.shown_codes())) == 10
    assert not set(protected.shown_codes()) & set(protected.recovery_codes)


def test_the_old_codes_work_until_complete(protected: Person) -> None:
    protected.prove_password("reissue")
    protected.sign_out()
    protected.sign_in()
    assert entered(protected.verify_recovery_code(protected.recovery_codes[0]))


def test_the_old_codes_never_work_after_complete(protected: Person) -> None:
    protected.prove_password("reissue")
    new = protected.shown_codes()
    assert "Your new recovery codes are active." in complete_reissue(protected)
    protected.sign_out()
    protected.sign_in()
    for old in protected.recovery_codes[:2]:
        assert protected.verify_recovery_code(old).status_code == 422
    assert entered(protected.verify_recovery_code(new[0]))


def test_reissue_fills_the_set_up_again(protected: Person) -> None:
    protected.sign_out()
    protected.sign_in()
    protected.verify_recovery_code(protected.recovery_codes[0])
    assert "9 of 10 recovery codes left" in protected.get("/account/two-step").text
    protected.prove_password("reissue")
    assert "10 of 10 recovery codes left" in complete_reissue(protected)


def test_reissue_is_refused_without_the_tick(protected: Person) -> None:
    protected.prove_password("reissue")
    response = protected.post(CODES)
    assert response.status_code == 422
    assert "Save the codes first, then tick this box." in response.text


def test_a_reissue_that_is_left_changes_nothing(protected: Person, engine: Engine) -> None:
    without = {"mfa_throttles", "sessions", "mfa_outbox"}
    before = dump(engine, without=without)
    protected.prove_password("reissue")
    protected.get("/account/two-step")
    assert dump(engine, without=without) == before


def test_the_file_of_a_reissue_has_the_new_codes(protected: Person) -> None:
    protected.prove_password("reissue")
    codes = protected.shown_codes()
    lines = protected.get("/account/two-step/reissue/recovery-codes.txt").text.split("\r\n")
    assert [line for line in lines if line in codes] == codes


def test_the_owner_is_told_by_mail_of_a_reissue(protected: Person, inbox: Inbox) -> None:
    protected.prove_password("reissue")
    complete_reissue(protected)
    assert "If this was not you" in inbox.wait_for("recovery codes were reissued").text


def test_a_rewound_cookie_does_not_reissue_again(protected: Person) -> None:
    protected.prove_password("reissue")
    cookie, page = protected.cookie(), protected.page
    complete_reissue(protected)
    protected.put_cookie(cookie)
    protected.page = page
    assert protected.post(CODES, {"saved": "y"}).status_code == 409


def test_complete_pressed_again_after_its_answer_was_lost_says_that_it_was_done(protected: Person) -> None:
    protected.prove_password("reissue")
    cookie, page = protected.cookie(), protected.page
    complete_reissue(protected)
    protected.put_cookie(cookie)
    protected.page = page
    assert (
        "Your change was made, and was not made a second time." in protected.post(CODES, {"saved": "y"}).text
    )


# The password that opens them


@pytest.mark.parametrize("purpose", ["reissue", "disable"])
def test_a_wrong_password_opens_nothing(protected: Person, purpose: str) -> None:
    response = protected.prove_password(purpose, "not my password at all")
    assert response.status_code == 422
    assert "That is not your current password." in response.text


@pytest.mark.parametrize("purpose", ["reissue", "disable"])
def test_wrong_passwords_count_like_those_at_sign_in(
    protected: Person, purpose: str, make_person: Callable[..., Person]
) -> None:
    thief = make_person()
    thief.put_cookie(protected.cookie())
    for _ in range(5):
        thief.prove_password(purpose, "not my password at all")
    assert thief.prove_password(purpose).status_code == 429
    assert make_person().sign_in().status_code == 429


def test_the_proof_of_one_purpose_is_none_of_the_other(protected: Person) -> None:
    protected.prove_password("reissue")
    assert protected.get("/account/two-step/disable/verify").status_code == 409


@pytest.mark.parametrize(
    ("purpose", "step"), [("reissue", CODES), ("disable", "/account/two-step/disable/verify")]
)
def test_the_proof_ends_after_five_minutes(protected: Person, clock: Clock, purpose: str, step: str) -> None:
    protected.prove_password(purpose)
    clock.advance(minutes=4, seconds=59)
    assert protected.get(step).status_code == 200
    clock.advance(seconds=1)
    response = protected.get(step)
    assert response.status_code == 409
    assert "The time for this step is over" in response.text


@pytest.mark.parametrize("purpose", ["reissue", "disable"])
def test_there_is_nothing_to_open_while_it_is_off(mina: Person, purpose: str) -> None:
    response = mina.get(f"/account/two-step/{purpose}")
    assert response.status_code == 409
    assert "2-step verification is off" in response.text
    assert "There is nothing to do here while it is off." in response.text


@pytest.mark.parametrize("purpose", ["reissue", "disable"])
def test_a_password_that_was_changed_meanwhile_ends_it(
    protected: Person, purpose: str, make_person: Callable[..., Person], clock: Clock
) -> None:
    protected.prove_password(purpose)
    page = protected.page
    protected.get("/account/password")
    protected.post(
        "/account/password",
        {"current_password": PASSWORD, "new_password": "seven boats under glass"},
    )
    protected.page = page
    response = (
        protected.post(CODES, {"saved": "y"})
        if purpose == "reissue"
        else protected.disable(code=protected.next_code())
    )
    assert response.status_code == 409
    assert "Your account was changed" in response.text
    assert protected.two_step_is_on()


# Disable


def test_a_code_of_the_app_disables(protected: Person) -> None:
    protected.prove_password("disable")
    response = protected.disable(code=protected.next_code())
    assert "2-step verification is off" in response.text


def test_a_recovery_code_disables(protected: Person) -> None:
    protected.prove_password("disable")
    response = protected.disable(factor="recovery_code", recovery_code=protected.recovery_codes[9].lower())
    assert "2-step verification is off" in response.text


def test_disable_leaves_nothing_of_it_in_the_database(protected: Person, engine: Engine) -> None:
    protected.prove_password("disable")
    protected.disable(code=protected.next_code())
    kept = dump(engine)
    assert "authenticators:" not in kept
    assert "recovery_codes:" not in kept


def test_a_wrong_code_does_not_disable(protected: Person) -> None:
    protected.prove_password("disable")
    assert protected.disable(code="000000").status_code == 422
    assert protected.two_step_is_on()


def test_a_code_of_the_future_tells_nothing_at_disable(protected: Person) -> None:
    protected.prove_password("disable")
    assert "That code is not right." in protected.disable(code=protected.code(seconds=600)).text


def test_wrong_codes_at_disable_count_like_those_at_sign_in(
    protected: Person, make_person: Callable[..., Person]
) -> None:
    stolen = make_person()
    stolen.put_cookie(protected.cookie())
    stolen.prove_password("disable")
    for _ in range(5):
        stolen.disable(code="000000")
    thief = make_person()
    thief.sign_in()
    assert thief.verify(protected.code(seconds=30)).status_code == 429


def test_the_doors_of_one_known_device_share_its_count(protected: Person) -> None:
    protected.prove_password("disable")
    for _ in range(5):
        protected.disable(code="000000")
    protected.sign_out()
    protected.sign_in()
    assert protected.verify(protected.code(seconds=30)).status_code == 429


def test_a_code_that_signed_in_does_not_disable(protected: Person) -> None:
    protected.sign_out()
    protected.sign_in()
    code = protected.next_code()
    protected.verify(code)
    protected.prove_password("disable")
    response = protected.disable(code=code)
    assert "This code was used already." in response.text


def test_the_empty_field_of_the_chosen_factor_is_named(protected: Person) -> None:
    protected.prove_password("disable")
    assert "Enter the 6-digit code from your app." in protected.disable(code="").text
    assert (
        "Enter one of your recovery codes."
        in protected.disable(factor="recovery_code", recovery_code="").text
    )


def test_the_owner_is_told_by_mail_and_the_others_are_signed_out(
    protected: Person, inbox: Inbox, make_person: Callable[..., Person]
) -> None:
    other = make_person()
    other.sign_in()
    other.verify(protected.next_code())
    assert other.is_signed_in()
    protected.prove_password("disable")
    protected.disable(code=protected.next_code())
    assert "If this was not you" in inbox.wait_for("2-step verification is off").text
    assert not other.is_signed_in()
    assert protected.is_signed_in()


def test_after_disable_the_password_alone_signs_in(protected: Person) -> None:
    protected.prove_password("disable")
    protected.disable(code=protected.next_code())
    protected.sign_out()
    assert entered(protected.sign_in())


def test_after_disable_it_can_be_turned_on_again_with_a_new_secret(protected: Person) -> None:
    assert protected.app_on_phone
    first = protected.app_on_phone.secret
    protected.prove_password("disable")
    protected.disable(code=protected.next_code())
    protected.clock.advance(minutes=2)
    protected.activate()
    assert protected.app_on_phone.secret != first
