"""Help for the people of a host: without a password or a requirement, too, or by a remembered login."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import render_template_string
from sqlalchemy import insert

from mfa.people.models import PersonState
from tests.mounted.shop import EMAIL, Shop, db
from tests.support.clock import Clock
from tests.support.person import PASSWORD, Person, Response
from tests.support.product import TWO_STEP

Make = Callable[..., Person]
WIZARD = f"{TWO_STEP}/enroll"


@pytest.fixture(params=["with password", "without password"])
def shop(make_shop: Callable[..., Shop], request: pytest.FixtureRequest) -> Shop:
    return make_shop(password=PASSWORD if request.param == "with password" else None, guard=True)


@pytest.fixture
def mina(shop: Shop, make_customer: Make, clock: Clock) -> Person:
    """Somebody whose 2-step verification is on, signed in."""
    person = make_customer(shop)
    person.get("/by-link")
    if has_password(shop):
        person.begin()
        person.post(f"{WIZARD}/password", {"password": PASSWORD}, follow_redirects=True)
        person.verify_email().scan().enter_code().complete()
    else:
        person.begin().verify_email().scan().enter_code().complete()
    assert person.two_step_is_on()
    clock.advance(minutes=2)
    return person


def has_password(shop: Shop) -> bool:
    with shop.app.app_context():
        return shop.user().password is not None


def help_back(shop: Shop) -> None:
    with shop.app.app_context():
        shop.two_step.help(shop.user(), by="kim", reason="lost the phone")


def link(person: Person) -> str:
    text = person.inbox.wait_for("Set up 2-step verification again", to=EMAIL).text
    found = re.search(r"https?://[^/]+(/\S+)", text)
    assert found
    return found[1]


def finish(shop: Shop, person: Person, back: str) -> Response:
    """Open the link that leads back, and prove what its page asks for."""
    person.get(back)
    if has_password(shop):
        return person.post(back, {"password": PASSWORD})
    person.post(f"{back}/number", follow_redirects=True)
    number = person.inbox.wait_for("Your Shop authentication number", to=EMAIL).number
    return person.post(back, {"number": number})


def test_link_leads_into_the_wizard_and_nowhere_else(
    shop: Shop, mina: Person, make_customer: Make, clock: Clock
) -> None:
    help_back(shop)
    helped = make_customer(shop)
    assert finish(shop, helped, link(mina)).location == WIZARD
    assert helped.get("/").location == WIZARD
    clock.advance(minutes=2)
    assert "Cancel" not in helped.get(WIZARD, follow_redirects=True).text
    for step in (helped.verify_email, helped.scan, helped.enter_code):
        assert "Cancel" not in step().page
    assert "2-step verification is on." in helped.complete().text
    assert helped.get("/").status_code == 200


def test_any_other_way_in_leads_into_the_wizard_too(shop: Shop, mina: Person, make_customer: Make) -> None:
    """Also one that passes the extension by, like a login that the host remembers."""
    help_back(shop)
    finish(shop, make_customer(shop), link(mina))
    for way in ("/by-link", "/around"):
        visitor = make_customer(shop)
        visitor.get(way)
        assert visitor.get("/").location == WIZARD, way


def test_number_of_another_browser_opens_nothing(make_shop: Callable[..., Shop], make_customer: Make) -> None:
    shop = make_shop(password=None)
    mina = make_customer(shop)
    mina.get("/by-link")
    mina.begin().verify_email().scan().enter_code().complete()
    mina.clock.advance(minutes=2)
    help_back(shop)
    back = link(mina)
    first, second = make_customer(shop), make_customer(shop)
    first.get(back)
    first.post(f"{back}/number", follow_redirects=True)
    number = mina.inbox.wait_for("Your Shop authentication number", to=EMAIL).number
    second.get(back)
    assert "no longer good" in second.post(back, {"number": number}, follow_redirects=True).text
    assert first.post(back, {"number": number}).location == WIZARD


def test_host_without_guard_leads_there_at_sign_in_all_the_same(
    make_shop: Callable[..., Shop], make_customer: Make, clock: Clock
) -> None:
    shop = make_shop(password=None)
    with shop.app.app_context():
        state = {"person_id": "1", "generation": 0, "device_epoch": 0, "must_enroll_at": clock()}
        db.session.execute(insert(PersonState).values(state))
        db.session.commit()
    assert make_customer(shop).get("/by-link").location == WIZARD


def test_page_of_the_host_has_the_press_that_stops_it(
    make_shop: Callable[..., Shop], make_customer: Make
) -> None:
    shop = make_shop(password=None)

    @shop.app.get("/noticed")
    def noticed() -> str:
        return render_template_string("{{ two_step.recovery_notice(class_='card') }}")

    mina = make_customer(shop)
    mina.get("/by-link")
    mina.begin().verify_email().scan().enter_code().complete()
    assert mina.get("/noticed").text == ""
    help_back(shop)
    assert 'class="card"' in mina.get("/noticed").text
    assert (
        mina.post(
            f"{TWO_STEP}/recover/stop",
            headers={"Referer": f"http://{shop.app.config['SERVER_NAME']}/noticed"},
        ).location
        == "/noticed"
    )
    assert mina.get("/noticed").text == ""
    assert make_customer(shop).get("/noticed").text == ""
