"""Firefox's password manager saves the address with each password, and fills it in where one is asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browsers.guest import Guest
from tests.browsers.keeper import PREFERENCES, Keeper
from tests.support.person import EMAIL, PASSWORD, Person

pytestmark = pytest.mark.looks

NEW = "seven boats under glass"


@pytest.fixture
def mina(make_guest: Callable[..., Guest]) -> Guest:
    """Somebody at a Firefox that keeps passwords."""
    return make_guest("firefox", preferences=PREFERENCES)


@pytest.fixture
def keeper(mina: Guest) -> Keeper:
    return Keeper(mina.page)


def test_signing_up_saves_the_address(mina: Guest, keeper: Keeper) -> None:
    mina.sign_up()
    assert keeper.save() == EMAIL
    keeper.has(EMAIL, PASSWORD)

    mina.sign_out()
    mina.holds("Email", EMAIL)
    mina.holds("Password", PASSWORD)
    mina.press("Sign in")
    mina.is_in()


def test_changing_the_password_updates_what_is_saved(mina: Guest, keeper: Keeper, person: Person) -> None:
    mina.arrive(person.sign_up())
    keeper.put(mina.url, EMAIL, PASSWORD)
    mina.open("/account/password")
    mina.holds("Current password", PASSWORD)
    mina.type("New password", NEW)
    mina.press("Change password")
    assert keeper.save() == EMAIL
    keeper.has(EMAIL, NEW)


def test_resetting_the_password_updates_what_is_saved(mina: Guest, keeper: Keeper, person: Person) -> None:
    person.sign_up()
    keeper.put(mina.url, EMAIL, PASSWORD)
    mina.open("/forgot-password")
    mina.type("Email", EMAIL)
    mina.press("Send reset link")
    mina.open(mina.inbox.wait_for("Set a new").link)
    mina.type("New password", NEW)
    mina.press("Set new password")
    assert keeper.save() == EMAIL
    keeper.has(EMAIL, NEW)


@pytest.mark.parametrize(
    ("path", "button"),
    [
        ("/account/two-step", "Reissue Recovery Code"),
        ("/account/two-step", "Disable 2-Step Verification"),
        ("/account/two-step", "Move to a new phone"),
        ("/account/profile", "Change email"),
    ],
)
def test_a_password_proof_is_filled_in_and_saved(
    mina: Guest, keeper: Keeper, person: Person, path: str, button: str
) -> None:
    """Of two people at one browser the one who is signed in gets their own password."""
    mina.arrive(person.sign_up().activate())
    keeper.put(mina.url, "somebody@example.com", "another password entirely")
    keeper.put(mina.url, EMAIL, PASSWORD)
    mina.open(path)
    mina.press(button)
    mina.holds("Password", PASSWORD)
