"""Passkeys in Chromium, whose virtual authenticators stand for phones, computers and security keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext

from tests.journeys.visitor import EMAIL, PASSWORD, Visitor
from tests.support import passkeys
from tests.support.applications import Place
from tests.support.clock import Clock
from tests.support.expecting import expect
from tests.support.person import Person
from tests.support.smtp import Inbox, free_port
from tests.support.software_authenticator import SoftwareAuthenticator
from tests.support.virtual_authenticators import (
    ASKS_AT_A_PRESS,
    INTERNAL,
    SECURITY_KEY,
    Authenticators,
    Kind,
)

pytestmark = pytest.mark.looks

NONE_USED = (
    "No passkey was used: it was canceled, took too long, or there is none for this account on this device."
    " If yours is on your phone, choose “Use a phone” when your browser asks."
)
ASKS_FOR_NO_VERIFICATION = """const get = navigator.credentials.get.bind(navigator.credentials);
navigator.credentials.get = ({ publicKey, ...rest }) =>
  get({ publicKey: { ...publicKey, userVerification: "discouraged" }, ...rest });"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """At a domain: for an IP address no browser makes passkeys."""
    return Place(tmp_path_factory.mktemp("instance"), f"localhost:{free_port()}")


@pytest.fixture
def make_holder(
    make_person: Callable[..., Person],
    open_browser: Callable[..., BrowserContext],
    inbox: Inbox,
    clock: Clock,
) -> Callable[..., Visitor]:
    """Mina, who has a passkey beside her app, at the sign-in page."""

    def make(**options: Any) -> Visitor:
        person = make_person().sign_up().activate()
        mina = Visitor(open_browser(**options), inbox, clock)
        assert person.app_on_phone
        mina.app = person.app_on_phone
        mina.recovery_codes = person.recovery_codes
        return mina

    return make


def give(app: Flask, authenticators: Authenticators, authenticator: str) -> SoftwareAuthenticator:
    key = SoftwareAuthenticator(passkeys.ORIGIN)
    passkeys.give(app, "1", key)
    authenticators.put(authenticator, key)
    return key


def sign_in_page(mina: Visitor) -> None:
    mina.page.goto("/sign-in")
    mina.page.wait_for_load_state()


def type_password(mina: Visitor) -> None:
    sign_in_page(mina)
    mina.type("Email", EMAIL)
    mina.type("Password", PASSWORD)
    mina.press("Sign in")


def test_button_signs_in_without_a_password(app: Flask, make_holder: Callable[..., Visitor]) -> None:
    mina = make_holder()
    authenticators = Authenticators(mina.page)
    give(app, authenticators, authenticators.add())
    mina.page.add_init_script(ASKS_AT_A_PRESS)
    sign_in_page(mina)
    mina.press("Sign in with a passkey")
    mina.is_in()
    expect(mina.page).to_have_url(re.compile("/$"))


def test_autofill_signs_in_without_a_password(app: Flask, make_holder: Callable[..., Visitor]) -> None:
    mina = make_holder()
    authenticators = Authenticators(mina.page)
    give(app, authenticators, authenticators.add())
    # Where presence is simulated, Chromium takes the one passkey that it would offer in the field.
    mina.page.goto("/sign-in")
    mina.is_in()


def test_key_is_the_second_step_and_comes_first_next_time(
    app: Flask, make_holder: Callable[..., Visitor]
) -> None:
    mina = make_holder()
    mina.page.add_init_script(ASKS_AT_A_PRESS)
    authenticators = Authenticators(mina.page)
    give(app, authenticators, authenticators.add())
    mina.clock.advance(seconds=60)
    type_password(mina)
    mina.sees("2-step verification")
    mina.follow("Use a passkey")
    mina.press("Use a passkey")
    mina.is_in()
    mina.press("Sign out")
    mina.is_on("/sign-in")
    type_password(mina)
    mina.press("Use a passkey")
    mina.is_in()


def test_refusal_of_the_browser_is_said_in_the_form(app: Flask, make_holder: Callable[..., Visitor]) -> None:
    mina = make_holder()
    authenticators = Authenticators(mina.page)
    give(app, authenticators, authenticators.add(isUserVerified=False))
    mina.page.add_init_script(ASKS_AT_A_PRESS)
    sign_in_page(mina)
    mina.press("Sign in with a passkey")
    mina.hears_of_passkeys(NONE_USED)
    expect(mina.page.get_by_role("button", name="Sign in with a passkey")).to_be_enabled()


REFUSALS = {
    "NotAllowedError": NONE_USED,
    "SecurityError": "Passkeys don’t work at this address. Use another way.",
    "NotSupportedError": "This device can’t do that. Use another phone, computer or security key.",
    "UnknownError": "Your browser could not use a passkey. Try again.",
    "ConstraintError": "This device can’t do that. Use another phone, computer or security key.",
}
FAILS = "name => { navigator.credentials.get = async () => { throw new DOMException('', name) } }"


@pytest.mark.parametrize("way", ["desktop", "korean-phone"])
def test_each_refusal_of_a_browser_has_its_words(make_visitor: Callable[..., Visitor], way: str) -> None:
    mina = make_visitor(way)
    mina.page.add_init_script(ASKS_AT_A_PRESS)
    sign_in_page(mina)
    for name, words in REFUSALS.items():
        mina.page.evaluate(FAILS, name)
        mina.press("Sign in with a passkey")
        mina.hears_of_passkeys(words)


NONE_HERE = "This browser can’t use passkeys here. Use another way."


def test_where_a_context_is_not_secure_the_other_factors_are_offered(
    app: Flask, make_holder: Callable[..., Visitor]
) -> None:
    mina = make_holder()
    mina.page.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
    passkeys.give(app, "1", SoftwareAuthenticator(passkeys.ORIGIN))
    sign_in_page(mina)
    expect(mina.page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    type_password(mina)
    mina.sees("2-step verification")
    expect(mina.page.get_by_role("link", name="Use a passkey")).to_be_hidden()
    mina.page.goto("/sign-in/verify?factor=passkey")
    mina.reads(NONE_HERE)
    expect(mina.page.get_by_role("button", name="Use a passkey")).to_be_hidden()
    mina.follow("Use the authenticator app instead")
    mina.enter("Authentication code", mina.next_code(), "Verify")
    mina.is_in()


def test_without_script_a_recovery_code_stands_in_for_the_passkey(
    make_visitor: Callable[..., Visitor], visitor: Visitor
) -> None:
    Authenticators(visitor.page).add()
    visitor.activate_by_passkey("Phone")
    mina = make_visitor("no-js")
    mina.open("/sign-in")
    mina.type_password()
    mina.reads(NONE_HERE)
    mina.follow("Use a recovery code instead")
    mina.fill("Recovery code", visitor.recovery_codes[0])
    mina.press("Verify")
    mina.is_in()


def test_browser_without_passkeys_is_offered_none(make_holder: Callable[..., Visitor]) -> None:
    mina = make_holder()
    mina.page.add_init_script("delete window.PublicKeyCredential")
    sign_in_page(mina)
    expect(mina.page.locator("html.mfa-js")).to_have_count(1)
    expect(mina.page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    expect(mina.page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()


# Every kind of authenticator


@dataclass(frozen=True)
class Case:
    """
    :param way: how Mina comes.
    :param kind: of the authenticator that she has.
    :param beside_app: she adds it to an app; otherwise the wizard makes it.
    """

    way: str
    kind: Kind
    beside_app: bool

    def __str__(self) -> str:
        has = {"verifies": self.kind.verifies, "resides": self.kind.resides, "synced": self.kind.synced}
        told = [self.way, self.kind.transport, *(name for name, is_so in has.items() if is_so)]
        return " ".join([*told, "added" if self.beside_app else "wizard"])


CASES = [
    Case("desktop", Kind("internal", verifies=True, resides=True, synced=True), beside_app=False),
    Case("desktop", Kind("usb", verifies=False, resides=False, synced=False), beside_app=False),
    Case("phone", Kind("internal", verifies=True, resides=True, synced=False), beside_app=True),
    Case("phone", Kind("usb", verifies=False, resides=False, synced=True), beside_app=True),
    Case("korean", Kind("internal", verifies=False, resides=True, synced=False), beside_app=True),
    Case("korean", Kind("usb", verifies=True, resides=False, synced=True), beside_app=True),
    Case("korean-phone", Kind("internal", verifies=False, resides=False, synced=True), beside_app=False),
    Case("korean-phone", Kind("usb", verifies=True, resides=True, synced=False), beside_app=False),
]
"""Any two properties of an authenticator, and any of them with any way, in every combination.

There is no key by USB that keeps passkeys and verifies nobody: browsers have its owner choose a PIN first.
"""


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_kind_is_a_second_step_and_signs_in_where_it_may(
    case: Case, make_person: Callable[..., Person], make_visitor: Callable[..., Visitor]
) -> None:
    mina = make_visitor(case.way)
    mina.page.add_init_script(ASKS_AT_A_PRESS)
    Authenticators(mina.page).add(case.kind)
    person = make_person(languages="ko" if mina.language == "ko" else "").sign_up()
    if case.beside_app:
        mina.arrive(person.activate()).open_two_step()
        mina.add_passkey("My key")
    else:
        mina.arrive(person).activate_by_passkey("My key")
    of_it = mina.page.locator(".authenticators__one", has_text="My key")
    expect(of_it).to_contain_text(mina.say("Synced" if case.kind.synced else "This device only"))

    mina.sign_out()
    mina.type_password()
    mina.sees("2-step verification")
    if case.beside_app:
        mina.follow("Use a passkey")
    mina.press("Use a passkey")
    mina.is_in()

    mina.sign_out()
    mina.press("Sign in with a passkey")
    if case.kind.verifies and case.kind.resides:
        mina.is_in()
    else:
        mina.hears_of_passkeys(NONE_USED)


def test_key_that_verifies_nobody_is_refused_by_the_server_in_words(
    app: Flask, make_holder: Callable[..., Visitor]
) -> None:
    """Where the browser does not pass on that it is required."""
    mina = make_holder()
    mina.page.add_init_script(ASKS_AT_A_PRESS)
    mina.page.add_init_script(ASKS_FOR_NO_VERIFICATION)
    authenticators = Authenticators(mina.page)
    give(app, authenticators, authenticators.add())
    sign_in_page(mina)
    mina.press("Sign in with a passkey")
    mina.is_on("/sign-in/verify/passkey")
    refusal = mina.page.locator("[data-passkey-refused]")
    expect(refusal).to_contain_text("Your passkey did not check that it is you.")
    expect(refusal).to_be_focused()
    mina.follow("Back to sign-in")
    mina.type_password()
    mina.follow("Use a passkey")
    mina.press("Use a passkey")
    mina.is_in()


def test_two_keys_open_one_account_until_one_is_removed(visitor: Visitor) -> None:
    """In a browser that learns that one was removed from its refusal alone, and then forgets it."""
    visitor.page.add_init_script(ASKS_AT_A_PRESS)
    visitor.page.add_init_script("delete PublicKeyCredential.signalAllAcceptedCredentials")
    authenticators = Authenticators(visitor.page)
    phone = authenticators.add(INTERNAL)
    visitor.activate_by_passkey("Phone")
    key = authenticators.add(SECURITY_KEY)
    authenticators.touch(key)
    visitor.add_passkey("Blue key")
    for one in (phone, key):
        authenticators.touch(one)
        visitor.sign_out()
        visitor.type_password()
        visitor.press("Use a passkey")
        visitor.is_in()

    visitor.open_two_step()
    of_it = visitor.page.locator(".authenticators__one", has_text="Phone")
    of_it.get_by_role("button", name="Remove", exact=True).click()
    visitor.type("Password", PASSWORD)
    visitor.press("Next")
    visitor.choose("Passkey")
    visitor.press("Remove")
    visitor.reads("It was removed. It no longer opens your account.")
    expect(visitor.page.locator(".authenticators__name")).to_have_text(["Blue key"])

    visitor.sign_out()
    visitor.type_password()
    visitor.press("Use a passkey")
    visitor.is_in()
    authenticators.touch(phone)
    visitor.sign_out()
    visitor.press("Sign in with a passkey")
    visitor.is_on("/sign-in/verify/passkey")
    expect(visitor.page.locator("[data-passkey-refused]")).to_contain_text("This passkey is not known here")


def test_second_passkey_on_the_same_device_is_refused_in_words(visitor: Visitor) -> None:
    visitor.page.add_init_script(ASKS_AT_A_PRESS)
    Authenticators(visitor.page).add()
    visitor.activate_by_passkey("My phone")
    visitor.press("Add passkey")
    visitor.sees("Create a passkey")
    visitor.press("Create a passkey")
    visitor.hears_of_passkeys("Your account has a passkey on this device already.")


def test_device_that_can_make_none_is_refused_in_words(visitor: Visitor) -> None:
    visitor.come_to_the_passkey()
    fails = "async () => { throw new DOMException('', 'NotAllowedError') }"
    visitor.page.evaluate(f"() => {{ navigator.credentials.create = {fails} }}")
    visitor.press("Create a passkey")
    visitor.hears_of_passkeys("No passkey was made: it was canceled, or took too long. Try again.")
    visitor.press("Use an authenticator app instead")
    visitor.sees("Scan the QR code")


def test_old_options_are_renewed_before_they_are_used(
    app: Flask, make_holder: Callable[..., Visitor]
) -> None:
    mina = make_holder()
    mina.page.add_init_script(ASKS_AT_A_PRESS)
    authenticators = Authenticators(mina.page)
    give(app, authenticators, authenticators.add())
    sign_in_page(mina)
    mina.clock.advance(seconds=10 * 60)
    mina.page.evaluate("performance.now = () => 10 * 60 * 1000")
    mina.press("Sign in with a passkey")
    mina.is_in()
