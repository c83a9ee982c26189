"""Passkeys in the pages of hosts: made in the dialog, used at the second step and in place of a password."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.journeys.visitor import PASSWORD, Visitor
from tests.support.expecting import expect
from tests.support.person import Person
from tests.support.smtp import free_port
from tests.support.virtual_authenticators import (
    ASKS_AT_A_PRESS,
    RECORDS_SIGNALS,
    Authenticators,
    wait_for_signal,
)

STRICT = pytest.mark.parametrize("example", ["bootstrap_csp"], indirect=True)
"""The host with the strictest policy, an htmx 2 and a layout of its own."""


@pytest.fixture
def server_name() -> str:
    """A domain: for an IP address no browser makes passkeys."""
    return f"localhost:{free_port()}"


@pytest.fixture
def authenticators(visitor: Visitor) -> Authenticators:
    return Authenticators(visitor.page)


@pytest.fixture
def visitor(make_visitor: Callable[..., Visitor], person: Person) -> Visitor:
    """Signed in, at a desktop."""
    mina = make_visitor()
    mina.page.add_init_script(ASKS_AT_A_PRESS)
    return mina.arrive(person.sign_up())


def test_passkey_of_the_dialog_is_the_second_step_and_signs_in_alone(
    visitor: Visitor, authenticators: Authenticators
) -> None:
    mina = visitor
    authenticators.add()
    mina.page.evaluate("window.stayed = true")
    mina.activate_by_passkey("My key")
    expect(mina.page.locator(".authenticators__one")).to_contain_text("This device only")
    assert mina.page.evaluate("window.stayed")

    mina.sign_out()
    mina.type_password()
    mina.sees("2-step verification")
    mina.press("Use a passkey")
    mina.is_in()

    mina.sign_out()
    mina.press("Sign in with a passkey")
    mina.is_in()


def test_field_of_the_host_offers_a_passkey(make_visitor: Callable[..., Visitor], person: Person) -> None:
    """Where presence is simulated, Chromium takes the one that it would offer."""
    mina = make_visitor().arrive(person.sign_up())
    Authenticators(mina.page).add()
    mina.activate_by_passkey("My key")
    mina.context.clear_cookies()
    mina.page.goto(mina.product.sign_in, wait_until="commit")
    mina.is_in()


@STRICT
def test_refusal_of_the_browser_is_said_in_the_hosts_page(visitor: Visitor) -> None:
    mina = visitor
    mina.sign_out()
    fails = "async () => { throw new DOMException('', 'NotAllowedError') }"
    mina.page.evaluate(f"() => {{ navigator.credentials.get = {fails} }}")
    mina.press("Sign in with a passkey")
    mina.hears_of_passkeys("No passkey was used: it was canceled, took too long")
    mina.is_on(mina.product.sign_in)
    mina.type_password()
    mina.is_in()


@STRICT
def test_refusal_of_the_server_is_a_page_in_the_hosts_layout(
    app: Flask, visitor: Visitor, authenticators: Authenticators
) -> None:
    mina = visitor
    authenticators.add()
    mina.activate_by_passkey("My key")
    reset = ["two-step", "reset", "1", "--by", "Ann", "--reason", "lost everything"]
    done = app.test_cli_runner().invoke(args=reset)
    assert done.exit_code == 0, done.output
    mina.page.context.clear_cookies()
    mina.open(mina.product.sign_in)
    mina.press("Sign in with a passkey")
    mina.sees("Sign in with a passkey")
    expect(mina.page.locator("[data-passkey-refused]")).to_contain_text("This passkey is not known here")
    expect(mina.page.locator(".navbar-brand")).to_be_visible()


@STRICT
def test_password_manager_forgets_what_was_turned_off_in_the_dialog(
    visitor: Visitor, authenticators: Authenticators
) -> None:
    mina = visitor
    mina.page.add_init_script(RECORDS_SIGNALS)
    authenticators.add()
    mina.open("/")
    mina.activate_by_passkey("My key")
    mina.press("Disable 2-Step Verification")
    mina.type("Password", PASSWORD)
    mina.press("Next")
    mina.choose("Passkey")
    mina.press("Disable")
    mina.sees("2-step verification is off")
    wait_for_signal(mina.page, "signalAllAcceptedCredentials", allAcceptedCredentialIds=[])


@STRICT
def test_browser_without_passkeys_is_offered_none(make_visitor: Callable[..., Visitor]) -> None:
    mina = make_visitor()
    mina.page.add_init_script("delete window.PublicKeyCredential")
    mina.open(mina.product.sign_in)
    mina.page.wait_for_load_state()
    expect(mina.page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    expect(mina.page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
