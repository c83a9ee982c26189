"""Firefox's password manager saves the address with each password, and fills it in where one is asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browsers.guest import Guest
from tests.browsers.keeper import PREFERENCES, Keeper
from tests.support.person import EMAIL, PASSWORD, Person

pytestmark = pytest.mark.looks

NEW = "seven boats under glass"
SOMEBODY = "somebody@example.com", "another password entirely"


@pytest.fixture
def guest(make_guest: Callable[..., Guest]) -> Guest:
    """Somebody at a Firefox that keeps passwords."""
    return make_guest("firefox", again=True, preferences=PREFERENCES)


@pytest.fixture
def keeper(guest: Guest) -> Keeper:
    """Nothing is saved."""
    keeper = Keeper(guest.page)
    keeper.forget()
    return keeper


def keep_two(guest: Guest, keeper: Keeper) -> None:
    """Let Firefox have the passwords of two people: no form can do without the address."""
    keeper.put(guest.url, *SOMEBODY)
    keeper.put(guest.url, EMAIL, PASSWORD)


def test_signing_up_saves_the_address(guest: Guest, keeper: Keeper) -> None:
    guest.sign_up()
    assert keeper.save() == EMAIL
    keeper.has((EMAIL, PASSWORD))

    guest.sign_out()
    guest.holds("Email", EMAIL)
    guest.holds("Password", PASSWORD)
    guest.press("Sign in")
    guest.is_in()


def test_changing_the_password_updates_what_is_saved(guest: Guest, keeper: Keeper, person: Person) -> None:
    guest.arrive(person.sign_up())
    keep_two(guest, keeper)
    guest.open("/account/password")
    guest.holds("Current password", PASSWORD)
    guest.type("New password", NEW)
    guest.press("Change password")
    assert keeper.save() == EMAIL
    keeper.has(SOMEBODY, (EMAIL, NEW))


def test_resetting_the_password_updates_what_is_saved(guest: Guest, keeper: Keeper, person: Person) -> None:
    person.sign_up()
    keep_two(guest, keeper)
    guest.open("/forgot-password")
    guest.type("Email", EMAIL)
    guest.press("Send reset link")
    guest.open(guest.inbox.wait_for("Set a new").link)
    guest.type("New password", NEW)
    guest.press("Set new password")
    assert keeper.save() == EMAIL
    keeper.has(SOMEBODY, (EMAIL, NEW))


@pytest.mark.parametrize(
    ("path", "button"),
    [
        ("/account/two-step", "Reissue Recovery Code"),
        ("/account/two-step", "Disable 2-Step Verification"),
        ("/account/two-step", "Move to a new phone"),
        ("/account/profile", "Change email"),
    ],
)
def test_a_password_proof_is_filled_in(
    guest: Guest, keeper: Keeper, person: Person, path: str, button: str
) -> None:
    guest.arrive(person.sign_up().activate())
    keep_two(guest, keeper)
    guest.open(path)
    guest.press(button)
    guest.holds("Password", PASSWORD)
