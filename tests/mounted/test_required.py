"""Who must have 2-step verification on: told by when, led into the wizard after it, and kept from turning it
off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import render_template
from markupsafe import Markup
from sqlalchemy import delete

from mfa import FlaskLoginAccounts, Required, testing
from mfa.database import run, transaction
from mfa.factors.models import Authenticator
from mfa.people import rules as people
from tests.mounted.shop import EMAIL, HTMX, Shop, User, db
from tests.support import passkeys
from tests.support.clock import Clock
from tests.support.database import dump
from tests.support.passkeys import ORIGIN
from tests.support.person import PASSWORD, Person, Response
from tests.support.product import TWO_STEP
from tests.support.software_authenticator import SoftwareAuthenticator

REQUIRED = "Your organization requires 2-step verification."
BY = f"{REQUIRED} Turn it on by December 1, 2026."
NOW = f"{REQUIRED} Turn it on now."
WIZARD, CONFIRM = f"{TWO_STEP}/enroll", f"{TWO_STEP}/confirm"
DISABLE = f"{TWO_STEP}/disable"
BASE = """<title>Shop</title>{{ two_step.reminder(class_="alert") }}
{% block content %}{% endblock %}{{ two_step.modal() }}"""
Make = Callable[..., Shop]


@pytest.fixture
def make_requiring(make_shop: Make, tmp_path: Path) -> Make:
    """Make a shop that requires it after a week; ``/told`` is a page with the reminder."""

    def make(**more: Any) -> Shop:
        given = {"required": lambda _person: True, "grace": timedelta(days=7), "guard": True, **more}
        shop = make_shop(**given)
        (tmp_path / "templates").mkdir(exist_ok=True)
        (tmp_path / "templates" / "base.html").write_text(BASE)
        shop.app.add_url_rule("/told", "told", lambda: render_template("base.html"))
        shop.app.add_url_rule("/address", "address", lambda: "Your address", methods=["GET", "POST"])
        return shop

    return make


@pytest.fixture
def shop(make_requiring: Make) -> Shop:
    return make_requiring()


@pytest.fixture
def strict_shop(make_requiring: Make) -> Shop:
    """Gives no time."""
    return make_requiring(grace=timedelta(0))


@pytest.fixture(params=[True, False], ids=["htmx", "plain"])
def make_mina(
    request: pytest.FixtureRequest, make_customer: Callable[..., Person]
) -> Callable[[Shop], Person]:
    """Sign Mina in, in a browser with htmx or without JavaScript."""

    def make(shop: Shop) -> Person:
        return signed_in(make_customer(shop, htmx=request.param))

    return make


def signed_in(person: Person) -> Person:
    person.get("/login")
    person.post("/login", {"email": EMAIL, "password": PASSWORD})
    return person


def words(answer: Response) -> str:
    """Return what a page says."""
    return " ".join(Markup(answer.text).striptags().split())  # noqa: S704 (it is taken out of its marks)


def way(answer: Response) -> str | None:
    return answer.headers.get("HX-Redirect") or answer.headers.get("Location")


# By when


def test_tab_says_by_when(shop: Shop, make_mina: Callable[[Shop], Person], clock: Clock) -> None:
    mina = make_mina(shop)
    assert BY in words(mina.get(TWO_STEP))
    clock.advance(days=5)
    assert BY in words(mina.get(TWO_STEP))
    assert mina.is_signed_in()


def test_last_day_is_told_to_the_minute(
    shop: Shop, make_mina: Callable[[Shop], Person], clock: Clock
) -> None:
    mina = make_mina(shop)
    mina.get(TWO_STEP)
    clock.advance(days=6, minutes=1)
    assert "Turn it on by December 1, 2026, 12:00 PM UTC." in words(mina.get(TWO_STEP)).replace("\u202f", " ")


def test_page_of_the_host_says_it_with_a_link(
    shop: Shop, make_customer: Callable[..., Person], clock: Clock
) -> None:
    mina = signed_in(make_customer(shop))
    page = mina.get("/told")
    assert BY in words(page)
    assert '<p class="alert" lang="en" data-mfa-reminder>' in page.text
    assert f'<a href="{TWO_STEP}" data-mfa-opens="two-step"' in page.text
    assert '<time datetime="2026-12-01T12:00:10+00:00" data-kind="day">' in page.text
    clock.advance(days=3)
    assert BY in words(mina.get("/told"))


def test_host_that_watches_nothing_says_that_the_time_is_over(
    make_requiring: Make, make_customer: Callable[..., Person], clock: Clock
) -> None:
    mina = signed_in(make_customer(make_requiring(guard=False)))
    mina.get("/told")
    clock.advance(days=7)
    assert NOW in words(mina.get("/told"))
    assert NOW in words(mina.get(TWO_STEP))


def test_reminder_is_in_the_language_of_the_reader(shop: Shop, make_customer: Callable[..., Person]) -> None:
    mina = signed_in(make_customer(shop, languages="ko"))
    page = mina.get("/told")
    assert "조직에서 2단계 인증을 필수로 정했어요. 2026년 12월 1일까지 켜 주세요." in words(page)
    assert 'lang="ko" data-mfa-reminder' in page.text


def test_page_of_ours_says_it_once(make_requiring: Make, make_customer: Callable[..., Person]) -> None:
    mina = signed_in(make_customer(make_requiring(layout="base.html")))
    page = mina.get(TWO_STEP)
    assert page.text.count(REQUIRED) == 1
    assert page.text.startswith("<title>Shop</title>")


def test_nothing_is_said_to_strangers(shop: Shop, make_customer: Callable[..., Person]) -> None:
    assert REQUIRED not in make_customer(shop).get("/told").text


def test_nothing_is_said_to_people_who_need_not(
    make_requiring: Make, make_customer: Callable[..., Person]
) -> None:
    mina = signed_in(make_customer(make_requiring(required=lambda person: person.email != EMAIL)))
    for path in ("/told", TWO_STEP):
        assert REQUIRED not in mina.get(path).text


def test_nothing_is_said_of_a_day_once_it_is_on(
    shop: Shop, make_mina: Callable[[Shop], Person], clock: Clock
) -> None:
    mina = make_mina(shop).activate()
    clock.advance(days=30)
    assert REQUIRED not in mina.get("/told").text
    assert "Turn it on" not in mina.get(TWO_STEP).text


def test_grace_of_each_begins_when_they_are_told(shop: Shop, clock: Clock) -> None:
    with shop.app.app_context():
        db.session.add(User(email="leo@example.com", password=PASSWORD))
        db.session.commit()
    mina, leo = shop.app.test_client(), shop.app.test_client()
    mina.post("/login", data={"email": EMAIL, "password": PASSWORD})
    assert mina.get("/").status_code == 200
    clock.advance(days=4)
    leo.post("/login", data={"email": "leo@example.com", "password": PASSWORD})
    assert leo.get("/").status_code == 200
    clock.advance(days=4)
    assert mina.get("/").headers["Location"] == WIZARD
    assert leo.get("/").status_code == 200
    clock.advance(days=4)
    assert leo.get("/").headers["Location"] == WIZARD


def test_clock_that_was_ahead_lengthens_nothing(
    shop: Shop, make_customer: Callable[..., Person], clock: Clock
) -> None:
    with shop.app.app_context():
        people.tell_required("1", None, clock() + timedelta(days=1000))
    assert BY in words(signed_in(make_customer(shop)).get("/told"))


# After it


def test_who_signs_in_is_led_into_the_wizard_until_complete(
    strict_shop: Shop, make_mina: Callable[[Shop], Person]
) -> None:
    mina = make_mina(strict_shop)
    assert way(mina.get("/")) == WIZARD
    mina.get(WIZARD, follow_redirects=True)
    assert "Step 1 of 4" in mina.page
    assert NOW in words(mina.get(f"{WIZARD}/email"))
    for step in (mina.verify_email, mina.scan, mina.enter_code):
        step()
        assert not mina.is_signed_in()
    assert "2-step verification is on." in mina.complete().text
    assert mina.get("/").status_code == 200


def test_nothing_is_saved_of_who_is_led_in_and_leaves(
    strict_shop: Shop, make_customer: Callable[..., Person]
) -> None:
    mina = signed_in(make_customer(strict_shop))
    assert way(mina.get("/")) == WIZARD
    before = stored(strict_shop)
    mina.get(WIZARD, follow_redirects=True)
    assert "Step 1 of 4" in mina.page
    assert "Cancel" not in mina.page
    assert stored(strict_shop) == before


def test_cancel_is_offered_while_there_is_time(shop: Shop, make_mina: Callable[[Shop], Person]) -> None:
    mina = make_mina(shop)
    mina.begin()
    assert "Cancel" in mina.page


def test_who_gives_up_finds_the_reason_and_the_way_back(
    strict_shop: Shop, make_mina: Callable[[Shop], Person]
) -> None:
    mina = make_mina(strict_shop)
    mina.get(WIZARD, follow_redirects=True)
    left = mina.post(f"{WIZARD}/cancel", follow_redirects=True)
    assert NOW in words(left)
    assert "Activate 2-Step Verification" in left.text
    assert way(mina.get("/")) == WIZARD
    mina.begin()
    assert "Step 1 of 4" in mina.page


def test_who_has_begun_is_led_to_the_step_that_was_reached(
    strict_shop: Shop, make_mina: Callable[[Shop], Person]
) -> None:
    mina = make_mina(strict_shop)
    mina.get(WIZARD, follow_redirects=True)
    mina.verify_email()
    assert way(mina.get("/")) == WIZARD
    mina.get(WIZARD, follow_redirects=True)
    assert "Scan the QR code" in mina.page


def test_who_is_led_in_with_an_old_proof_types_the_password_first(
    strict_shop: Shop, make_mina: Callable[[Shop], Person], clock: Clock
) -> None:
    mina = make_mina(strict_shop)
    clock.advance(minutes=20)
    asked = mina.get(WIZARD, follow_redirects=True)
    assert "Confirm it is you" in asked.text
    assert NOW in words(asked)
    mina.post(f"{WIZARD}/password", {"password": PASSWORD}, follow_redirects=True)
    assert "Step 1 of 4" in mina.page


def test_who_was_too_slow_is_told_so(
    strict_shop: Shop, make_mina: Callable[[Shop], Person], clock: Clock
) -> None:
    mina = make_mina(strict_shop)
    mina.get(WIZARD, follow_redirects=True)
    clock.advance(minutes=16)
    answer = mina.get(WIZARD, follow_redirects=True)
    assert "The time for this step is over" in answer.text
    assert "Activate 2-Step Verification" in answer.text


def test_number_asked_for_elsewhere_is_not_ended_by_a_look(
    make_shop: Make, make_customer: Callable[..., Person]
) -> None:
    shop = make_shop(required=lambda _person: True, guard=True, password=None)
    mina = make_customer(shop)
    mina.get("/by-link")
    mina.get(CONFIRM)
    mina.post(f"{CONFIRM}/number", follow_redirects=True)
    page = mina.page
    assert mina.get(WIZARD).status_code == 409
    mina.page = page
    number = mina.inbox.wait_for("authentication number").number
    assert way(mina.post(CONFIRM, {"number": number})) == "/"


def test_wizard_begins_by_itself_for_nobody_else(shop: Shop, make_mina: Callable[[Shop], Person]) -> None:
    mina = make_mina(shop)
    assert mina.get(WIZARD).status_code == 409
    assert "Step 1 of 4" not in mina.get(WIZARD, follow_redirects=True).text


def test_page_of_the_wizard_says_it_is_on_to_who_is_done(
    strict_shop: Shop, make_mina: Callable[[Shop], Person]
) -> None:
    mina = make_mina(strict_shop)
    mina.get(WIZARD, follow_redirects=True)
    mina.verify_email().scan().enter_code().complete()
    assert "2-step verification is on already" in mina.get(WIZARD).text


def test_data_is_refused_and_forms_are_not_executed(
    strict_shop: Shop, make_customer: Callable[..., Person]
) -> None:
    done = []
    strict_shop.app.add_url_rule("/order", "order", lambda: done.append(1) or "ordered", methods=["POST"])
    mina = signed_in(make_customer(strict_shop))
    for more in ({"json": {}}, {"headers": {"Accept": "application/json"}}):
        answer = mina.client.post("/order", **more)
        assert (answer.status_code, answer.json) == (403, {"error": "two_step_required", "location": WIZARD})
    assert way(mina.post("/order")) == WIZARD
    assert way(mina.post("/order", headers=HTMX)) == WIZARD
    assert not done


def test_password_shown_again_is_no_way_around(
    strict_shop: Shop, make_customer: Callable[..., Person]
) -> None:
    mina = signed_in(make_customer(strict_shop))
    mina.get(CONFIRM)
    mina.post(CONFIRM, {"password": PASSWORD})
    assert way(mina.get("/")) == WIZARD


def test_who_loses_it_must_turn_it_on_again(strict_shop: Shop, make_mina: Callable[[Shop], Person]) -> None:
    mina = make_mina(strict_shop)
    mina.get(WIZARD, follow_redirects=True)
    mina.verify_email().scan().enter_code().complete()
    with strict_shop.app.test_request_context():
        strict_shop.two_step.reset(strict_shop.user(), "op", "lost")
    assert way(mina.get("/")) == WIZARD


def test_who_has_no_address_is_led_to_where_the_host_takes_one(
    make_requiring: Make, make_mina: Callable[[Shop], Person]
) -> None:
    pages = {"change_email": "address"}
    shop = make_requiring(grace=timedelta(0), accounts=partial(FlaskLoginAccounts, pages=pages))
    mina = make_mina(shop)
    with shop.app.app_context():
        shop.user().email = ""
        db.session.commit()
    assert way(mina.get("/")) == WIZARD
    assert "An e-mail address comes first" in mina.get(WIZARD).text
    assert 'href="/address"' in mina.get(TWO_STEP).text
    assert mina.get("/address").text == "Your address"
    with shop.app.app_context():
        shop.user().email = EMAIL
        db.session.commit()
    assert way(mina.get("/address")) == WIZARD


# While it is required


def test_tab_has_the_reason_in_place_of_disable(shop: Shop, make_mina: Callable[[Shop], Person]) -> None:
    page = make_mina(shop).activate().get(TWO_STEP)
    assert "Your organization requires 2-step verification, so it can’t be turned off." in words(page)
    assert "Disable 2-Step Verification" not in page.text


def test_no_route_turns_it_off(shop: Shop, make_mina: Callable[[Shop], Person]) -> None:
    mina = make_mina(shop).activate()
    mina.get(f"{TWO_STEP}/reissue")
    token = mina.hidden()
    answers = [
        mina.get(DISABLE),
        mina.post(DISABLE, {**token, "password": PASSWORD}, follow_redirects=True),
        mina.post(f"{DISABLE}/number", token, follow_redirects=True),
    ]
    for answer in answers:
        assert answer.status_code == 409
        assert "2-step verification is required" in answer.text
    assert mina.disable(**token, code=mina.next_code()).status_code == 409
    assert mina.two_step_is_on()


def test_what_was_begun_before_it_was_required_is_refused_and_no_code_used_up(
    make_requiring: Make, make_mina: Callable[[Shop], Person]
) -> None:
    is_required = False
    shop = make_requiring(required=lambda _person: is_required)
    mina = make_mina(shop).activate()
    mina.prove_password("disable")
    is_required = True
    code = mina.next_code()
    page = mina.page
    assert "2-step verification is required" in mina.get(f"{DISABLE}/verify").text
    mina.page = page
    assert "2-step verification is required" in mina.disable(code=code).text
    is_required = False
    mina.prove_password("disable")
    assert "2-step verification is off" in mina.disable(code=code).text


def test_operator_may_turn_it_off(shop: Shop, make_mina: Callable[[Shop], Person]) -> None:
    mina = make_mina(shop).activate()
    with shop.app.test_request_context():
        assert shop.two_step.reset(shop.user(), "op", "lost the phone")
    assert not mina.two_step_is_on()


# Switched on and off, and for each person in their own way


def test_person_may_have_a_grace_of_their_own(
    make_requiring: Make, make_customer: Callable[..., Person], clock: Clock
) -> None:
    days = 3
    shop = make_requiring(required=lambda _person: Required(timedelta(days=days)))
    mina = signed_in(make_customer(shop))
    assert f"{REQUIRED} Turn it on by November 27, 2026." in words(mina.get("/told"))
    clock.advance(days=2)
    days = 1
    assert way(mina.get("/")) == WIZARD
    days = 14
    assert f"{REQUIRED} Turn it on by December 8, 2026." in words(mina.get("/told"))


def test_requirement_that_was_off_begins_again(
    make_requiring: Make, make_customer: Callable[..., Person], clock: Clock
) -> None:
    since: datetime | None = clock()
    shop = make_requiring(required=lambda _person: since is not None and Required(since=since))
    mina = signed_in(make_customer(shop))
    assert BY in words(mina.get("/told"))
    clock.advance(days=8)
    assert way(mina.get("/")) == WIZARD
    since = None
    assert mina.get("/").status_code == 200
    since = clock()
    clock.advance(days=2)
    assert f"{REQUIRED} Turn it on by December 11, 2026." in words(mina.get("/told"))
    clock.advance(days=6)
    assert mina.get("/").status_code == 200
    clock.advance(days=1)
    assert way(mina.get("/")) == WIZARD


def test_switch_by_a_clock_that_is_ahead_gives_nobody_their_time_again(
    make_requiring: Make, make_customer: Callable[..., Person], clock: Clock
) -> None:
    ahead = clock() + timedelta(days=1000)
    mina = signed_in(make_customer(make_requiring(required=lambda _person: Required(since=ahead))))
    assert BY in words(mina.get("/told"))
    clock.advance(days=8)
    assert way(mina.get("/")) == WIZARD


def test_what_is_required_may_be_said_where_it_is_mounted(
    make_shop: Make, make_customer: Callable[..., Person]
) -> None:
    shop = make_shop(guard=True, init={"required": lambda _person: True})
    assert way(signed_in(make_customer(shop)).get("/")) == WIZARD


def test_guard_may_watch_the_requirement_alone(
    make_requiring: Make, make_customer: Callable[..., Person], clock: Clock
) -> None:
    shop = make_requiring(guard=False)
    shop.two_step.guard(shop.app, verification=False)
    mina = signed_in(make_customer(shop))
    assert mina.get("/").status_code == 200
    with shop.app.app_context():
        testing.activate(shop.user())
    assert mina.get("/").status_code == 200
    with shop.app.test_request_context():
        shop.two_step.reset(shop.user(), "op", "lost")
    clock.advance(days=8)
    assert way(mina.get("/")) == WIZARD


# A passkey


@pytest.fixture
def passkey_shop(make_requiring: Make) -> Shop:
    settings = {f"MFA_{name}": value for name, value in passkeys.SETTINGS.items()}
    wanted = Required(timedelta(days=7), passkey=True)
    return make_requiring(required=lambda _person: wanted, settings=settings)


def activate_by_app(mina: Person) -> Person:
    mina.begin().verify_email()
    mina.post(f"{WIZARD}/method", {"method": "app"}, follow_redirects=True)
    mina.scan().enter_code().complete()
    return mina


def test_app_alone_is_not_enough_where_a_passkey_is_required(
    passkey_shop: Shop, make_customer: Callable[..., Person], clock: Clock
) -> None:
    mina = signed_in(make_customer(passkey_shop))
    text = "requires 2-step verification with a passkey. Turn it on by December 1, 2026."
    assert text in words(mina.get("/told"))
    assert text in words(mina.get(TWO_STEP))
    activate_by_app(mina)
    assert "requires a passkey. Add one by December 1, 2026." in words(mina.get("/told"))
    assert "requires a passkey. Add one by December 1, 2026." in words(mina.get(TWO_STEP))
    assert mina.get("/").status_code == 200
    clock.advance(days=7)
    assert "requires a passkey. Add one now." in words(mina.get(TWO_STEP))
    assert way(mina.get("/")) == TWO_STEP
    passkeys.give(passkey_shop.app, "1", SoftwareAuthenticator(ORIGIN))
    assert mina.get("/").status_code == 200
    assert "requires a passkey. Add" not in words(mina.get("/told"))


def test_wizard_begins_with_a_passkey_where_one_is_required(
    passkey_shop: Shop, make_customer: Callable[..., Person]
) -> None:
    mina = signed_in(make_customer(passkey_shop))
    mina.begin()
    assert "Step 1 of 3" in mina.page


def test_last_passkey_is_not_removed_where_one_is_required(
    passkey_shop: Shop, make_customer: Callable[..., Person]
) -> None:
    mina = activate_by_app(signed_in(make_customer(passkey_shop)))
    first = passkeys.give(passkey_shop.app, "1", SoftwareAuthenticator(ORIGIN))
    reason = "requires a passkey, and this is your only one. Add another one first."
    assert reason in words(mina.get(TWO_STEP))
    assert f"{TWO_STEP}/remove/{first}" not in mina.page
    assert reason in words(mina.get(f"{TWO_STEP}/remove/{first}"))
    second = passkeys.give(passkey_shop.app, "1", SoftwareAuthenticator(ORIGIN), "Second")
    mina.prove_password(f"remove/{first}")
    page = mina.page
    with passkey_shop.app.app_context(), transaction():
        run(delete(Authenticator).where(Authenticator.id == second))
    mina.page = page
    refused = mina.post(
        f"{TWO_STEP}/remove/verify", {"factor": "code", "code": mina.next_code()}, follow_redirects=True
    )
    assert reason in words(refused)
    assert "Key" in mina.authenticators()


def stored(shop: Shop) -> Any:
    with shop.app.app_context():
        return dump(shop.two_step.engine())
