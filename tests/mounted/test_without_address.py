"""People without an e-mail address: a host's pages work as before, and the tab says what comes first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mfa import FlaskLoginAccounts, Person, SetUpWrong, clock as moments, database
from mfa.attempts import rules as attempts
from mfa.notices import delivery, messages, outbox
from mfa.notices.office import Message
from mfa.people import rules as people
from tests.mounted.hosts import PASSWORD, Shop, Visitor, shops
from tests.support.clock import Clock

TAB, CONFIRM = "/account/two-step", "/account/two-step/confirm"
NEEDED = "Your account has no e-mail address, and 2-step verification needs one."
FIRST = "An e-mail address comes first"


@pytest.fixture
def make_shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    """Make a shop with one user, who has the address that is given, by default none."""
    with contextmanager(shops)(tmp_path) as make:

        def make_with_mina(*, email: str | None = None, **more: Any) -> Shop:
            shop = make(**more)
            _add_pages(shop)
            shop.add(email, name="mina")
            return shop

        yield make_with_mina


def _add_pages(shop: Shop) -> None:
    @shop.app.route("/by-name", methods=["GET", "POST"])
    def by_name() -> Any:
        return shop.two_step.sign_in(shop.person(1), next="/data")

    @shop.app.get("/careful")
    @shop.two_step.verified(within=timedelta(minutes=5))
    def careful() -> str:
        return "careful"

    @shop.app.get("/change-email")
    def change_email() -> str:
        return "Your address"


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    return make_shop()


def enter(shop: Shop) -> Visitor:
    mina = shop.visitor()
    assert mina.get("/by-name").location == "/data"
    return mina


@pytest.mark.parametrize("email", [None, "", "mina", "no address"])
def test_pages_of_the_host_are_theirs(make_shop: Callable[..., Shop], email: str | None) -> None:
    shop = make_shop(email=email)
    shop.two_step.guard(shop.app)
    mina = enter(shop)
    assert mina.is_in
    assert "data-mfa-dialog" in mina.get("/page").text
    assert mina.get("/careful").text == "careful"


def test_what_a_host_tells_and_asks_of_them_is_done(shop: Shop) -> None:
    with shop.app.app_context():
        user = shop.person(1)
        assert not shop.two_step.is_on(user)
        shop.two_step.account_changed(user)
        shop.two_step.forget_devices(user)
        assert not shop.two_step.reset(user, "op", "lost")
        shop.two_step.forget(user)


def test_tab_says_that_an_address_comes_first(shop: Shop) -> None:
    page = enter(shop).get(TAB)
    assert page.status_code == 200
    assert NEEDED in page.text
    assert "Activate 2-Step Verification" not in page.text


def test_tab_leads_to_where_the_host_takes_an_address(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(adapter={"pages": {"change_email": "change_email"}})
    page = enter(shop).get(TAB).text
    assert f'{NEEDED} <a href="/change-email">Add it first</a>.' in page


def test_tab_offers_the_wizard_to_who_has_an_address(make_shop: Callable[..., Shop]) -> None:
    page = enter(make_shop(email="mina@example.com")).get(TAB).text
    assert NEEDED not in page
    assert "Activate 2-Step Verification" in page


@pytest.mark.parametrize("htmx", [True, False])
def test_no_door_leads_into_the_wizard(shop: Shop, clock: Clock, htmx: bool) -> None:
    mina = enter(shop)
    token = mina.token(CONFIRM)
    headers = {"HX-Request": "true"} if htmx else {}
    for minutes, path, typed in (
        (0, "", {}),
        (20, "", {}),
        (0, "/password", {"password": PASSWORD}),
    ):
        clock.advance(minutes=minutes)
        answer = mina.post(f"{TAB}/enroll{path}", {"csrf_token": token, **typed}, headers=headers)
        assert answer.status_code == 409
        assert FIRST in answer.text
        assert "Activate 2-Step Verification" not in answer.text
    assert FIRST in mina.get(f"{TAB}/enroll/password").text


def test_who_has_no_password_either_is_told_in_place_of_a_mailed_number(
    make_shop: Callable[..., Shop], clock: Clock
) -> None:
    shop = make_shop(email="mina@example.com", adapter={"has_password": lambda _user: False})
    mina = enter(shop)
    clock.advance(minutes=6)
    ask = mina.get("/careful").location
    assert ask == f"{CONFIRM}?next=/careful"
    token = mina.token(ask)
    shop.change(1, email=None)
    assert FIRST in mina.get(ask).text
    assert FIRST in mina.post(f"{CONFIRM}/number", {"csrf_token": token}, headers={}).text


# An address that was taken away while 2-step verification was on


@pytest.fixture
def made_shop(make_shop: Callable[..., Shop]) -> Shop:
    return make_shop(email="mina@example.com")


def test_second_step_is_asked_for_as_before(made_shop: Shop) -> None:
    held = made_shop.protect(1)
    made_shop.change(1, email=None)
    mina = made_shop.visitor()
    assert mina.get("/by-name").location == f"{TAB}/verify"
    assert not mina.is_in
    assert mina.type_code(held.code).location == "/data"
    assert mina.is_in


def test_it_is_turned_off_as_before(made_shop: Shop, clock: Clock) -> None:
    held = made_shop.protect(1)
    made_shop.change(1, email=None)
    mina = made_shop.visitor()
    mina.get("/by-name")
    mina.type_code(held.code)
    clock.advance(seconds=30)
    for path, typed in (("", {"password": PASSWORD}), ("/verify", {"factor": "code", "code": held.code})):
        page = mina.get(f"{TAB}/disable{path}").text
        pending = page.partition('name="pending" type="hidden" value="')[2].partition('"')[0]
        token = mina.token(f"{TAB}/disable{path}")
        mina.post(f"{TAB}/disable{path}", {"csrf_token": token, "pending": pending, **typed})
    assert NEEDED in mina.get(TAB).text
    with made_shop.app.app_context():
        assert not made_shop.two_step.is_on(made_shop.person(1))


def test_codes_are_printed_under_the_name(made_shop: Shop) -> None:
    held = made_shop.protect(1)
    made_shop.change(1, email=None)
    mina = made_shop.visitor()
    mina.get("/by-name")
    mina.type_code(held.code)
    mina.post(f"{TAB}/reissue", {"csrf_token": mina.token(f"{TAB}/reissue"), "password": PASSWORD})
    assert "Shop recovery codes for mina" in mina.get(f"{TAB}/reissue/recovery-codes").text
    assert "Account: mina\r\n" in mina.get(f"{TAB}/reissue/recovery-codes.txt").text


def test_link_that_lets_codes_be_tried_again_goes_nowhere(made_shop: Shop) -> None:
    made_shop.protect(1)
    made_shop.change(1, email=None)
    mina = made_shop.visitor()
    mina.get("/by-name")
    with made_shop.app.app_context(), database.transaction():
        every = attempts.account_subject("1")
        for _ in range(attempts.MOST_FAILURES):
            attempts.count_success(every, attempts.SECOND_STEP_FAILURES, moments.now())
    answer = mina.post(f"{TAB}/verify/confirm", {"csrf_token": mina.token()}, headers={})
    assert answer.status_code == 422
    assert "Your account has no e-mail address that a mail could be sent to." in answer.text


# Their notices


def post() -> None:
    with database.transaction():
        outbox.post(messages.two_step_on, people.owner(Person("1", "")), moments.now())


def test_notice_to_nobody_does_not_wait(shop: Shop) -> None:
    with shop.app.app_context():
        post()
        assert outbox.waiting() == 1
        outbox.deliver_due()
        assert outbox.waiting() == 0


def test_host_that_tells_by_another_way_is_asked(make_shop: Callable[..., Shop]) -> None:
    told: list[str] = []

    class Chat(FlaskLoginAccounts):
        def notify(self, person: Person, notice: Message) -> bool:
            told.append(f"{person.id}: {notice.subject}")
            return True

    shop = make_shop(make_accounts=lambda shop: Chat(shop.db, shop.User))
    with shop.app.app_context():
        post()
        outbox.deliver_due()
    assert told == ["1: 2-step verification is on"]


def test_mail_to_nobody_does_not_leave(shop: Shop) -> None:
    with shop.app.app_context(), pytest.raises(delivery.NoAddress):
        delivery.send(Message("", "Hello", "Hello", "<p>Hello</p>"))


# What only a developer can have got wrong


def test_attribute_that_is_not_there_is_named(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(adapter={"email": "mail"})
    with (
        shop.app.app_context(),
        pytest.raises(
            SetUpWrong, match="A User has no attribute 'mail': say which one has the e-mail address"
        ),
    ):
        shop.two_step.is_on(shop.person(1))


def test_address_that_is_no_text_is_told(shop: Shop) -> None:
    with shop.app.app_context(), pytest.raises(SetUpWrong, match="must be a text, not 7"):
        shop.two_step.is_on(Person("1", 7))  # type: ignore[arg-type]
