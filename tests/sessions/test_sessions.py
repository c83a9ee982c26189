"""The tab Sessions: where one is signed in, and signing out from afar."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from mfa import devices
from tests.support.clock import Clock
from tests.support.person import Person

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.5 Mobile/15E148 Safari/604.1"
)
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/136.0.0.0"
    " Safari/537.36 Edg/136.0.0.0"
)


@pytest.fixture
def phone(mina: Person, make_person: Callable[..., Person], clock: Clock) -> Person:
    """Mina's phone, signed in a minute later."""
    clock.advance(minutes=1)
    phone = make_person()
    phone.client.environ_base["HTTP_USER_AGENT"] = SAFARI
    phone.client.environ_base["REMOTE_ADDR"] = "203.0.113.77"
    phone.sign_in()
    return phone


def show(person: Person) -> str:
    return person.get("/account/sessions").text


def end_button(person: Person) -> dict[str, str]:
    """The fields of the one button that signs another device out."""
    return person.hidden("/account/sessions/end")


def test_this_device_stands_first_and_the_others_below(mina: Person, phone: Person) -> None:
    text = show(phone)
    assert text.index("Mobile Safari on iOS") < text.index("This device")
    assert text.count('action="/account/sessions/end"') == 1


def test_the_network_is_shown_and_never_the_whole_address(mina: Person, phone: Person) -> None:
    text = show(mina)
    assert "203.0.113.0/24" in text
    assert "203.0.113.77" not in text


def test_alone_there_is_nothing_to_sign_out(mina: Person) -> None:
    text = show(mina)
    assert "You are signed in on no other device." in text
    assert "Sign out everywhere else" not in text


def test_another_device_is_signed_out_at_once(mina: Person, phone: Person) -> None:
    show(mina)
    assert "That device is signed out." in mina.post("/account/sessions/end").text
    assert not phone.is_signed_in()
    assert mina.is_signed_in()


def test_every_other_device_is_signed_out_at_once(
    mina: Person, phone: Person, make_person: Callable[..., Person]
) -> None:
    third = make_person()
    third.sign_in()
    show(mina)
    mina.post("/account/sessions/end-others")
    assert [person.is_signed_in() for person in (mina, phone, third)] == [True, False, False]


def test_a_device_that_signed_out_is_not_shown(mina: Person, phone: Person) -> None:
    phone.sign_out()
    assert "You are signed in on no other device." in show(mina)


def test_a_session_that_has_been_idle_for_too_long_is_not_shown(
    mina: Person, phone: Person, clock: Clock
) -> None:
    clock.advance(hours=11)
    show(mina)
    clock.advance(hours=2)
    assert "You are signed in on no other device." in show(mina)


def test_somebody_who_is_halfway_is_not_shown(protected: Person, make_person: Callable[..., Person]) -> None:
    make_person().sign_in()
    assert "You are signed in on no other device." in show(protected)


def test_the_session_of_another_account_can_not_be_ended(
    mina: Person, phone: Person, make_person: Callable[..., Person]
) -> None:
    other = make_person().sign_up("other@example.com")
    other.get("/account/profile")
    token = other.hidden("/account/profile")["csrf_token"]
    show(mina)
    target = end_button(mina)["session"]
    other.post("/account/sessions/end", {"session": target, "csrf_token": token})
    assert phone.is_signed_in()


@pytest.mark.parametrize("value", ["", "x", "-1", "9" * 40, "١"])
def test_a_nasty_session_id_ends_nothing(mina: Person, phone: Person, value: str) -> None:
    show(mina)
    response = mina.post("/account/sessions/end", {"session": value})
    assert response.status_code < 500
    assert phone.is_signed_in()


def test_the_list_names_no_token(mina: Person, phone: Person) -> None:
    assert not re.search(r"[0-9a-f]{64}", show(mina))


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (SAFARI, "Mobile Safari on iOS"),
        (EDGE, "Edge on Windows"),
        ("", "Unknown device"),
        ("<script>alert(1)</script>", "Unknown device"),
    ],
)
def test_a_device_is_named_by_browser_and_system(user_agent: str, name: str) -> None:
    assert devices.name(user_agent) == name


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("unix:", ""),
        ("", ""),
    ],
)
def test_an_address_is_shortened_to_its_network(address: str, network: str) -> None:
    assert devices.shorten(address) == network


def test_a_user_agent_is_cut_and_made_printable() -> None:
    seen = devices.seen("x\r\ny" + "z" * 500, "")
    assert seen.user_agent == "xy" + "z" * 198
