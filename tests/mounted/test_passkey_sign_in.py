"""The button of a host's sign-in page by which people sign in with a passkey alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Response, flash, get_flashed_messages, redirect, render_template_string

from mfa import FlaskLoginAccounts, Person as MfaPerson
from tests.mounted.shop import SHOP, Shop, User
from tests.support import passkeys
from tests.support.passkeys import ORIGIN, answer, asked
from tests.support.person import Person, entered
from tests.support.software_authenticator import SoftwareAuthenticator

ALONE = f"{SHOP.verify}/passkey"
SETTINGS = {f"MFA_{name}": value for name, value in passkeys.SETTINGS.items()}


@pytest.fixture
def make_door(make_shop: Callable[..., Shop]) -> Callable[..., Shop]:
    """Makes hosts with the button on a page of theirs."""

    def make(accounts: Callable[..., FlaskLoginAccounts] = FlaskLoginAccounts, **settings: Any) -> Shop:
        shop = make_shop(accounts=accounts, settings={**SETTINGS, **settings})
        page = "{{ two_step.passkey_sign_in(next='/careful', nonce='n0nce') }}"
        shop.app.add_url_rule("/door", "door", lambda: render_template_string(page))
        return shop

    return make


def protected(shop: Shop, customer: Person) -> SoftwareAuthenticator:
    customer.sign_up().activate()
    key = SoftwareAuthenticator(ORIGIN)
    with shop.app.app_context():
        person_id = str(shop.user().id)
    passkeys.give(shop.app, person_id, key)
    return key


def test_button_signs_in_and_leads_to_where_the_person_wants(
    make_door: Callable[..., Shop], make_customer: Callable[..., Person]
) -> None:
    shop = make_door()
    customer = make_customer(shop)
    key = protected(shop, customer)
    assert customer.get("/door").text.strip() == ""
    customer.sign_out()
    page = customer.get("/door").text
    options, _ = asked(page, ALONE)
    assert (options["rpId"], options["userVerification"]) == ("localhost", "required")
    assert 'name="next" value="/careful"' in page
    assert 'nonce="n0nce"' in page
    response = customer.post(ALONE, answer(key, page, ALONE))
    assert response.headers["Location"] == "/careful"
    assert customer.is_signed_in()


def test_switched_off_the_button_is_nothing(
    make_door: Callable[..., Shop], make_customer: Callable[..., Person]
) -> None:
    shop = make_door(MFA_PASSKEY_SIGN_IN=False)
    customer = make_customer(shop)
    assert customer.get("/door").text.strip() == ""
    assert not entered(customer.post(ALONE, {"passkey": "x"}))


def test_at_an_address_the_button_is_nothing(
    make_door: Callable[..., Shop], make_customer: Callable[..., Person]
) -> None:
    shop = make_door(MFA_PASSKEY_RP_ID=None)
    assert make_customer(shop).get("/door").text.strip() == ""


# Who may sign in: as docs/mounting.md says, for the login view is not called


class Members(FlaskLoginAccounts):
    """An adapter that gives nobody once it is not open."""

    is_open = True

    def get(self, person_id: str) -> MfaPerson | None:
        return super().get(person_id) if self.is_open else None


class Closing(FlaskLoginAccounts):
    """An adapter that says why nobody signs in once it is not open."""

    is_open = True

    def log_in(self, person: MfaPerson, next: str, *, remember: bool = False) -> Response:  # noqa: A002 (the base has it)
        if not self.is_open:
            flash("The shop is closed.")
            return redirect(self.sign_in_url())  # type: ignore[return-value]
        return super().log_in(person, next, remember=remember)


def use(customer: Person, key: SoftwareAuthenticator) -> Any:
    return customer.post(ALONE, answer(key, customer.get("/door").text, ALONE))


def test_locked_user_of_flask_login_is_refused(
    make_door: Callable[..., Shop], make_customer: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = make_door()
    customer = make_customer(shop)
    key = protected(shop, customer)
    customer.sign_out()
    with monkeypatch.context() as patch:
        patch.setattr(User, "is_active", False)
        response = use(customer, key)
        assert response.status_code == 422
        assert "This passkey does not open this account." in response.text
    assert not customer.is_signed_in()
    use(customer, key)
    assert customer.is_signed_in()


def test_person_whom_the_adapter_does_not_give_is_refused(
    make_door: Callable[..., Shop], make_customer: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = make_door(Members)
    customer = make_customer(shop)
    key = protected(shop, customer)
    customer.sign_out()
    monkeypatch.setattr(Members, "is_open", False)
    use(customer, key)
    assert not customer.is_signed_in()


@pytest.mark.parametrize("by", ["passkey", "code"])
def test_host_that_begins_no_session_says_why(
    make_door: Callable[..., Shop],
    make_customer: Callable[..., Person],
    monkeypatch: pytest.MonkeyPatch,
    by: str,
) -> None:
    shop = make_door(Closing)
    shop.app.add_url_rule("/said", "said", lambda: " ".join(get_flashed_messages()))
    customer = make_customer(shop)
    key = protected(shop, customer)
    customer.sign_out()
    monkeypatch.setattr(Closing, "is_open", False)
    if by == "code":
        customer.sign_in()
        customer.clock.advance(seconds=30)
        response = customer.verify(customer.code())
    else:
        response = use(customer, key)
    assert response.headers["Location"] == "/login"
    assert "The shop is closed." in customer.get("/said").text
    assert not customer.is_signed_in()
