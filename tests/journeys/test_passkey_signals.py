"""What pages tell password managers, so that none offers a passkey that opens nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys.visitor import PASSWORD, Visitor
from tests.support.applications import Place
from tests.support.expecting import expect
from tests.support.person import Person
from tests.support.smtp import free_port
from tests.support.virtual_authenticators import (
    ASKS_AT_A_PRESS,
    INTERNAL,
    RECORDS_SIGNALS,
    SECURITY_KEY,
    Authenticators,
    wait_for_signal,
)

pytestmark = pytest.mark.looks


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """At a domain: for an IP address no browser makes passkeys."""
    return Place(tmp_path_factory.mktemp("instance"), f"localhost:{free_port()}")


@pytest.fixture
def teller(make_visitor: Callable[..., Visitor], person: Person) -> Visitor:
    """Mina, signed in, in a browser that takes down what the page tells password managers."""
    mina = make_visitor()
    mina.page.add_init_script(ASKS_AT_A_PRESS)
    mina.page.add_init_script(RECORDS_SIGNALS)
    return mina.arrive(person.sign_up())


def accepted(visitor: Visitor, count: int) -> dict[str, Any]:
    """Wait until the page has told of so many passkeys."""
    while True:
        told = wait_for_signal(visitor.page, "signalAllAcceptedCredentials")
        if len(told["allAcceptedCredentialIds"]) == count:
            return told


def test_password_managers_learn_what_is_added_removed_and_turned_off(teller: Visitor) -> None:
    authenticators = Authenticators(teller.page)
    authenticators.add(INTERNAL)
    teller.activate_by_passkey("Phone")
    first = accepted(teller, 1)
    assert first["rpId"] == "localhost"
    details = wait_for_signal(teller.page, "signalCurrentUserDetails", name=teller.product.email)
    assert (details["userId"], details["displayName"]) == (first["userId"], "Mina Park")

    authenticators.touch(authenticators.add(SECURITY_KEY))
    teller.add_passkey("Blue key")
    assert accepted(teller, 2)["userId"] == first["userId"]

    of_it = teller.page.locator(".authenticators__one", has_text="Phone")
    of_it.get_by_role("button", name="Remove", exact=True).click()
    teller.type("Password", PASSWORD)
    teller.press("Next")
    teller.choose("Passkey")
    teller.press("Remove")
    teller.reads("It was removed. It no longer opens your account.")
    assert accepted(teller, 1)["allAcceptedCredentialIds"] != first["allAcceptedCredentialIds"]

    teller.press("Disable 2-Step Verification")
    teller.type("Password", PASSWORD)
    teller.press("Next")
    teller.choose("Passkey")
    teller.press("Disable")
    teller.sees("2-step verification is off")
    assert accepted(teller, 0)["userId"] == first["userId"]


def test_canceled_wizard_has_its_passkey_forgotten(teller: Visitor) -> None:
    Authenticators(teller.page).add()
    teller.come_to_the_passkey()
    teller.create_passkey("Phone", "Next")
    teller.sees("Save your recovery codes")
    teller.press("Cancel")
    teller.sees("2-step verification is off")
    assert wait_for_signal(teller.page, "signalUnknownCredential")["rpId"] == "localhost"


def test_wizard_that_is_started_over_has_its_passkey_forgotten(teller: Visitor) -> None:
    Authenticators(teller.page).add()
    teller.come_to_the_passkey()
    teller.create_passkey("Phone", "Next")
    teller.press("Close")
    teller.open_two_step()
    teller.reads("You began a moment ago. Activate starts over.")
    assert teller.page.evaluate("signaled") == []
    teller.press("Activate 2-Step Verification")
    teller.sees("Verify your email")
    wait_for_signal(teller.page, "signalUnknownCredential")


def test_wizard_that_was_left_for_too_long_has_its_passkey_forgotten(teller: Visitor) -> None:
    Authenticators(teller.page).add()
    teller.come_to_the_passkey()
    teller.create_passkey("Phone", "Next")
    teller.press("Close")
    teller.clock.advance(minutes=16)
    teller.open_two_step()
    teller.sees("2-step verification is off")
    wait_for_signal(teller.page, "signalUnknownCredential")


def test_passkey_of_a_wizard_that_goes_on_is_not_forgotten(visitor: Visitor) -> None:
    """By Chromium itself, whose virtual authenticators forget what they are told to."""
    visitor.page.add_init_script(ASKS_AT_A_PRESS)
    authenticators = Authenticators(visitor.page)
    authenticators.add(SECURITY_KEY)
    visitor.activate_by_passkey("Blue key")
    authenticators.touch(authenticators.add(INTERNAL))
    visitor.press("Add passkey")
    visitor.press("Create a passkey")
    visitor.sees("Name your passkey")
    visitor.press("Close")
    visitor.open_two_step()
    visitor.follow("Continue at step %(step)s of %(steps)s", step=2, steps=2)
    visitor.fill("Name", "Phone")
    visitor.press("Complete")
    visitor.press("Done")
    expect(visitor.page.locator(".authenticators__name")).to_have_text(["Blue key", "Phone"])
    visitor.sign_out()
    visitor.press("Sign in with a passkey")
    visitor.is_in()
