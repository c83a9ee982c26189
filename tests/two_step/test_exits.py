"""The fifteen exits of the wizard for each method: five steps, and three ways to leave each.

Whichever is taken, the database is byte for byte what it was, but for what may change while something is
abandoned: attempts, and what was used up. Who signs out ends a session, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.support import passkeys
from tests.support.database import dump
from tests.support.passkeys import ORIGIN, answer
from tests.support.person import Person, entered
from tests.support.product import TWO_STEP
from tests.support.software_authenticator import SoftwareAuthenticator

pytestmark = pytest.mark.slow

ENROLL = f"{TWO_STEP}/enroll"
ABANDONED = {"mfa_throttles", "mfa_spent"}
ENDED = {*ABANDONED, "sessions", "mfa_activity"}


@pytest.fixture
def config(config: dict[str, Any]) -> dict[str, Any]:
    return {**config, **passkeys.SETTINGS}


# The steps, each reached from the one before it


def send_number(person: Person) -> None:
    person.post(f"{ENROLL}/email/send", follow_redirects=True)


def type_number(person: Person) -> None:
    person.verify_email()


def ask_for_a_passkey(person: Person) -> None:
    person.verify_email()
    person.post(f"{ENROLL}/method", {"method": "passkey"}, follow_redirects=True)


def create_a_passkey(person: Person) -> None:
    url = f"{ENROLL}/passkey"
    person.post(url, answer(SoftwareAuthenticator(ORIGIN), person.page, url), follow_redirects=True)


def name_it(person: Person) -> None:
    person.post(f"{ENROLL}/passkey/name", {"name": "My key"}, follow_redirects=True)


Act = Callable[[Person], object]
APP: dict[str, Act] = {
    "Verify your email": Person.begin,
    "Authentication number": send_number,
    "Scan the QR code": type_number,
    "Enter the code from your app": Person.scan,
    "Save your recovery codes": Person.enter_code,
}
PASSKEY: dict[str, Act] = {
    "Verify your email": Person.begin,
    "Authentication number": send_number,
    "Create a passkey": ask_for_a_passkey,
    "Name your passkey": create_a_passkey,
    "Save your recovery codes": name_it,
}
"""What each step says, and what leads there."""
METHODS = {"app": APP, "passkey": PASSKEY}
STEPS = [(method, step) for method, steps in METHODS.items() for step in steps]


def come_to(person: Person, method: str, step: str) -> None:
    for name, act in METHODS[method].items():
        act(person)
        if name == step:
            break
    assert f">{step}<" in person.page


# The ways to leave


def close(_person: Person) -> None:
    """The browser is closed: nothing is sent."""


def cancel(person: Person) -> None:
    person.post(f"{ENROLL}/cancel", follow_redirects=True)


def sign_out(person: Person) -> None:
    person.sign_out()


WAYS = {close: ABANDONED, cancel: ABANDONED, sign_out: ENDED}
"""What may differ in the database after each."""


@pytest.mark.parametrize("leave", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("at", STEPS, ids=": ".join)
def test_each_exit_saves_nothing(
    make_person: Callable[..., Person], mina: Person, engine: Engine, at: tuple[str, str], leave: Act
) -> None:
    before = dump(engine, without=WAYS[leave])
    come_to(mina, *at)
    cookie, page = mina.cookie(), mina.page
    leave(mina)
    assert dump(engine, without=WAYS[leave]) == before

    if leave is not close:
        # Nor can what was left be completed by a copy of the cookie.
        mina.put_cookie(cookie)
        mina.page = page
        mina.complete()
    elsewhere = make_person(email=mina.email)
    assert entered(elsewhere.sign_in())
    assert not elsewhere.two_step_is_on()


@pytest.mark.parametrize("leave", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("method", METHODS)
def test_each_exit_before_the_name_adds_nothing(
    protected: Person, engine: Engine, method: str, leave: Act
) -> None:
    protected.get(TWO_STEP)
    protected.post(f"{TWO_STEP}/add{'/passkey' if method == 'passkey' else ''}", follow_redirects=True)
    # The mail that tells of the activation may be leaving just now.
    protected.app.extensions["mfa_mail_worker"].stop()
    before = dump(engine, without=WAYS[leave])
    if method == "app":
        protected.scan().enter_code()
    else:
        create_a_passkey(protected)
    assert f"Name your {'authenticator app' if method == 'app' else 'passkey'}" in protected.page
    leave(protected)
    assert dump(engine, without=WAYS[leave]) == before
