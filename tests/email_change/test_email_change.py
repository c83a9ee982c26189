"""Another address: fresh proof, a link to the new one, and a link to the old one that undoes it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import Engine, update

from console.accounts.models import Account
from console.extensions import db
from mfa.database import transaction
from tests.support.clock import Clock
from tests.support.database import dump
from tests.support.pages import lasting
from tests.support.person import EMAIL, PASSWORD, Person, entered
from tests.support.smtp import Inbox

URL = "/account/profile/email"
NEW = "mina@new.example"
MAY_CHANGE = {"mfa_throttles", "sessions.seen_at", "sessions.proved_at", "mfa_activity", "mfa_outbox"}
NEW_PASSWORD = "seven boats under glass"


def ask(person: Person, email: str = NEW, password: str = PASSWORD, **factor: str) -> int:
    person.get(URL)
    return person.post(URL, {"email": email, "password": password, **factor}).status_code


def link(inbox: Inbox, to: str = NEW) -> str:
    return inbox.wait_for("Confirm your new", to=to).path


def change(person: Person, email: str = NEW, **factor: str) -> Person:
    assert ask(person, email, **factor) == 200
    path = link(person.inbox, email)
    person.get(path)
    assert "Your email is changed." in person.post(path).text
    return person


def undo_path(inbox: Inbox, to: str = EMAIL) -> str:
    letter = inbox.wait_for("address was changed", to=to)
    return letter.path


# Asking


def test_the_address_is_changed_by_the_link_to_the_new_one(mina: Person) -> None:
    change(mina)
    mina.sign_out()
    assert entered(mina.sign_in(NEW))


def test_the_old_address_no_longer_signs_in(mina: Person) -> None:
    change(mina)
    mina.sign_out()
    assert mina.sign_in(EMAIL).status_code == 422


def test_asking_alone_changes_nothing(mina: Person, engine: Engine) -> None:
    before = dump(engine, without=MAY_CHANGE)
    assert ask(mina) == 200
    assert dump(engine, without=MAY_CHANGE) == before


@pytest.mark.parametrize("email", ["", "mina", "a@b.example, c@d.example", "x@y.example\r\nBcc: z@y.example"])
def test_what_is_not_one_address_is_refused(mina: Person, email: str) -> None:
    assert ask(mina, email) == 422


def test_the_own_address_is_refused(mina: Person) -> None:
    assert ask(mina, EMAIL.upper()) == 422
    assert "This is your address already." in mina.page


def test_it_takes_the_password(mina: Person, inbox: Inbox) -> None:
    assert ask(mina, password="not my password at all") == 422
    assert "That is not your current password." in mina.page


def test_with_the_second_step_on_it_takes_a_code_too(protected: Person) -> None:
    assert ask(protected, factor="code", code="000000") == 422
    assert "That code is not right." in protected.page
    change(protected, factor="code", code=protected.next_code())


def test_leaving_the_code_out_of_the_form_does_not_help(protected: Person) -> None:
    assert ask(protected) == 422


def test_a_recovery_code_stands_in_for_the_app(protected: Person) -> None:
    change(protected, factor="recovery_code", recovery_code=protected.recovery_codes[0])
    assert "9 of 10 recovery codes left" in protected.get("/account/two-step").text


def test_a_code_that_signed_in_does_not_change_the_address(protected: Person) -> None:
    protected.sign_out()
    protected.sign_in()
    code = protected.next_code()
    protected.verify(code)
    assert ask(protected, factor="code", code=code) == 422
    assert "This code was used already." in protected.page


def test_a_code_that_asked_for_a_change_does_not_sign_in(protected: Person) -> None:
    code = protected.next_code()
    assert ask(protected, factor="code", code=code) == 200
    protected.sign_out()
    protected.sign_in()
    assert not entered(protected.verify(code))


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "not my password at all", "factor": "code", "code": "000000"},
        {"factor": "code", "code": "000000"},
    ],
)
def test_wrong_guesses_make_the_next_one_wait(protected: Person, wrong: dict[str, str]) -> None:
    assert [ask(protected, **wrong) for _ in range(6)] == [422] * 5 + [429]


def test_an_address_that_has_an_account_is_answered_alike_and_told(
    mina: Person, make_person: Callable[..., Person], inbox: Inbox
) -> None:
    make_person().sign_up("other@example.com")
    ask(mina, "free@example.com")
    free = lasting(mina.page).replace("free@example.com", "EMAIL")
    ask(mina, "other@example.com")
    assert lasting(mina.page).replace("other@example.com", "EMAIL") == free
    letter = inbox.wait_for("was entered for another account", to="other@example.com")
    assert "/account/profile/email/" not in letter.text


def test_a_dead_mail_server_is_said_and_the_rest_of_the_form_kept(mina: Person, inbox: Inbox) -> None:
    inbox.stop()
    assert ask(mina) == 422
    assert "We could not send the mail." in mina.page
    assert f'value="{NEW}"' in mina.page


# Confirming


def test_opening_the_link_changes_nothing(mina: Person, inbox: Inbox, engine: Engine) -> None:
    ask(mina)
    path = link(inbox)
    before = dump(engine, without=MAY_CHANGE)
    assert mina.get(path).status_code == 200
    assert dump(engine, without=MAY_CHANGE) == before


def test_a_stranger_who_gets_the_link_is_asked_to_sign_in(
    mina: Person, make_person: Callable[..., Person], inbox: Inbox
) -> None:
    """A mistyped address gives the account to nobody."""
    ask(mina)
    stranger = make_person(htmx=False)
    response = stranger.get(link(inbox))
    assert response.headers["Location"].startswith("/sign-in")


def test_somebody_elses_session_can_not_use_the_link(
    mina: Person, make_person: Callable[..., Person], inbox: Inbox, engine: Engine
) -> None:
    other = make_person().sign_up("other@example.com")
    ask(mina)
    path = link(inbox)
    other.get("/account/profile")
    assert other.post(path).status_code == 410
    assert NEW not in dump(engine, without={"mfa_outbox"})


def test_it_can_be_confirmed_on_another_device_of_the_owner(
    mina: Person, make_person: Callable[..., Person], inbox: Inbox
) -> None:
    ask(mina)
    path = link(inbox)
    phone = make_person()
    phone.sign_in()
    phone.get(path)
    assert "Your email is changed." in phone.post(path).text
    assert not mina.is_signed_in()


def test_the_link_works_once(mina: Person, inbox: Inbox) -> None:
    ask(mina)
    path = link(inbox)
    mina.get(path)
    page = mina.page
    mina.post(path)
    mina.page = page
    assert mina.post(path).status_code == 410


def test_the_link_ends_after_an_hour(mina: Person, inbox: Inbox, clock: Clock) -> None:
    ask(mina)
    path = link(inbox)
    clock.advance(hours=1, seconds=1)
    assert mina.get(path).status_code == 410


def test_the_link_ends_with_a_change_of_the_password(mina: Person, inbox: Inbox) -> None:
    ask(mina)
    path = link(inbox)
    mina.get("/account/password")
    mina.post("/account/password", {"current_password": PASSWORD, "new_password": NEW_PASSWORD})
    assert mina.get(path).status_code == 410


def test_an_address_that_was_taken_meanwhile_stays_the_others(
    mina: Person, make_person: Callable[..., Person], inbox: Inbox
) -> None:
    ask(mina)
    path = link(inbox)
    make_person().sign_up(NEW)
    mina.get(path)
    assert mina.post(path).status_code == 410
    assert EMAIL in mina.get("/account/profile").text


def test_two_links_confirmed_at_once_change_it_once(
    mina: Person, make_person: Callable[..., Person], inbox: Inbox
) -> None:
    paths = []
    for email in (NEW, "mina@second.example"):
        ask(mina, email)
        paths.append(link(inbox, email))
    people = []
    for path in paths:
        copy = make_person()
        copy.put_cookie(mina.cookie())
        copy.get(path)
        people.append(copy)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda pair: pair[0].post(pair[1]).text, zip(people, paths, strict=True)))
    assert sum("Your email is changed." in text for text in answers) == 1


def test_the_other_sessions_end(mina: Person, make_person: Callable[..., Person]) -> None:
    other = make_person()
    other.sign_in()
    change(mina)
    assert mina.is_signed_in()
    assert not other.is_signed_in()


def test_the_second_step_stays_on(protected: Person) -> None:
    change(protected, factor="code", code=protected.next_code())
    protected.sign_out()
    assert not entered(protected.sign_in(NEW))
    assert entered(protected.verify(protected.next_code()))


def test_both_addresses_are_told(mina: Person, inbox: Inbox) -> None:
    change(mina)
    assert NEW in inbox.wait_for("address was changed", to=EMAIL).text
    assert "If this was not you" in inbox.wait_for("This is your", to=NEW).text


def test_a_reset_link_that_went_to_the_old_address_is_dead(mina: Person, inbox: Inbox) -> None:
    """Who leaves a mailbox because somebody else reads it leaves the links in it behind."""
    mina.get("/forgot-password")
    mina.post("/forgot-password", {"email": EMAIL})
    path = inbox.wait_for("Set a new").path
    change(mina)
    assert mina.get(path).status_code == 410


# Undoing


def test_the_old_address_can_undo_it_and_sets_a_new_password(mina: Person, inbox: Inbox) -> None:
    change(mina)
    path = undo_path(inbox)
    owner = Person(mina.app, inbox, mina.clock)
    owner.get(path)
    reset = owner.post(path).headers["HX-Redirect"]
    owner.get(reset)
    assert entered(owner.post(reset, {"new_password": NEW_PASSWORD}))
    owner.sign_out()
    assert entered(owner.sign_in(EMAIL, NEW_PASSWORD))


def test_opening_the_undo_link_changes_nothing(mina: Person, inbox: Inbox, engine: Engine) -> None:
    change(mina)
    path = undo_path(inbox)
    before = dump(engine, without=MAY_CHANGE)
    assert Person(mina.app, inbox, mina.clock).get(path).status_code == 200
    assert dump(engine, without=MAY_CHANGE) == before


@pytest.fixture
def undone(mina: Person, inbox: Inbox) -> Person:
    """A thief who changed Mina's address, after she has undone it."""
    change(mina)
    path = undo_path(inbox)
    owner = Person(mina.app, inbox, mina.clock)
    owner.get(path)
    owner.post(path)
    return mina


def test_after_it_was_undone_the_thief_is_out(undone: Person) -> None:
    assert not undone.is_signed_in()


@pytest.mark.parametrize("email", [EMAIL, NEW])
def test_after_it_was_undone_the_known_password_opens_nothing(undone: Person, email: str) -> None:
    assert undone.sign_in(email).status_code == 422


def test_it_can_be_undone_once(mina: Person, inbox: Inbox) -> None:
    change(mina)
    path = undo_path(inbox)
    owner = Person(mina.app, inbox, mina.clock)
    owner.get(path)
    page = owner.page
    owner.post(path)
    owner.page = page
    assert owner.post(path).status_code in (400, 410)
    assert owner.get(path).status_code == 410


def test_it_can_be_undone_for_seven_days(mina: Person, inbox: Inbox, clock: Clock) -> None:
    change(mina)
    path = undo_path(inbox)
    owner = Person(mina.app, inbox, mina.clock)
    clock.advance(days=7, seconds=-1)
    assert owner.get(path).status_code == 200
    clock.advance(seconds=1)
    assert owner.get(path).status_code == 410


def test_undoing_the_first_of_two_changes_undoes_both(mina: Person, inbox: Inbox) -> None:
    change(mina)
    first = undo_path(inbox)
    change(mina, "mina@third.example")
    owner = Person(mina.app, inbox, mina.clock)
    owner.get(first)
    owner.post(first)
    assert owner.sign_in("mina@third.example").status_code == 422
    owner.get("/forgot-password")
    owner.post("/forgot-password", {"email": EMAIL})
    assert inbox.wait_for("Set a new", to=EMAIL)


def test_who_moves_an_address_there_and_back_gets_no_link_to_take_it_later(
    mina: Person, inbox: Inbox
) -> None:
    """A thief with the password: else the second mail would be his back door for seven days."""
    change(mina)
    change(mina, EMAIL)
    letter = inbox.wait_for("address was changed", to=NEW)
    assert "/account/profile/email/undo/" not in letter.text + letter.html
    assert "If this was not you" in letter.text


def test_who_moves_it_on_tells_the_first_address_again_with_its_link(mina: Person, inbox: Inbox) -> None:
    change(mina)
    undo_path(inbox)
    change(mina, "mina@third.example")
    letter = inbox.wait_for("address was changed", to=EMAIL)
    assert "mina@third.example" in letter.text
    owner = Person(mina.app, inbox, mina.clock)
    owner.get(letter.path)
    assert owner.post(letter.path).headers["HX-Redirect"].startswith("/reset-password/")


def test_an_account_that_changes_at_the_same_moment_is_said_at_the_form(
    mina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.accounts.rules.hold", lambda _: False)
    assert ask(mina) == 422
    assert "Your account was changed elsewhere at this moment." in mina.page


def test_after_seven_days_an_address_can_undo_its_own_change_again(
    mina: Person, inbox: Inbox, clock: Clock
) -> None:
    change(mina)
    clock.advance(days=8)
    mina.sign_in(NEW)
    change(mina, "mina@third.example")
    assert "/account/profile/email/undo/" in undo_path(inbox, to=NEW)


def test_a_mail_that_may_not_be_sent_costs_no_code(protected: Person) -> None:
    for _ in range(5):
        assert ask(protected, factor="code", code=protected.next_code()) == 200
    code = protected.recovery_codes[0]
    assert ask(protected, factor="recovery_code", recovery_code=code) == 429
    assert "10 of 10 recovery codes left" in protected.get("/account/two-step").text


def test_the_mail_to_a_new_address_holds_no_text_of_who_asked(mina: Person, inbox: Inbox) -> None:
    mina.get("/account/profile")
    mina.post("/account/profile", {"name": "win a prize at evil.example"})
    ask(mina)
    letter = inbox.wait_for("Confirm your new", to=NEW)
    assert "evil.example" not in letter.text + letter.html


def test_a_change_of_a_locked_account_is_not_undone(mina: Person, inbox: Inbox, engine: Engine) -> None:
    change(mina)
    path = undo_path(inbox)
    mina.app.test_cli_runner().invoke(args=["users", "lock", NEW, "--reason", "taken over"])
    owner = Person(mina.app, inbox, mina.clock)
    owner.get(path)
    before = dump(engine, without={"mfa_outbox"})
    assert "This account is locked." in owner.post(path).text
    assert dump(engine, without={"mfa_outbox"}) == before


def test_undoing_keeps_the_second_step(protected: Person, inbox: Inbox) -> None:
    change(protected, factor="code", code=protected.next_code())
    path = undo_path(inbox)
    owner = Person(protected.app, inbox, protected.clock)
    owner.get(path)
    reset = owner.post(path).headers["HX-Redirect"]
    owner.get(reset)
    assert not entered(owner.post(reset, {"new_password": NEW_PASSWORD}))
    assert entered(owner.verify(protected.next_code()))


def test_an_old_address_that_has_become_anothers_is_not_taken_back(
    app: Flask, mina: Person, make_person: Callable[..., Person], inbox: Inbox, engine: Engine
) -> None:
    """As an operator's import can bring it about; nobody else gets a reserved address."""
    change(mina)
    path = undo_path(inbox)
    other = make_person().sign_up("other@example.com")
    with app.app_context(), transaction():
        values = {"email": EMAIL, "email_key": EMAIL}
        db.session.execute(update(Account).where(Account.email == other.email).values(values))
    owner = make_person()
    owner.get(path)
    assert owner.post(path).status_code == 410
    assert "Another account has this address now." in owner.page
    assert mina.is_signed_in()


# The address that was left, while the change can be undone


def sign_up_link(person: Person, email: str = EMAIL) -> str:
    person.get("/sign-up")
    person.post("/sign-up", {"email": email})
    return person.inbox.wait_for("Create your Twostep account", to=email).path


def fill_in(person: Person, path: str) -> int:
    return person.post(path, {"name": "Somebody", "password": PASSWORD}).status_code


def test_a_second_sign_up_link_opens_no_account_at_an_address_that_was_left(
    person: Person, make_person: Callable[..., Person], inbox: Inbox
) -> None:
    second, thief = sign_up_link(person), make_person()
    thief.get(second)
    form = thief.page
    person.clock.advance(seconds=1)  # another link than the second
    person.sign_up()
    change(person)
    undo = undo_path(inbox)
    thief.page = form
    assert fill_in(thief, second) == 410
    assert thief.get(second).status_code == 410
    owner = make_person()
    owner.get(undo)
    assert owner.post(undo).headers["HX-Redirect"].startswith("/reset-password/")


def test_a_link_of_before_moves_no_account_to_an_address_that_was_left(
    person: Person, make_person: Callable[..., Person], inbox: Inbox
) -> None:
    other = make_person().sign_up("other@example.com")
    ask(other, EMAIL)
    path = inbox.wait_for("Confirm your new", to=EMAIL).path
    person.sign_up()
    change(person)
    other.get(path)
    assert other.post(path).status_code == 410
    assert "other@example.com" in other.client.get("/account/profile").text


@pytest.mark.parametrize("door", ["sign up", "change"])
def test_who_asks_for_an_address_that_was_left_is_mailed_why_not(
    mina: Person, make_person: Callable[..., Person], inbox: Inbox, door: str
) -> None:
    change(mina)
    other = make_person()
    if door == "sign up":
        other.get("/sign-up")
        other.post("/sign-up", {"email": EMAIL})
    else:
        other.sign_up("other@example.com")
        ask(other, EMAIL)
    assert "Check your inbox" in other.page
    assert "within 7 days" in inbox.wait_for("can have this address yet", to=EMAIL).text


def test_its_own_account_may_have_the_address_back_at_once(mina: Person, inbox: Inbox) -> None:
    change(mina)
    ask(mina, EMAIL)
    path = inbox.wait_for("Confirm your new", to=EMAIL).path
    mina.get(path)
    assert mina.post(path).status_code == 200
    assert EMAIL in mina.client.get("/account/profile").text


def test_after_seven_days_anybody_may_have_it(
    mina: Person, make_person: Callable[..., Person], clock: Clock
) -> None:
    change(mina)
    clock.advance(days=7, seconds=6)
    make_person().sign_up(EMAIL)


def test_an_address_that_was_left_and_taken_back_is_not_reserved(
    mina: Person, make_person: Callable[..., Person], inbox: Inbox, engine: Engine
) -> None:
    change(mina)
    path = undo_path(inbox)
    owner = make_person()
    owner.get(path)
    owner.post(path)
    with mina.app.app_context(), transaction():
        db.session.execute(update(Account).values(email="x@example.com", email_key="x@example.com"))
    mina.clock.advance(seconds=1)
    make_person().sign_up(EMAIL)


def test_the_owner_can_undo_it_without_javascript(mina: Person, inbox: Inbox) -> None:
    change(mina)
    path = undo_path(inbox)
    owner = Person(mina.app, inbox, mina.clock, htmx=False)
    owner.get(path)
    response = owner.post(path)
    assert response.status_code == 303
    assert response.headers["Location"].startswith("/reset-password/")


def test_the_outbox_holds_no_token_of_the_undo_link(mina: Person, inbox: Inbox, engine: Engine) -> None:
    mina.app.extensions["mfa_mail_worker"].stop()
    change(mina)
    mina.app.test_cli_runner().invoke(args=["mail", "deliver"])
    token = undo_path(inbox).rsplit("/", 1)[1]
    assert token not in dump(engine)
