"""Sign-up, the forgotten password, profile and password."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from tests.support.clock import Clock
from tests.support.database import dump
from tests.support.person import EMAIL, PASSWORD, Person, entered
from tests.support.smtp import Inbox

NEW = "seven boats under glass"


def ask_to_sign_up(person: Person, email: str = EMAIL) -> str:
    person.get("/sign-up")
    return person.post("/sign-up", {"email": email}).text


def ask_to_reset(person: Person, email: str = EMAIL) -> str:
    person.get("/forgot-password")
    return person.post("/forgot-password", {"email": email}).text


def reset_path(person: Person, inbox: Inbox) -> str:
    ask_to_reset(person)
    return inbox.wait_for("Set a new password").path


def change_password(person: Person, current: str = PASSWORD, new: str = NEW) -> str:
    person.get("/account/password")
    data = {"current_password": current, "new_password": new}
    return person.post("/account/password", data).text


# Sign-up


def test_sign_up_answers_the_same_for_known_and_unknown_addresses(
    mina: Person, make_person: Callable[..., Person]
) -> None:
    known, unknown = (
        ask_to_sign_up(make_person(), EMAIL),
        ask_to_sign_up(make_person(), "new@example.com"),
    )
    assert "Check your inbox" in known
    assert known.replace(EMAIL, "") == unknown.replace("new@example.com", "")


def test_a_known_address_gets_a_mail_that_says_so(
    mina: Person, inbox: Inbox, make_person: Callable[..., Person]
) -> None:
    ask_to_sign_up(make_person())
    text = inbox.wait_for("You already have a Twostep account").text
    assert "/sign-in" in text
    assert "/forgot-password" in text


def test_asking_to_sign_up_keeps_nothing(person: Person, engine: Engine) -> None:
    before = dump(engine, without={"mfa_throttles"})
    ask_to_sign_up(person)
    assert dump(engine, without={"mfa_throttles"}) == before


def test_a_sign_up_link_works_once(person: Person, inbox: Inbox) -> None:
    ask_to_sign_up(person)
    path = inbox.wait_for("Create your").path
    person.get(path)
    person.post(path, {"name": "Mina", "password": PASSWORD})
    assert person.get(path).status_code == 410


def test_a_sign_up_link_ends_after_an_hour(person: Person, inbox: Inbox, clock: Clock) -> None:
    ask_to_sign_up(person)
    path = inbox.wait_for("Create your").path
    clock.advance(hours=1, seconds=1)
    response = person.get(path)
    assert response.status_code == 410
    assert "This link has ended" in response.text


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"name": "", "password": PASSWORD}, "Enter your name."),
        ({"name": " \t ", "password": PASSWORD}, "Enter"),
        ({"name": "M\0", "password": PASSWORD}, "can’t contain the character U+0000"),
        ({"name": "\u3164", "password": PASSWORD}, "Enter your name."),
        ({"name": "M" * 81, "password": PASSWORD}, "Use at most 80 characters."),
        ({"name": "Mina", "password": ""}, "Choose a password."),
        ({"name": "Mina", "password": "too short"}, "Use at least 15 characters."),
        ({"name": "Mina", "password": "x y " * 80}, "Use at most 256 characters."),
        ({"name": "Mina", "password": "passwordpassword"}, "among the first that anyone would try"),
        ({"name": "Mina", "password": "mina.park is my name"}, "contain your address"),
    ],
)
def test_what_can_not_be_taken_gets_a_sentence(
    person: Person, inbox: Inbox, engine: Engine, data: dict[str, str], sentence: str
) -> None:
    ask_to_sign_up(person)
    path = inbox.wait_for("Create your").path
    person.get(path)
    response = person.post(path, data)
    assert response.status_code == 422
    assert sentence in response.text
    assert "accounts:" not in dump(engine)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "mina",
        "mina@",
        "@example.com",
        "a@example.com, b@example.com",
        "a@example.com\r\nBcc: b@example.com",
        "a@b@c",
        "x" * 300 + "@example.com",
    ],
)
def test_what_is_not_one_address_is_refused(person: Person, inbox: Inbox, email: str) -> None:
    person.get("/sign-up")
    assert person.post("/sign-up", {"email": email}).status_code == 422
    assert inbox.take_all() == []


def test_two_addresses_that_only_look_alike_are_two_accounts(
    make_person: Callable[..., Person],
) -> None:
    make_person().sign_up("mina@example.com")
    cyrillic_a = "mina@ex\u0430mple.com"
    assert "Check your inbox" in ask_to_sign_up(make_person(), cyrillic_a)
    assert make_person().sign_in(cyrillic_a).status_code == 422


def test_after_five_mails_an_address_waits(person: Person) -> None:
    for _ in range(5):
        assert "Check your inbox" in ask_to_sign_up(person)
    assert "Too many attempts." in ask_to_sign_up(person)


def test_a_mail_server_that_is_down_is_said(person: Person, inbox: Inbox) -> None:
    inbox.stop()
    assert "We could not send the mail. Try again." in ask_to_sign_up(person)


# Forgotten password


def test_reset_answers_the_same_for_known_and_unknown_addresses(
    mina: Person, make_person: Callable[..., Person]
) -> None:
    known, unknown = (
        ask_to_reset(make_person(), EMAIL),
        ask_to_reset(make_person(), "new@example.com"),
    )
    assert "Check your inbox" in known
    assert known.replace(EMAIL, "") == unknown.replace("new@example.com", "")


def test_one_mail_leaves_for_an_unknown_address_too(person: Person, inbox: Inbox) -> None:
    ask_to_reset(person, "new@example.com")
    assert "There is no such account." in inbox.wait_for("No Twostep account").text


def test_a_reset_sets_the_password_and_signs_in(
    mina: Person, inbox: Inbox, make_person: Callable[..., Person]
) -> None:
    other = make_person()
    path = reset_path(other, inbox)
    other.get(path)
    assert entered(other.post(path, {"new_password": NEW}))
    assert entered(make_person().sign_in(password=NEW))
    assert make_person().sign_in(password=PASSWORD).status_code == 422


def test_a_reset_ends_every_session(mina: Person, inbox: Inbox, make_person: Callable[..., Person]) -> None:
    other = make_person()
    path = reset_path(other, inbox)
    other.get(path)
    other.post(path, {"new_password": NEW})
    assert not mina.is_signed_in()


def test_a_reset_keeps_the_second_step_and_asks_for_it(
    protected: Person, inbox: Inbox, make_person: Callable[..., Person]
) -> None:
    other = make_person()
    path = reset_path(other, inbox)
    other.get(path)
    response = other.post(path, {"new_password": NEW})
    assert "Authentication code" in response.text
    assert not other.is_signed_in()
    assert entered(other.verify(protected.next_code()))


def test_a_reset_in_a_browser_that_is_signed_in_asks_for_a_code_that_is_taken(
    protected: Person, inbox: Inbox
) -> None:
    path = reset_path(protected, inbox)
    protected.get(path)
    protected.post(path, {"new_password": NEW})
    assert not protected.is_signed_in()
    assert entered(protected.verify(protected.next_code()))


def test_a_reset_link_works_once(mina: Person, inbox: Inbox, make_person: Callable[..., Person]) -> None:
    other = make_person()
    path = reset_path(other, inbox)
    other.get(path)
    other.post(path, {"new_password": NEW})
    assert make_person().get(path).status_code == 410


def test_a_reset_link_dies_with_a_password_change(
    mina: Person, inbox: Inbox, make_person: Callable[..., Person]
) -> None:
    path = reset_path(make_person(), inbox)
    change_password(mina)
    assert make_person().get(path).status_code == 410


def test_a_reset_link_ends_after_half_an_hour(
    mina: Person, inbox: Inbox, make_person: Callable[..., Person], clock: Clock
) -> None:
    path = reset_path(make_person(), inbox)
    clock.advance(minutes=30, seconds=1)
    assert make_person().get(path).status_code == 410


def test_a_get_of_a_reset_link_changes_nothing(
    mina: Person, inbox: Inbox, make_person: Callable[..., Person], engine: Engine
) -> None:
    path = reset_path(make_person(), inbox)
    # The mail is taken out of the outbox after it has come.
    mina.app.extensions["mfa_mail_worker"].stop()
    before = dump(engine)
    make_person().get(path)
    assert dump(engine) == before


def test_a_sign_up_token_is_no_reset_token(person: Person, inbox: Inbox) -> None:
    ask_to_sign_up(person)
    token = inbox.wait_for("Create your").path.rsplit("/", 1)[1]
    assert person.get(f"/reset-password/{token}").status_code == 410


def test_links_lead_to_the_configured_host_whatever_the_request_says(
    mina: Person, inbox: Inbox, make_person: Callable[..., Person]
) -> None:
    other = make_person()
    other.get("/forgot-password", headers={"Host": "evil.example"})
    ask_to_reset(other)
    assert inbox.wait_for("Set a new").link.startswith(f"http://{mina.app.config['SERVER_NAME']}/")


def test_a_page_reached_by_a_token_sends_no_referrer(person: Person, inbox: Inbox) -> None:
    ask_to_sign_up(person)
    response = person.get(inbox.wait_for("Create your").path)
    assert response.headers["Referrer-Policy"] == "no-referrer"


# Profile and password


def test_a_new_name_shows_at_once_in_the_header(mina: Person) -> None:
    mina.get("/account/profile")
    text = mina.post("/account/profile", {"name": "Mina  K.  Park"}).text
    assert "Saved." in text
    assert re.search(r'id="profile-name" hx-swap-oob="true">Mina K. Park<', text)


def test_a_name_with_html_is_shown_as_it_is(mina: Person) -> None:
    mina.get("/account/profile")
    mina.post("/account/profile", {"name": "<b>Mina</b>"})
    assert "&lt;b&gt;Mina&lt;/b&gt;" in mina.get("/", headers={"HX-Request": ""}).text


def test_a_new_password_keeps_this_session_and_ends_the_others(
    mina: Person, make_person: Callable[..., Person]
) -> None:
    other = make_person()
    other.sign_in()
    old_cookie = mina.cookie()
    assert "Your password is changed." in change_password(mina)
    assert mina.is_signed_in()
    assert not other.is_signed_in()
    mina.put_cookie(old_cookie)
    assert not mina.is_signed_in()


def test_a_password_change_needs_the_current_one(mina: Person) -> None:
    assert "That is not your current password." in change_password(mina, current="not mine at all")


def test_the_owner_is_told_by_mail_of_a_new_password(mina: Person, inbox: Inbox) -> None:
    change_password(mina)
    assert "If this was not you" in inbox.wait_for("Your password was changed").text


def test_who_asks_for_sign_up_mails_does_not_keep_the_owner_from_a_reset(
    mina: Person, make_person: Callable[..., Person], inbox: Inbox
) -> None:
    stranger = make_person()
    for _ in range(7):
        stranger.get("/sign-up")
        stranger.post("/sign-up", {"email": EMAIL})
    mina.get("/forgot-password")
    assert mina.post("/forgot-password", {"email": EMAIL}).status_code == 200
    assert inbox.wait_for("Set a new")


def test_after_a_reset_the_new_password_works_at_once_also_where_the_old_one_was_mistyped(
    mina: Person, inbox: Inbox
) -> None:
    mina.sign_out()
    for _ in range(6):
        mina.sign_in(password="not my password at all")
    mina.get("/forgot-password")
    mina.post("/forgot-password", {"email": EMAIL})
    path = inbox.wait_for("Set a new").path
    mina.get(path)
    mina.post(path, {"new_password": "seven boats under glass"})
    mina.sign_out()
    assert entered(mina.sign_in(password="seven boats under glass"))


def test_a_sign_up_link_opens_no_second_account_when_the_first_has_moved_away(
    person: Person, inbox: Inbox
) -> None:
    person.get("/sign-up")
    person.post("/sign-up", {"email": EMAIL})
    link = inbox.wait_for("Create your").path
    stranger = Person(person.app, inbox, person.clock)
    stranger.get(link)
    person.get(link)
    person.post(link, {"name": "Mina", "password": PASSWORD})
    person.get("/account/profile/email")
    person.post("/account/profile/email", {"email": "mina@new.example", "password": PASSWORD})
    confirm = inbox.wait_for("Confirm your new").path
    person.get(confirm)
    person.post(confirm)
    assert stranger.post(link, {"name": "Again", "password": PASSWORD}).status_code == 410
