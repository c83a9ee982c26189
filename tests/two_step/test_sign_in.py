"""Sign-in's second step."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import event

from console.accounts import rules as accounts
from console.auth import password as passwords
from console.extensions import db
from mfa.database import transaction
from tests.support.clock import Clock
from tests.support.person import EMAIL, PASSWORD, Person, entered
from tests.support.smtp import Inbox


@pytest.fixture
def halfway(protected: Person) -> Person:
    """Somebody whose password was right, before the second step."""
    protected.sign_out()
    assert "2-step verification" in protected.sign_in().text
    return protected


def test_the_card_swaps_to_the_second_step_in_the_answer(protected: Person) -> None:
    protected.sign_out()
    response = protected.sign_in()
    assert response.status_code == 200
    assert "Authentication code" in response.text
    assert response.headers["HX-Push-Url"] == "/sign-in/verify"


def test_a_code_of_the_app_signs_in(halfway: Person) -> None:
    assert entered(halfway.verify(halfway.next_code()))
    assert halfway.is_signed_in()


def test_the_code_that_confirmed_the_enrollment_is_not_taken_again(halfway: Person) -> None:
    response = halfway.verify(halfway.code())
    assert response.status_code == 422
    assert "This code was used already." in response.text


def test_a_code_is_taken_once(halfway: Person, make_person: Callable[..., Person]) -> None:
    other = make_person()
    other.sign_in()
    code = halfway.next_code()
    assert entered(halfway.verify(code))
    assert "This code was used already." in other.verify(code).text


def test_a_code_of_a_step_before_the_used_one_is_not_taken(
    halfway: Person, make_person: Callable[..., Person], clock: Clock
) -> None:
    clock.advance(seconds=60)
    other = make_person()
    other.sign_in()
    earlier = halfway.code(seconds=-30)
    assert entered(halfway.verify(halfway.code()))
    assert other.verify(earlier).status_code == 422


def test_setting_the_clock_back_does_not_open_a_used_step(
    halfway: Person, make_person: Callable[..., Person], clock: Clock
) -> None:
    other = make_person()
    code = halfway.next_code()
    halfway.verify(code)
    clock.advance(seconds=-20)
    other.sign_in()
    assert other.verify(code).status_code == 422


def test_a_code_of_the_past_tells_that_the_phone_is_slow(halfway: Person) -> None:
    assert "about 7 minutes slow" in halfway.verify(halfway.code(seconds=-420)).text


def test_a_code_of_the_future_tells_nothing(halfway: Person) -> None:
    text = halfway.verify(halfway.code(seconds=420)).text
    assert "That code is not right." in text
    assert "minutes" not in text


def test_five_wrong_codes_make_one_wait(halfway: Person) -> None:
    for _ in range(5):
        assert halfway.verify("000000").status_code == 422
    response = halfway.verify(halfway.code(seconds=30))
    assert response.status_code == 429
    assert "Too many attempts. Try again in 30 seconds." in response.text


def test_the_right_code_after_the_wait_signs_in(halfway: Person, clock: Clock) -> None:
    for _ in range(5):
        halfway.verify("000000")
    clock.advance(seconds=30)
    assert entered(halfway.verify(halfway.code()))


def test_the_right_password_again_does_not_reset_the_count(halfway: Person) -> None:
    for _ in range(5):
        halfway.verify("000000")
    halfway.sign_in()
    assert halfway.verify(halfway.code(seconds=30)).status_code == 429


def test_a_half_session_ends_after_ten_minutes(halfway: Person, clock: Clock) -> None:
    clock.advance(minutes=10)
    response = halfway.verify(halfway.code())
    assert response.headers["HX-Redirect"] == "/sign-in?ended=sign-in"
    assert not halfway.is_signed_in()


def test_a_half_session_works_once(halfway: Person, clock: Clock) -> None:
    cookie, page = halfway.cookie(), halfway.page
    halfway.verify(halfway.next_code())
    halfway.put_cookie(cookie)
    halfway.page = page
    assert halfway.verify(halfway.next_code()).headers["HX-Redirect"] == "/sign-in?ended=sign-in"
    assert not halfway.is_signed_in()


@pytest.mark.parametrize(
    "url",
    [
        "/",
        "/account/profile",
        "/account/password",
        "/account/two-step",
        "/account/two-step/disable",
        "/account/two-step/reissue",
    ],
)
def test_a_half_session_opens_nothing_but_the_second_step(halfway: Person, url: str) -> None:
    response = halfway.get(url, headers={"HX-Request": ""})
    assert response.status_code == 303
    assert response.headers["Location"].startswith("/sign-in?")


def test_a_half_session_dies_with_a_password_change(
    halfway: Person, make_person: Callable[..., Person], clock: Clock
) -> None:
    owner = make_person()
    owner.app_on_phone = halfway.app_on_phone
    owner.sign_in()
    owner.verify(halfway.next_code())
    owner.get("/account/password")
    owner.post(
        "/account/password",
        {"current_password": PASSWORD, "new_password": "seven boats under glass"},
    )
    assert halfway.verify(halfway.next_code()).headers["HX-Redirect"] == "/sign-in?ended=sign-in"


# Recovery codes


def test_a_recovery_code_signs_in_and_says_how_many_are_left(halfway: Person) -> None:
    assert entered(halfway.verify_recovery_code(halfway.recovery_codes[3]))
    home = halfway.get("/", headers={"HX-Request": ""}).text
    assert "9 of 10 recovery codes left." in home
    assert 'href="/account/two-step/reissue"' in home


@pytest.mark.parametrize("written", [str.lower, lambda code: code.replace("-", " ")])
def test_a_recovery_code_is_taken_as_people_write_it(halfway: Person, written: Callable[[str], str]) -> None:
    assert entered(halfway.verify_recovery_code(written(halfway.recovery_codes[0])))


def test_a_recovery_code_works_once(halfway: Person, make_person: Callable[..., Person]) -> None:
    halfway.verify_recovery_code(halfway.recovery_codes[0])
    other = make_person()
    other.sign_in()
    response = other.verify_recovery_code(halfway.recovery_codes[0])
    assert response.status_code == 422
    assert "not right, or was used already" in response.text


def test_the_owner_is_told_by_mail_of_a_used_recovery_code(halfway: Person, inbox: Inbox) -> None:
    halfway.verify_recovery_code(halfway.recovery_codes[0])
    assert "9 of your recovery codes are left" in inbox.wait_for("A recovery code was used").text


def test_the_recovery_code_of_another_account_is_not_taken(
    halfway: Person, make_person: Callable[..., Person]
) -> None:
    other = make_person().sign_up("other@example.com").activate()
    assert halfway.verify_recovery_code(other.recovery_codes[0]).status_code == 422


def test_a_recovery_code_is_nothing_without_the_password(
    protected: Person, make_person: Callable[..., Person]
) -> None:
    stranger = make_person()
    response = stranger.post(
        "/sign-in/verify?factor=recovery", {"recovery_code": protected.recovery_codes[0]}
    )
    assert response.status_code == 400
    assert not stranger.is_signed_in()


def test_wrong_recovery_codes_count_with_wrong_codes_of_the_app(halfway: Person) -> None:
    for _ in range(5):
        halfway.verify_recovery_code("0000-0000-0000-0000")
    halfway.get("/sign-in/verify")
    assert halfway.verify(halfway.code(seconds=30)).status_code == 429


# The password's step


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(
    mina: Person, make_person: Callable[..., Person]
) -> None:
    known, unknown = make_person(), make_person()
    first = known.sign_in(EMAIL, "not my password at all")
    second = unknown.sign_in("nobody@example.com", "not my password at all")
    assert first.status_code == second.status_code == 422
    assert "The e-mail address or the password is not right." in first.text
    own = re.compile(r'(hx-nonce|value)="[^"]*"')  # what differs between any two answers, and the address
    assert own.sub("", first.text) == own.sub("", second.text)


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
def test_after_five_wrong_passwords_any_address_waits(
    mina: Person, make_person: Callable[..., Person], email: str
) -> None:
    stranger = make_person()
    for _ in range(5):
        assert stranger.sign_in(email, "not my password at all").status_code == 422
    response = stranger.sign_in(email, PASSWORD)
    assert response.status_code == 429
    assert "Try again in 30 seconds." in response.text


@pytest.mark.parametrize("email", ["MINA.PARK@EXAMPLE.COM", " mina.park@example.com "])
def test_the_address_is_found_in_any_case(
    mina: Person, make_person: Callable[..., Person], email: str
) -> None:
    assert entered(make_person().sign_in(email))


@pytest.mark.parametrize(
    ("target", "destination"),
    [
        ("/account/password", "/account/password"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/日本", "/"),  # no header holds it
        ("/" + "a" * 600, "/"),  # and no cookie that
    ],
)
def test_next_leads_only_to_a_path_of_this_site(
    mina: Person, make_person: Callable[..., Person], target: str, destination: str
) -> None:
    other = make_person()
    other.get("/sign-in")
    response = other.post("/sign-in", {"email": EMAIL, "password": PASSWORD, "next": target})
    assert response.headers["HX-Redirect"] == destination


def test_the_longest_next_does_not_make_the_cookie_too_long(protected: Person) -> None:
    protected.sign_out()
    protected.get("/sign-in")
    protected.post("/sign-in", {"email": EMAIL, "password": PASSWORD, "next": "/" + "a" * 511})
    assert len(protected.cookie()) < 2048
    response = protected.verify(protected.next_code())
    assert response.headers["HX-Redirect"] == "/" + "a" * 511


def test_a_right_password_at_the_moment_of_another_change_is_not_called_wrong(
    mina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    mina.sign_out()
    seek = passwords.seek

    def changed_at_once(email: str) -> passwords.Sought:
        sought = seek(email)
        assert sought.account
        with transaction():
            accounts.advance(sought.account)
        return sought

    with monkeypatch.context() as patch:
        patch.setattr(passwords, "seek", changed_at_once)
        assert "Your account was changed elsewhere at this moment. Try again." in mina.sign_in().text
    assert entered(mina.sign_in())


def test_sign_out_kills_every_copy_of_the_cookie(mina: Person) -> None:
    cookie = mina.cookie()
    mina.get("/", headers={"HX-Request": ""})
    mina.post("/sign-out")
    mina.put_cookie(cookie)
    assert not mina.is_signed_in()


def test_signing_in_again_in_the_same_browser_ends_the_session_before(mina: Person) -> None:
    cookie = mina.cookie()
    mina.get("/account/profile")
    token = mina.hidden("/account/profile")
    mina.post("/sign-in", {"email": EMAIL, "password": PASSWORD, **token})
    assert mina.is_signed_in()
    mina.put_cookie(cookie)
    assert not mina.is_signed_in()


def test_a_session_ends_when_it_is_idle_for_twelve_hours(mina: Person, clock: Clock) -> None:
    clock.advance(hours=12, minutes=1)
    assert not mina.is_signed_in()


@pytest.fixture
def alone(mina: Person) -> Person:
    """Mina, while nothing else writes: only then is it certain that a request stores that she was seen."""
    mina.app.extensions["mfa_mail_worker"].stop()
    return mina


def test_a_session_that_is_used_goes_on(alone: Person, clock: Clock) -> None:
    for _ in range(3):
        clock.advance(hours=11)
        assert alone.is_signed_in()


def test_a_session_ends_after_thirty_days_however_much_it_is_used(alone: Person, clock: Clock) -> None:
    for _ in range(30 * 24 // 10):
        clock.advance(hours=10)
        alone.is_signed_in()
    clock.advance(hours=1)
    assert not alone.is_signed_in()


@pytest.mark.parametrize("idle", [60, 240, 600])
def test_a_session_that_is_used_goes_on_however_short_its_idle_time(
    alone: Person, clock: Clock, idle: int
) -> None:
    box = alone.app.extensions["twostep"]
    alone.app.extensions["twostep"] = replace(box, session_idle=idle)
    for _ in range(6):
        clock.advance(seconds=idle * 0.9)
        assert alone.is_signed_in()


def test_an_ended_session_leads_the_whole_window_to_sign_in(mina: Person, clock: Clock) -> None:
    clock.advance(days=1)
    response = mina.get("/account/two-step", headers={"HX-Current-URL": "http://x/account/two-step"})
    assert response.status_code == 401
    assert response.headers["HX-Redirect"] == "/sign-in?next=/account/two-step&ended=yes"
    assert response.text == ""


def test_a_sign_in_with_its_code_takes_19_statements_and_3_commits(app: Flask, protected: Person) -> None:
    protected.sign_out()
    asked: list[str] = []
    wrote: list[bool] = []
    here = threading.get_ident()
    with app.app_context():
        holds_rows = 0 if db.engine.dialect.name == "sqlite" else 2
        listened = event.listens_for(db.engine, "before_cursor_execute")
        # The thread that sends mails asks besides.
        listened(lambda *given: asked.append(given[2]) if threading.get_ident() == here else None)
        event.listens_for(db.engine, "commit")(
            lambda _: (
                wrote.append(not asked[-1].startswith("SELECT")) if threading.get_ident() == here else None
            )
        )
    protected.sign_in()
    protected.verify(protected.next_code())
    protected.get("/")
    assert len(asked) == 19 + holds_rows, asked
    # Where nothing but a read came before, the session gives its connection back and nothing is committed.
    assert sum(wrote) == 3
