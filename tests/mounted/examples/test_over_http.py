"""The examples without a browser: the journeys, and what must not be possible in them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.person import PASSWORD, Person, entered
from tests.support.product import TWO_STEP

pytestmark = pytest.mark.slow  # every way, in three applications


@pytest.fixture
def mina(person: Person) -> Person:
    """Mina, signed in, 2-step verification off."""
    return person.sign_up()


@pytest.fixture
def protected(mina: Person) -> Person:
    return mina.activate()


@pytest.mark.parametrize("htmx", [True, False])
def test_every_journey_is_walked(make_person: Callable[..., Person], htmx: bool) -> None:
    mina = make_person(htmx=htmx).sign_up().activate()
    mina.sign_out()
    mina.sign_in()
    assert not mina.is_signed_in()
    assert entered(mina.verify(mina.next_code()))
    mina.prove_password("reissue")
    mina.recovery_codes, old = mina.shown_codes(), mina.recovery_codes
    mina.post(f"{TWO_STEP}/reissue/recovery-codes", {"saved": "y"}, follow_redirects=True)
    mina.move()
    mina.sign_out()
    mina.sign_in()
    mina.verify_recovery_code(old[0])
    assert not mina.is_signed_in()
    assert entered(mina.verify_recovery_code(mina.recovery_codes[0]))
    mina.prove_password("disable")
    mina.disable(code=mina.next_code())
    assert not mina.two_step_is_on()


def test_giving_up_saves_nothing(mina: Person) -> None:
    mina.begin().verify_email().scan().enter_code()
    mina.post(f"{TWO_STEP}/enroll/cancel", follow_redirects=True)
    assert not mina.two_step_is_on()
    mina.sign_out()
    assert entered(mina.sign_in())


def test_password_alone_opens_nothing_of_the_host(
    protected: Person, make_person: Callable[..., Person]
) -> None:
    thief = make_person()
    thief.sign_in()
    assert not thief.is_signed_in()
    assert thief.client.get(TWO_STEP).status_code != 200


def test_second_step_at_sign_in_has_its_styles_and_scripts(
    protected: Person, make_person: Callable[..., Person]
) -> None:
    thief = make_person(htmx=False)
    thief.sign_in()
    files = re.findall(r'(?:src|href)="([^"]+/assets/[^"]+)"', thief.get(thief.product.verify).text)
    assert len(files) > 1
    assert {thief.client.get(file).status_code for file in files} == {200}


def test_challenge_is_answered_once(protected: Person) -> None:
    protected.sign_out()
    protected.sign_in()
    half_signed_in = protected.cookie()
    code = protected.next_code()
    assert entered(protected.verify(code))
    protected.sign_out()
    protected.put_cookie(half_signed_in)
    protected.verify(code)
    assert not protected.is_signed_in()


# The notebook's login by JSON


@pytest.fixture
def ask(person: Person) -> Callable[..., Any]:
    def ask(password: str = PASSWORD) -> Any:
        response = person.client.post("/api/login", json={"email": person.email, "password": password})
        return response.get_json()

    return ask


@pytest.mark.parametrize("example", ["plain"], indirect=True)
def test_data_says_that_the_password_was_enough(person: Person, ask: Callable[..., Any]) -> None:
    assert ask() == {"ok": True}
    assert person.is_signed_in()


@pytest.mark.parametrize("example", ["plain"], indirect=True)
def test_data_says_where_the_second_step_is(
    make_person: Callable[..., Person], person: Person, ask: Callable[..., Any]
) -> None:
    owner = make_person().sign_up().activate()
    person.htmx = False
    assert ask("wrong") == {"error": "Email or password is not right."}
    assert ask() == {"two_step": person.product.verify}
    assert not person.is_signed_in()
    person.get(person.product.verify)
    assert entered(person.verify(owner.next_code()))
    assert person.is_signed_in()
