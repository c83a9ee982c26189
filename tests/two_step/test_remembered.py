"""Remembered browsers: the second step is left out at sign-in, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from flask import Flask
from itsdangerous import URLSafeSerializer
from sqlalchemy import func, select

from console import create_app
from console.accounts.models import Account
from console.extensions import db, two_step
from mfa import clock as app_clock, tidying
from mfa.accounts import accounts
from mfa.database import transaction
from mfa.here import Here
from mfa.people import rules as people
from mfa.ring import signer
from mfa.sign_in import remembered
from mfa.sign_in.models import Challenge, RememberedBrowser
from mfa.web import cookies
from tests.support.clock import Clock
from tests.support.crowd import at_once
from tests.support.person import EMAIL, PASSWORD, TWO_STEP, Person, entered
from tests.support.smtp import Inbox

BOX = "Don’t ask again in this browser for 30 days"
OTHER = "jonas@example.com"


@pytest.fixture
def at_home(mina: Person) -> Person:
    """Somebody whose browser is remembered, and who is signed out."""
    return mina.reach("be remembered and leave", lambda person: person.activate().remember().sign_out())


@pytest.fixture
def set_days(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Changes for how many days browsers are remembered."""

    def change(days: int) -> None:
        changed = replace(app.extensions["mfa_settings"], remember_days=days)
        monkeypatch.setitem(app.extensions, "mfa_settings", changed)

    return change


def is_asked(person: Person) -> bool:
    """Sign in with the password; return True if the second step is asked for."""
    response = person.sign_in()
    asked = "Authentication code" in response.text
    assert asked != entered(response), response.text
    return asked


def rows(app: Flask) -> int:
    with app.app_context():
        found: int = db.session.scalar(select(func.count()).select_from(RememberedBrowser))
        return found


def browsers_of(app: Flask) -> list[remembered.Browser]:
    with app.app_context():
        account = db.session.scalar(select(Account).where(Account.email == EMAIL))
        assert account
        return list(remembered.of(people.owner(accounts().identify(account)), app_clock.now()))


def account(app: Flask) -> Account:
    found = db.session.scalar(select(Account).where(Account.email == EMAIL))
    assert found
    return found


# At sign-in


def test_the_box_is_there_and_not_ticked(protected: Person) -> None:
    protected.sign_out()
    text = unescape(protected.sign_in().text)
    [box] = re.findall(r'<input[^>]*name="remember_browser"[^>]*>', text)
    assert 'type="checkbox"' in box
    assert "checked" not in box
    assert BOX in text
    assert BOX in unescape(protected.get("/sign-in/verify?factor=recovery").text)


def test_without_a_tick_no_browser_is_remembered(protected: Person) -> None:
    protected.sign_out()
    protected.sign_in()
    assert entered(protected.verify(protected.next_code()))
    assert protected.remembered_cookie() is None
    assert rows(protected.app) == 0
    protected.sign_out()
    assert is_asked(protected)


def test_a_remembered_browser_is_not_asked(at_home: Person) -> None:
    assert not is_asked(at_home)
    assert at_home.is_signed_in()
    with at_home.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Challenge)) == 0


def test_a_recovery_code_with_a_tick_remembers_too(protected: Person) -> None:
    protected.sign_out()
    protected.sign_in()
    url = "/sign-in/verify?factor=recovery"
    protected.get(url)
    fields = {"recovery_code": protected.recovery_codes[0], "remember_browser": "y"}
    assert entered(protected.post(url, fields))
    protected.sign_out()
    assert not is_asked(protected)


def test_the_cookie_is_one_that_no_script_reads(protected: Person) -> None:
    protected.sign_out()
    protected.sign_in()
    fields = {"code": protected.next_code(), "remember_browser": "y"}
    response = protected.post("/sign-in/verify", fields)
    [cookie] = [one for one in response.headers.getlist("Set-Cookie") if "remembered" in one]
    assert cookie.startswith("twostep-remembered=")
    assert "; HttpOnly" in cookie
    assert "; SameSite=Lax" in cookie
    assert "; Path=/" in cookie
    assert f"; Max-Age={30 * 24 * 3600};" in cookie


def test_over_https_it_is_bound_to_the_host(config: dict[str, Any]) -> None:
    app = create_app({**config, "PREFERRED_URL_SCHEME": "https", "MAIL_WORKER": "none"})
    with app.test_request_context("/", base_url="https://127.0.0.1"):
        response = app.response_class()
        cookies.write(response, "remembered", "x", seconds=60)
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-twostep-remembered=x;")
    assert "; Secure" in cookie


def test_the_tick_stays_after_a_wrong_code(protected: Person) -> None:
    protected.sign_out()
    protected.sign_in()
    response = protected.post("/sign-in/verify", {"code": "000000", "remember_browser": "y"})
    assert response.status_code == 422
    [box] = re.findall(r'<input[^>]*name="remember_browser"[^>]*>', response.text)
    assert "checked" in box
    assert rows(protected.app) == 0


def test_the_tick_stays_after_a_wrong_code_without_script(protected: Person) -> None:
    protected.htmx = False
    protected.sign_out()
    protected.sign_in()
    response = protected.post(
        "/sign-in/verify",
        {"code": "000000", "remember_browser": "y"},
        headers={"Accept": "text/html", "Sec-Fetch-Mode": "navigate"},
    )
    assert response.status_code == 303
    page = protected.get(
        response.headers["Location"], headers={"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
    )
    [box] = re.findall(r'<input[^>]*name="remember_browser"[^>]*>', page.text)
    assert "checked" in box


# A stolen cookie alone


def test_the_cookie_without_the_password_opens_nothing(
    at_home: Person, make_person: Callable[..., Person]
) -> None:
    thief = make_person()
    thief.put_remembered_cookie(at_home.remembered_cookie() or "")
    assert not thief.is_signed_in()
    response = thief.sign_in(password="not the right one at all")
    assert response.status_code == 422
    assert not thief.is_signed_in()


def test_a_wrong_password_counts_as_elsewhere(at_home: Person) -> None:
    for _ in range(5):
        assert at_home.sign_in(password="not the right one at all").status_code == 422
    assert at_home.sign_in().status_code == 429


def test_the_cookie_of_another_person_opens_nothing(
    at_home: Person, make_person: Callable[..., Person]
) -> None:
    other = make_person(email=OTHER).sign_up(OTHER).activate()
    other.sign_out()
    other.put_remembered_cookie(at_home.remembered_cookie() or "")
    assert "Authentication code" in other.sign_in(OTHER).text
    assert not other.is_signed_in()


def test_another_browser_is_asked(at_home: Person, make_person: Callable[..., Person]) -> None:
    assert is_asked(make_person())


def test_a_changed_cookie_opens_nothing(at_home: Person) -> None:
    good = at_home.remembered_cookie() or ""
    forged = URLSafeSerializer("guessed", salt="remembered-browser").dumps({"browsers": {"x": "y"}})
    middle = len(good) // 2
    changed = good[:middle] + ("A" if good[middle] != "A" else "B") + good[middle + 1 :]
    for one in (changed, "A" + good, good[:20], "", "é" * 20, good * 9, str(forged)):
        at_home.put_remembered_cookie(one)
        assert is_asked(at_home)
    at_home.put_remembered_cookie(good)
    assert not is_asked(at_home)


def test_a_signed_cookie_of_another_shape_opens_nothing(at_home: Person, app: Flask) -> None:
    for payload in ({}, {"browsers": []}, {"browsers": {"x": 1}}, {"browsers": None}, {"ids": {}}):
        with app.app_context():
            value = _signed(payload)
        at_home.put_remembered_cookie(value)
        assert is_asked(at_home)


def _signed(payload: dict[str, Any], purpose: str = "remembered-browser") -> str:
    return signer(purpose, 3600).make(payload, app_clock.now().timestamp())


def test_a_cookie_of_another_purpose_opens_nothing(at_home: Person, app: Flask) -> None:
    with app.app_context():
        payload = remembered.Tokens.read(
            at_home.remembered_cookie() or "", _reader(), app_clock.now().timestamp()
        ).payload()
        assert payload["browsers"]
        value = _signed(payload, "device")
    at_home.put_remembered_cookie(value)
    assert is_asked(at_home)


def _reader() -> Any:
    return signer("remembered-browser", 3600)


def test_the_database_holds_no_token(at_home: Person, app: Flask) -> None:
    with app.app_context():
        found = remembered.Tokens.read(
            at_home.remembered_cookie() or "", _reader(), app_clock.now().timestamp()
        )
        [token] = found.by_person.values()
        row = db.session.scalars(select(RememberedBrowser)).one()
        assert token.encode() not in row.token_hash
        assert len(row.token_hash) == 32


# Until when


def test_after_30_days_it_is_asked_again(at_home: Person, clock: Clock) -> None:
    clock.advance(days=29, hours=23)
    assert not is_asked(at_home)
    at_home.sign_out()
    clock.advance(hours=1)
    assert is_asked(at_home)


def test_its_use_does_not_make_it_last_longer(at_home: Person, clock: Clock) -> None:
    for _ in range(3):
        clock.advance(days=9)
        assert not is_asked(at_home)
        at_home.sign_out()
    clock.advance(days=3)
    assert is_asked(at_home)


def test_fewer_days_hold_at_once(at_home: Person, clock: Clock, set_days: Callable[[int], None]) -> None:
    clock.advance(days=8)
    set_days(7)
    assert is_asked(at_home)


def test_more_days_prolong_nothing(at_home: Person, clock: Clock, set_days: Callable[[int], None]) -> None:
    set_days(60)
    clock.advance(days=31)
    assert is_asked(at_home)


def test_0_turns_it_off_and_hides_the_box(at_home: Person, set_days: Callable[[int], None]) -> None:
    set_days(0)
    response = at_home.sign_in()
    assert "Authentication code" in response.text
    assert "remember_browser" not in response.text
    fields = {"code": at_home.next_code(), "remember_browser": "y"}
    assert entered(at_home.post("/sign-in/verify", fields))
    assert rows(at_home.app) == 1
    assert "Remembered browsers" not in at_home.get(TWO_STEP).text


def test_one_day_is_one_day(protected: Person, set_days: Callable[[int], None]) -> None:
    set_days(1)
    protected.sign_out()
    assert "in this browser for 1 day<" in protected.sign_in().text


def test_a_clock_that_was_ahead_prolongs_nothing(protected: Person, clock: Clock) -> None:
    clock.advance(days=400)
    protected.remember().sign_out()
    cookie = protected.remembered_cookie() or ""
    clock.advance(days=-400)
    protected.put_remembered_cookie(cookie)
    assert is_asked(protected)


# Forgotten


def test_forgetting_one_asks_again_there_and_not_elsewhere(
    at_home: Person, make_person: Callable[..., Person], clock: Clock
) -> None:
    assert not is_asked(at_home)
    other = make_person()
    other.app_on_phone = at_home.app_on_phone
    other.sign_in()
    fields = {"code": at_home.next_code(), "remember_browser": "y"}
    assert entered(other.post("/sign-in/verify", fields))
    text = other.get(TWO_STEP).text
    assert "2 browsers do not ask for your second step." in text
    own, theirs = browsers_of(at_home.app)
    assert not own.is_here
    response = other.post(f"{TWO_STEP}/browsers/forget", {"browser": str(theirs.id)})
    assert "That browser is forgotten." in response.text
    assert "1 browser does not ask for your second step." in response.text
    at_home.sign_out()
    other.sign_out()
    assert is_asked(at_home)
    assert not is_asked(other)


def test_an_old_copy_opens_nothing_after_forgetting(at_home: Person, clock: Clock) -> None:
    old = at_home.remembered_cookie() or ""
    assert not is_asked(at_home)
    at_home.get(TWO_STEP)
    response = at_home.post(f"{TWO_STEP}/browsers/forget-all")
    assert "Every browser is forgotten." in response.text
    assert rows(at_home.app) == 0
    at_home.remember().sign_out()
    new = at_home.remembered_cookie() or ""
    at_home.put_remembered_cookie(old)
    assert is_asked(at_home)
    at_home.put_remembered_cookie(new)
    assert not is_asked(at_home)


def test_the_same_browser_remembered_again_is_one(at_home: Person) -> None:
    old = at_home.remembered_cookie() or ""
    with at_home.app.app_context(), transaction():
        people.forget_devices(account(at_home.app).person_id)
    at_home.remember().sign_out()
    assert rows(at_home.app) == 1
    at_home.put_remembered_cookie(old)
    assert is_asked(at_home)


def test_nobody_forgets_the_browser_of_another(at_home: Person, make_person: Callable[..., Person]) -> None:
    [browser] = browsers_of(at_home.app)
    other = make_person(email=OTHER).sign_up(OTHER).activate()
    other.get(TWO_STEP)
    other.post(f"{TWO_STEP}/browsers/forget", {"browser": str(browser.id)})
    other.post(f"{TWO_STEP}/browsers/forget-all")
    assert not is_asked(at_home)


@pytest.mark.parametrize("value", ["", "x", "0", "-1", "9" * 30, "1.5"])
def test_a_number_of_no_browser_is_refused(at_home: Person, value: str) -> None:
    assert not is_asked(at_home)
    at_home.get(TWO_STEP)
    assert at_home.post(f"{TWO_STEP}/browsers/forget", {"browser": value}).status_code == 400


def test_who_is_signed_out_forgets_nothing(at_home: Person) -> None:
    at_home.get("/sign-in")
    for path in ("forget", "forget-all"):
        at_home.post(f"{TWO_STEP}/browsers/{path}", {"browser": "1"})
    assert rows(at_home.app) == 1


def test_a_get_forgets_nothing(at_home: Person) -> None:
    assert not is_asked(at_home)
    for path in ("forget", "forget-all"):
        assert at_home.get(f"{TWO_STEP}/browsers/{path}").status_code == 405
    assert rows(at_home.app) == 1


def test_a_change_of_password_elsewhere_forgets_it(
    at_home: Person, make_person: Callable[..., Person]
) -> None:
    other = make_person()
    other.sign_in()
    assert entered(other.verify(at_home.next_code()))
    other.get("/account/password")
    new = "seven lazy otters swim"
    fields = {"current_password": PASSWORD, "new_password": new}
    assert other.post("/account/password", fields).status_code == 200
    assert rows(at_home.app) == 0
    assert "Authentication code" in at_home.sign_in(password=new).text


def test_a_change_of_password_that_nobody_told_of_forgets_it(at_home: Person) -> None:
    """The row is missed; its mark names the state of the account."""
    with at_home.app.app_context(), transaction():
        account(at_home.app).generation += 1
    assert rows(at_home.app) == 1
    assert browsers_of(at_home.app) == []
    assert is_asked(at_home)


def test_a_row_from_before_the_devices_were_forgotten_is_worth_nothing(at_home: Person) -> None:
    with at_home.app.app_context(), transaction():
        people.forget_devices(account(at_home.app).person_id)
    assert rows(at_home.app) == 1
    assert is_asked(at_home)


def test_a_change_of_the_second_step_that_missed_the_row_is_enough(at_home: Person) -> None:
    with at_home.app.app_context(), transaction():
        people.change(account(at_home.app).person_id, forget_devices=False)
    assert rows(at_home.app) == 1
    assert is_asked(at_home)


def test_reissued_codes_forget_it(at_home: Person) -> None:
    at_home.sign_in()
    at_home.get(f"{TWO_STEP}/reissue")
    at_home.get("/account/two-step/confirm?next=/account/two-step/reissue")
    fields = {"factor": "code", "code": at_home.next_code()}
    at_home.post("/account/two-step/confirm?next=/account/two-step/reissue", fields)
    at_home.prove_password("reissue")
    assert at_home.post(f"{TWO_STEP}/reissue/recovery-codes", {"saved": "y"}).status_code == 200
    assert rows(at_home.app) == 0
    at_home.sign_out()
    assert is_asked(at_home)


def test_a_move_forgets_it(at_home: Person) -> None:
    at_home.sign_in()
    at_home.move()
    assert rows(at_home.app) == 0
    at_home.sign_out()
    assert is_asked(at_home)


def test_turned_off_and_on_again_it_is_forgotten(at_home: Person) -> None:
    at_home.sign_in()
    at_home.prove_password("disable")
    at_home.disable(code=at_home.next_code())
    assert rows(at_home.app) == 0
    at_home.begin().verify_email().scan().enter_code().complete()
    at_home.sign_out()
    assert is_asked(at_home)


def test_signing_out_another_device_forgets_it(at_home: Person, make_person: Callable[..., Person]) -> None:
    at_home.sign_in()
    other = make_person()
    other.sign_in()
    assert entered(other.verify(at_home.next_code()))
    page = other.get("/account/sessions").text
    [number] = re.findall(r'name="session"[^>]*value="(\d+)"', page)
    assert other.post("/account/sessions/end", {"session": number}).status_code == 200
    assert rows(at_home.app) == 0
    assert is_asked(at_home)


def test_signing_out_everywhere_else_forgets_it(at_home: Person, make_person: Callable[..., Person]) -> None:
    assert not is_asked(at_home)
    other = make_person()
    other.sign_in()
    assert entered(other.verify(at_home.next_code()))
    other.get("/account/sessions")
    assert other.post("/account/sessions/end-others").status_code == 200
    assert is_asked(at_home)


def test_the_own_sign_out_forgets_nothing(at_home: Person) -> None:
    assert not is_asked(at_home)
    at_home.sign_out()
    assert not is_asked(at_home)


@pytest.mark.parametrize("command", ["sign-out", "disable-2sv", "lock"])
def test_an_operator_forgets_it(at_home: Person, command: str) -> None:
    result = at_home.app.test_cli_runner().invoke(
        args=["users", command, EMAIL, "--reason", "They asked.", "--operator", "Ann"]
    )
    assert result.exit_code == 0, result.output
    assert rows(at_home.app) == 0


def test_an_operator_forgets_the_browsers_alone(at_home: Person) -> None:
    runner = at_home.app.test_cli_runner()
    with at_home.app.app_context():
        whose = account(at_home.app).person_id
    assert "remembered browsers: 1" in runner.invoke(args=["two-step", "show", whose]).output
    shown = runner.invoke(args=["users", "show", EMAIL, "--reason", "They asked.", "--operator", "Ann"])
    assert "browsers    1 remembered" in shown.output
    assert runner.invoke(args=["two-step", "forget-browsers", whose]).output == "1 forgotten\n"
    assert runner.invoke(args=["two-step", "forget-browsers", whose]).output == "0 forgotten\n"
    assert is_asked(at_home)


def test_a_locked_account_stays_closed(at_home: Person) -> None:
    with at_home.app.app_context(), transaction():
        account(at_home.app).locked_at = app_clock.now()
    response = at_home.sign_in()
    assert not entered(response)
    assert not at_home.is_signed_in()
    assert all(one.last_used_at is None for one in browsers_of(at_home.app))


def test_a_deleted_person_leaves_none(at_home: Person) -> None:
    with at_home.app.app_context():
        two_step.forget(account(at_home.app))
    assert rows(at_home.app) == 0


def test_at_most_20_are_remembered(at_home: Person, clock: Clock) -> None:
    with at_home.app.test_request_context():
        owner = people.owner(accounts().identify(account(at_home.app)))
        for _ in range(25):
            clock.advance(minutes=1)
            remembered.remember(owner, None, Here(app_clock.now()))
    assert rows(at_home.app) == remembered.MOST_BROWSERS
    assert is_asked(at_home)


def test_what_is_over_is_deleted_in_batches(
    at_home: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mfa.database.BATCH", 2)
    with at_home.app.test_request_context():
        owner = people.owner(accounts().identify(account(at_home.app)))
        for _ in range(4):
            remembered.remember(owner, None, Here(app_clock.now()))
        assert list(remembered.forget_expired(app_clock.now())) == [0]
        clock.advance(days=31)
        assert list(remembered.forget_expired(app_clock.now())) == [2, 2, 1]
        remembered.remember(owner, None, Here(app_clock.now()))
        list(tidying.tidy())
    assert rows(at_home.app) == 1


# Several people, several presses


def test_two_people_in_one_browser_are_both_remembered(
    at_home: Person, make_person: Callable[..., Person]
) -> None:
    phone, client = at_home.app_on_phone, at_home.client
    other = make_person(email=OTHER).sign_up(OTHER).activate()
    other.sign_out()
    other.client = client
    other.remember().sign_out()
    assert not is_asked(other)
    other.sign_out()
    assert not is_asked(at_home)
    assert phone
    at_home.get(TWO_STEP)
    at_home.post(f"{TWO_STEP}/browsers/forget-all")
    at_home.sign_out()
    assert is_asked(at_home)
    assert not is_asked(other)


def test_a_browser_remembers_the_last_eight(app: Flask) -> None:
    tokens = remembered.Tokens()
    for number in range(12):
        tokens = tokens.with_person("x" * 60 + str(number), f"token{number}" + "y" * 16)
    assert tokens.of("x" * 60 + "3") is None
    assert tokens.of("x" * 60 + "4") == "token4" + "y" * 16
    with app.app_context():
        assert len(_signed(tokens.payload())) < 1024


def test_two_sign_ins_at_once_are_both_let_in(at_home: Person, make_person: Callable[..., Person]) -> None:
    twin = make_person()
    twin.put_remembered_cookie(at_home.remembered_cookie() or "")
    both = [at_home, twin]
    answers = at_once(lambda number: both[number].sign_in(), 2)
    assert all(entered(answer) for answer in answers)
    assert rows(at_home.app) == 1


def test_what_is_forgotten_at_the_last_moment_is_asked(
    at_home: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the row and its use: the conditional statement decides."""
    look = remembered._is_good

    def forget_then_look(row: Any, owner: people.Owner, now: Any) -> bool:
        with transaction():
            remembered.forget_all(owner.id)
        return look(row, owner, now)

    monkeypatch.setattr(remembered, "_is_good", forget_then_look)
    assert is_asked(at_home)


# It is no verification


def test_step_up_asks_all_the_same(at_home: Person) -> None:
    assert not is_asked(at_home)
    response = at_home.get(f"{TWO_STEP}/reissue", headers={"HX-Request": ""})
    assert response.status_code == 303
    assert response.headers["Location"].startswith(f"{TWO_STEP}/confirm")


def test_disable_and_move_ask_for_a_factor(at_home: Person) -> None:
    assert not is_asked(at_home)
    for purpose in ("disable", "move"):
        assert "Confirm with" in at_home.prove_password(purpose).text


# What is told


def test_remembering_is_mailed_and_its_use_is_not(at_home: Person, inbox: Inbox) -> None:
    """With the password, somebody who had one code gets in for a month: the owner learns of it at once."""
    letter = inbox.wait_for("A browser is remembered for your account")
    assert "For 30 days, signing in takes no second step in this browser:" in letter.text
    assert "November 24, 2026, 12:00" in letter.text
    assert not is_asked(at_home)
    at_home.get(TWO_STEP)
    at_home.post(f"{TWO_STEP}/browsers/forget-all")
    at_home.app.test_cli_runner().invoke(args=["mail", "deliver"])
    assert not [one for one in inbox.take_all() if "remembered" in one.subject]


def test_activity_says_it(at_home: Person) -> None:
    assert not is_asked(at_home)
    text = unescape(at_home.get("/account/activity").text)
    assert "Browser remembered for 30 days" in text
    assert "Second step left out in a remembered browser" in text
    assert "Signed in with the password in a remembered browser" in text
    at_home.get(TWO_STEP)
    at_home.post(f"{TWO_STEP}/browsers/forget-all")
    assert "Every remembered browser forgotten" in at_home.get("/account/activity").text


def test_a_forgotten_one_is_told_once(at_home: Person) -> None:
    [browser] = browsers_of(at_home.app)
    at_home.sign_in()
    at_home.get(TWO_STEP)
    for _ in range(2):
        at_home.post(f"{TWO_STEP}/browsers/forget", {"browser": str(browser.id)})
        at_home.post(f"{TWO_STEP}/browsers/forget-all")
    text = at_home.get("/account/activity").text
    assert text.count("One remembered browser forgotten") == 1
    assert "Every remembered browser forgotten" not in text


def test_an_unfinished_sign_in_before_it_is_not_told_of(at_home: Person, clock: Clock, inbox: Inbox) -> None:
    cookie = at_home.remembered_cookie() or ""
    at_home.put_remembered_cookie("x")
    assert is_asked(at_home)
    at_home.put_remembered_cookie(cookie)
    assert not is_asked(at_home)
    with at_home.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Challenge)) == 0


def test_the_tab_shows_name_since_and_last_use(at_home: Person, clock: Clock) -> None:
    clock.advance(days=2)
    assert not is_asked(at_home)
    text = unescape(at_home.get(TWO_STEP).text)
    assert "Remembered browsers" in text
    assert "This browser" in text
    assert re.search("Remembered <time[^>]*>November 24, 2026</time>, last used <time", text)


def test_before_its_first_use_the_tab_says_so(protected: Person) -> None:
    protected.remember()
    text = protected.get(TWO_STEP).text
    assert re.search("Remembered <time[^>]*>November 24, 2026</time>, not used since", text)


def test_without_any_the_tab_says_how(protected: Person) -> None:
    assert "None. You can have a browser remembered when you sign in." in protected.get(TWO_STEP).text
