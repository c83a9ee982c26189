"""Devices that signed in before: a count of their own, no mail, and the ways to be forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from console import create_app
from mfa.crypto.keys import KeyRing
from mfa.crypto.links import Signer
from mfa.devices import LIFETIME, Device, Mark
from tests.support.clock import Clock
from tests.support.person import PASSWORD, Person, entered
from tests.support.smtp import Inbox

SIGNER = Signer(KeyRing([b"k" * 32]), "device", LIFETIME)
NEW_PASSWORD = "seven boats under glass"


def subjects(person: Person) -> list[str]:
    """What the mails say that have left by now."""
    person.app.test_cli_runner().invoke(args=["mail", "deliver"])
    return [letter.subject for letter in person.inbox.take_all()]


@pytest.fixture
def quiet(protected: Person) -> Person:
    """Somebody with 2-step verification on, signed out at a known device; older mails are read."""
    protected.app.extensions["mfa_mail_worker"].stop()
    protected.sign_out()
    subjects(protected)
    return protected


def guess(person: Person, times: int) -> list[int]:
    person.sign_in()
    return [person.verify("000000").status_code for _ in range(times)]


# Its own count


def test_who_guesses_codes_elsewhere_does_not_make_a_known_device_wait(
    quiet: Person, make_person: Callable[..., Person]
) -> None:
    assert guess(make_person(), 6) == [422] * 5 + [429]
    quiet.sign_in()
    assert entered(quiet.verify(quiet.next_code()))


def test_who_guesses_passwords_elsewhere_does_not_make_a_known_device_wait(
    quiet: Person, make_person: Callable[..., Person]
) -> None:
    stranger = make_person()
    statuses = [stranger.sign_in(password="not my password at all").status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]
    assert quiet.sign_in().status_code == 200


def test_a_known_device_has_a_budget_and_not_a_license(quiet: Person) -> None:
    assert guess(quiet, 7) == [422] * 5 + [429] * 2


def test_a_right_code_at_a_known_device_gives_the_guesser_elsewhere_nothing_back(
    quiet: Person, make_person: Callable[..., Person]
) -> None:
    stranger = make_person()
    guess(stranger, 6)
    quiet.sign_in()
    quiet.verify(quiet.next_code())
    # The first wait is over; with a fresh count there would be four more.
    assert [stranger.verify("000000").status_code for _ in range(2)] == [422, 429]


def test_two_known_devices_do_not_share_a_count(quiet: Person, make_person: Callable[..., Person]) -> None:
    phone = make_person()
    phone.sign_in()
    assert entered(phone.verify(quiet.next_code()))
    phone.sign_out()
    guess(phone, 6)
    quiet.sign_in()
    assert entered(quiet.verify(quiet.next_code()))


# What forgets it


def forgotten(person: Person) -> bool:
    """Whether the mark in the person's browser is that of a device that the account does not know."""
    person.sign_out()
    person.sign_in()
    if not person.is_signed_in():
        person.verify(person.next_code())
    return "new device" in person.client.get("/account/activity").text.split("Signed in")[1].split("<")[0]


def change_password(person: Person) -> None:
    person.get("/account/password")
    person.post("/account/password", {"current_password": PASSWORD, "new_password": NEW_PASSWORD})


def sign_out_others(person: Person) -> None:
    person.get("/account/sessions")
    person.post("/account/sessions/end-others")


@pytest.mark.parametrize("act", [sign_out_others, change_password])
def test_signing_others_out_forgets_their_devices_and_not_ones_own(
    mina: Person, make_person: Callable[..., Person], act: Callable[[Person], None]
) -> None:
    phone = make_person()
    phone.sign_in()
    act(mina)
    password = NEW_PASSWORD if act is change_password else PASSWORD
    new_device = []
    for person in (phone, mina):
        person.sign_out()
        person.sign_in(password=password)
        text = person.client.get("/account/activity").text
        new_device.append("on a new device" in text.split("Signed in", 1)[1].split("<", 1)[0])
    assert new_device == [True, False]


def test_a_device_is_forgotten_after_half_a_year_without_a_sign_in(mina: Person, clock: Clock) -> None:
    clock.advance(seconds=LIFETIME + 1)
    assert forgotten(mina)


def test_a_device_that_signs_in_is_known_for_half_a_year_more(mina: Person, clock: Clock) -> None:
    for _ in range(3):
        clock.advance(days=100)
        mina.sign_in()
    assert not forgotten(mina)


def test_a_password_change_makes_no_known_device(mina: Person, make_person: Callable[..., Person]) -> None:
    """Else a thief with session and password would get one count of guesses after another."""
    thief = make_person()
    thief.put_cookie(mina.cookie())
    change_password(thief)
    assert thief.client.get_cookie("twostep-device", domain="127.0.0.1") is None


def test_turning_it_on_forgets_the_devices_that_showed_a_password_alone(
    mina: Person, make_person: Callable[..., Person]
) -> None:
    thief = make_person()
    thief.sign_in()
    mina.activate()
    owner = make_person()
    guess(owner, 5)
    assert guess(thief, 1) == [429]
    mina.sign_out()
    mina.sign_in()
    assert entered(mina.verify(mina.next_code()))


# Its cookie


def test_the_cookie_is_closed_to_scripts_and_other_sites(mina: Person) -> None:
    cookie = mina.client.get_cookie("twostep-device", domain="127.0.0.1")
    assert cookie
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert len(cookie.value) < 600


def test_over_https_the_cookie_is_bound_to_the_host(config: dict[str, Any]) -> None:
    app = create_app({**config, "PREFERRED_URL_SCHEME": "https", "MAIL_WORKER": "none"})
    assert app.config["DEVICE_COOKIE_NAME"] == "__Host-twostep-device"


def test_a_device_is_known_to_the_accounts_that_signed_in_on_it_and_no_other() -> None:
    device = Device("", "", Mark.new().with_account(1, 0).with_account(2, 5))
    assert device.known_to(1, 0)
    assert device.known_to(2, 5)
    assert device.known_to(3, 0) is None
    assert device.known_to(2, 6) is None


def test_a_device_keeps_its_id_and_the_last_eight_accounts() -> None:
    mark = first = Mark.new()
    for account in range(20):
        mark = mark.with_account(account, 0)
    assert mark.id == first.id
    assert set(mark.known) == {str(account) for account in range(12, 20)}


@pytest.mark.parametrize("payload", [{}, {"id": 1, "known": {}}, {"id": "x"}, {"id": "x", "known": []}])
def test_a_mark_of_another_shape_is_none(payload: dict[str, Any]) -> None:
    assert Mark.read(SIGNER.make(payload, 0), SIGNER, 0) is None


# The mails that it spares, and those that it does not


def test_a_sign_in_on_a_new_device_is_told(quiet: Person, make_person: Callable[..., Person]) -> None:
    other = make_person()
    other.sign_in()
    other.verify(quiet.next_code())
    assert subjects(quiet) == ["New sign-in to Twostep"]


def test_a_sign_in_on_a_known_device_is_not_told(quiet: Person) -> None:
    quiet.sign_in()
    quiet.verify(quiet.next_code())
    assert subjects(quiet) == []


def test_a_sign_in_after_three_failures_is_told_also_on_a_known_device(quiet: Person) -> None:
    for _ in range(2):
        quiet.sign_in(password="not my password at all")
    quiet.sign_in()
    quiet.verify("000000")
    quiet.verify(quiet.next_code())
    quiet.app.test_cli_runner().invoke(args=["mail", "deliver"])
    assert "after 3 failed attempts" in quiet.inbox.wait_for("New sign-in").text


def test_the_mail_says_device_network_and_time(quiet: Person, make_person: Callable[..., Person]) -> None:
    other = make_person()
    other.sign_in()
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    other.post("/sign-in/verify", {"code": quiet.next_code()}, headers={"User-Agent": firefox})
    quiet.app.test_cli_runner().invoke(args=["mail", "deliver"])
    text = quiet.inbox.wait_for("New sign-in").text
    assert "Firefox on Linux" in text
    assert "November 24, 2026, 12:00\u202fPM UTC" in text
    assert "127.0.0.0/24" in text
    assert "If this was not you" in text


def test_a_password_without_a_code_is_told_after_ten_minutes(
    quiet: Person, make_person: Callable[..., Person], clock: Clock
) -> None:
    make_person().sign_in()
    clock.advance(minutes=9, seconds=59)
    assert subjects(quiet) == []
    clock.advance(seconds=1)
    assert subjects(quiet) == ["Somebody entered your Twostep password"]


def test_a_sign_in_that_was_finished_is_not_told_as_unfinished(quiet: Person, clock: Clock) -> None:
    quiet.sign_in()
    quiet.verify(quiet.next_code())
    clock.advance(minutes=11)
    assert subjects(quiet) == []


def test_the_password_typed_again_in_the_same_browser_and_finished_is_not_told(
    quiet: Person, clock: Clock
) -> None:
    quiet.sign_in()
    quiet.sign_in()
    quiet.verify(quiet.next_code())
    clock.advance(minutes=11)
    assert subjects(quiet) == []


def test_a_thief_can_not_put_it_off_by_typing_the_password_again(quiet: Person, clock: Clock) -> None:
    quiet.client.delete_cookie("twostep-device", domain="127.0.0.1")
    for _ in range(4):
        quiet.sign_in()
        clock.advance(minutes=3)
    assert "Somebody entered your Twostep password" in subjects(quiet)


def test_a_thief_can_not_silence_it_by_signing_in_to_his_own_account(
    quiet: Person, make_person: Callable[..., Person], clock: Clock, inbox: Inbox
) -> None:
    make_person().sign_up("thief@example.com")
    thief = make_person()
    thief.sign_in()
    thief.sign_in("thief@example.com")
    inbox.take_all()
    clock.advance(minutes=11)
    assert "Somebody entered your Twostep password" in subjects(quiet)


def test_a_thief_can_not_silence_it_by_breaking_off(
    quiet: Person, make_person: Callable[..., Person], clock: Clock
) -> None:
    thief = make_person()
    thief.sign_in()
    thief.get("/sign-in/verify")
    assert thief.post("/sign-out").headers["HX-Redirect"] == "/sign-in"
    clock.advance(minutes=9, seconds=59)
    assert subjects(quiet) == []
    clock.advance(seconds=1)
    assert subjects(quiet) == ["Somebody entered your Twostep password"]


def test_a_change_that_ends_it_does_not_silence_it(
    quiet: Person, make_person: Callable[..., Person], clock: Clock
) -> None:
    make_person().sign_in()
    quiet.sign_in()
    quiet.verify(quiet.next_code())
    quiet.get("/account/password")
    quiet.post("/account/password", {"current_password": PASSWORD, "new_password": NEW_PASSWORD})
    assert subjects(quiet) == ["Your password was changed"]
    clock.advance(minutes=11)
    assert subjects(quiet) == ["Somebody entered your Twostep password"]


def test_it_is_told_once(quiet: Person, make_person: Callable[..., Person], clock: Clock) -> None:
    make_person().sign_in()
    clock.advance(minutes=11)
    assert len(subjects(quiet)) == 1
    clock.advance(minutes=11)
    assert subjects(quiet) == []


def test_it_says_when_the_password_was_first_typed_and_where(
    quiet: Person, make_person: Callable[..., Person], clock: Clock
) -> None:
    thief = make_person()
    thief.sign_in()
    clock.advance(minutes=6)
    thief.sign_in()
    clock.advance(minutes=4)
    quiet.app.test_cli_runner().invoke(args=["mail", "deliver"])
    text = quiet.inbox.wait_for("Somebody entered").text
    assert "November 24, 2026, 12:00\u202fPM UTC" in text
    assert "127.0.0.0/24" in text
    assert "Unknown device" in text


def test_what_a_clock_that_was_ahead_has_put_off_is_told_now(
    quiet: Person, make_person: Callable[..., Person], clock: Clock
) -> None:
    clock.advance(hours=3)
    make_person().sign_in()
    clock.advance(hours=-3)
    assert subjects(quiet) == ["Somebody entered your Twostep password"]


def test_somebody_with_the_password_can_not_flood_its_owner(
    quiet: Person, make_person: Callable[..., Person], clock: Clock
) -> None:
    for _ in range(20):
        make_person().sign_in()
    clock.advance(minutes=11)
    assert subjects(quiet) == ["Somebody entered your Twostep password"] * 5


def test_many_wrong_codes_are_told_at_once(quiet: Person, make_person: Callable[..., Person]) -> None:
    guess(make_person(), 7)
    assert subjects(quiet) == ["Wrong codes were entered for your Twostep account"]
