"""The device cookie, copied and kept: it gives a device a count of guesses of its own, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.attacks.conftest import Site
from tests.support.person import Person

Make = Callable[..., Person]


@pytest.fixture
def name(site: Site) -> str:
    return str(site.app.config["DEVICE_COOKIE_NAME"])


def device_cookie(person: Person, name: str) -> str:
    kept = person.client.get_cookie(name)
    assert kept
    return kept.value


def test_a_device_cookie_opens_nothing(guarded: Person, make_remote_person: Make, name: str) -> None:
    thief = make_remote_person()
    thief.client.set_cookie(name, device_cookie(guarded, name))
    thief.put_cookie(device_cookie(guarded, name))
    assert not thief.is_signed_in()


def test_all_copies_of_a_device_cookie_share_five_guesses(
    guarded: Person, make_remote_person: Make, name: str
) -> None:
    statuses = []
    for _ in range(4):
        thief = make_remote_person(email=guarded.email)
        thief.client.set_cookie(name, device_cookie(guarded, name))
        thief.sign_in()
        statuses += [thief.verify("000000").status_code for _ in range(3)]
    assert statuses == [422] * 5 + [429] * 7


def test_an_older_copy_of_a_device_cookie_gives_no_guesses_back(halfway: Person, name: str) -> None:
    older = device_cookie(halfway, name)
    halfway.verify(halfway.next_code())
    halfway.sign_out()
    halfway.sign_in()
    for _ in range(5):
        halfway.verify("000000")
    halfway.client.set_cookie(name, older)
    assert halfway.verify(halfway.code(seconds=30)).status_code == 429


def test_no_device_cookie_gives_a_stranger_no_guesses_back(
    guarded: Person, make_remote_person: Make, name: str
) -> None:
    """Nor does throwing it away: without it one shares the count of everybody who is not known."""
    stranger = make_remote_person(email=guarded.email)
    stranger.sign_in()
    for _ in range(5):
        stranger.verify("000000")
    guarded.sign_out()
    guarded.client.set_cookie(name, "")
    guarded.sign_in()
    assert guarded.verify(guarded.code(seconds=30)).status_code == 429


def test_a_forged_device_cookie_makes_no_known_device(
    guarded: Person, make_remote_person: Make, name: str
) -> None:
    cookie = device_cookie(guarded, name)
    statuses = []
    for letter in "AB":
        thief = make_remote_person(email=guarded.email)
        thief.client.set_cookie(name, letter + cookie[1:])
        thief.sign_in()
        statuses += [thief.verify("000000").status_code for _ in range(5)]
    assert statuses == [422] * 5 + [429] * 5


@pytest.mark.parametrize(("path", "fields"), [("end", {"session": "999999"}), ("end-others", {})])
def test_a_stolen_session_makes_no_known_devices_to_guess_from(
    member: Person, make_remote_person: Make, path: str, fields: dict[str, str]
) -> None:
    statuses = []
    for _ in range(3):
        thief = make_remote_person(email=member.email)
        thief.put_cookie(member.cookie())
        thief.get("/account/profile")
        thief.post(f"/account/sessions/{path}", {**thief.hidden(), **fields})
        thief.get("/account/password")
        for _ in range(5):
            guess = {"current_password": "not the password", "new_password": "seven boats under glass"}
            statuses.append(thief.post("/account/password", guess).status_code)
    assert statuses.count(422) == 5
