"""From the host's login to the extension and back: remembered logins, the guard, and a login by htmx."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mfa.notices import worker
from tests.mounted.shop import EMAIL, HTMX, SHOP, Shop
from tests.support.person import PASSWORD, Person, entered
from tests.support.product import TWO_STEP

REMEMBERED = {"email": EMAIL, "password": PASSWORD, "remember": "y"}


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    return make_shop(guard=True)


@pytest.fixture
def mina(shop: Shop, make_customer: Callable[..., Person]) -> Person:
    return make_customer(shop).sign_up()


def end_session(person: Person) -> None:
    """Close the browser: what is left is the cookie that remembers."""
    person.client.delete_cookie(SHOP.session_cookie, domain="127.0.0.1")


def is_remembered(person: Person) -> bool:
    return bool(person.client.get("/remembered").get_json()["remembered"])


# remember=


def test_remembering_is_passed_through_without_a_second_step(mina: Person) -> None:
    mina.sign_out()
    assert not is_remembered(mina)
    mina.post("/login", REMEMBERED)
    assert is_remembered(mina)
    end_session(mina)
    assert mina.is_signed_in()


def test_remembering_waits_for_the_second_step(mina: Person) -> None:
    mina.activate().sign_out()
    mina.post("/login", REMEMBERED)
    assert not is_remembered(mina)
    mina.get(SHOP.verify)
    assert entered(mina.verify(mina.next_code()))
    assert is_remembered(mina)


def test_remembered_login_is_asked_by_the_guard_and_stays_remembered(mina: Person) -> None:
    mina.activate().sign_out()
    mina.post("/login", REMEMBERED)
    mina.get(SHOP.verify)
    mina.verify(mina.next_code())
    end_session(mina)
    assert mina.get("/").headers["Location"] == SHOP.verify
    assert not is_remembered(mina)
    mina.get(SHOP.verify)
    assert entered(mina.verify(mina.next_code()))
    assert mina.is_signed_in()
    assert is_remembered(mina)


@pytest.mark.parametrize(
    "path", ["/", "/static-looking", TWO_STEP, f"{TWO_STEP}/reissue", f"{TWO_STEP}/disable", "/careful"]
)
def test_login_remembered_from_before_opens_nothing(
    shop: Shop, mina: Person, make_customer: Callable[..., Person], path: str
) -> None:
    elsewhere = make_customer(shop)
    elsewhere.get("/login")
    elsewhere.post("/login", REMEMBERED)
    mina.activate()
    end_session(elsewhere)
    answer = elsewhere.get(path)
    assert answer.headers["Location"] == SHOP.verify
    assert elsewhere.get("/").headers["Location"].startswith("/login")


def test_session_from_before_is_asked_too(
    shop: Shop, mina: Person, make_customer: Callable[..., Person]
) -> None:
    elsewhere = make_customer(shop).sign_up()
    mina.activate()
    answer = elsewhere.post(f"{TWO_STEP}/reissue", {"password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, SHOP.verify)
    assert elsewhere.get(f"{TWO_STEP}/reissue").headers["Location"].startswith("/login")
    assert elsewhere.get(SHOP.verify).status_code == 200


def test_second_step_of_an_earlier_login_is_not_that_of_a_later_one(mina: Person) -> None:
    mina.activate().sign_out()
    assert mina.get("/around").headers["Location"] == "/"
    assert mina.get("/").headers["Location"] == SHOP.verify


def test_guard_leads_back(mina: Person) -> None:
    mina.activate().sign_out()
    mina.get("/around")
    mina.get("/careful")
    mina.get(SHOP.verify)
    assert mina.verify(mina.next_code()).headers["Location"] == "/careful"


@pytest.mark.parametrize("typed", [True, False])
def test_mail_tells_of_a_typed_password_alone(mina: Person, typed: bool) -> None:
    mina.activate().sign_out()
    if typed:
        mina.sign_in()
    else:
        mina.get("/around")
        assert mina.get("/").headers["Location"] == SHOP.verify
    mina.clock.advance(minutes=20)
    mina.app.test_cli_runner().invoke(args=["two-step", "mail", "deliver"])
    mina.app.extensions[worker._WORKER].stop()
    told = [letter.subject for letter in mina.inbox.take_all()]
    assert ("Somebody entered your Shop password" in told) is typed


# htmx in the host's login page


@pytest.mark.parametrize("on", [False, True])
def test_htmx_is_led_by_the_whole_window(mina: Person, on: bool) -> None:
    if on:
        mina.activate()
    mina.sign_out()
    answer = mina.client.post("/login", data=REMEMBERED, headers=HTMX)
    assert answer.status_code == 200
    assert answer.headers["HX-Redirect"] == (SHOP.verify if on else "/")
    assert "Location" not in answer.headers
    assert answer.text == ""
    assert answer.headers["Cache-Control"] == "no-store"
    assert mina.is_signed_in() is not on


def test_form_is_swapped_where_the_host_asks_for_that(mina: Person) -> None:
    mina.activate().sign_out()
    answer = mina.client.post("/login", data={**REMEMBERED, "swap": "y"}, headers=HTMX)
    assert answer.status_code == 200
    assert answer.headers["HX-Push-Url"] == SHOP.verify
    assert "Authentication code" in answer.text
    assert "<html" not in answer.text


def test_swapped_form_leads_on_by_the_whole_window(mina: Person) -> None:
    mina.htmx = True
    mina.activate().sign_out()
    mina.post("/login?next=/careful", {**REMEMBERED, "swap": "y"})
    answer = mina.verify(mina.next_code())
    assert answer.headers["HX-Redirect"] == "/careful"
    assert is_remembered(mina)
    assert mina.is_signed_in()


@pytest.mark.parametrize("swap", [{}, {"swap": "y"}])
def test_without_htmx_a_redirect_leads_on(mina: Person, swap: dict[str, str]) -> None:
    mina.activate().sign_out()
    answer = mina.client.post("/login", data={**REMEMBERED, **swap})
    assert (answer.status_code, answer.headers["Location"]) == (303, SHOP.verify)
