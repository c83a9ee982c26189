"""What a host's own tests call: docs/mounting.md, "Tests"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import flask_login
import pytest

from mfa import FlaskLoginAccounts, Person, SetUpWrong, signals, testing
from tests.mounted.hosts import PASSWORD, Shop, Visitor, shops
from tests.support.clock import Clock

VERIFY = "/account/two-step/verify"
HOST: dict[str, Any] = {
    "settings": {"TESTING": True, "WTF_CSRF_ENABLED": False, "SQLALCHEMY_DATABASE_URI": "sqlite://"}
}


@pytest.fixture
def make_shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    yield from shops(tmp_path)


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    return make_shop(**HOST)


@pytest.fixture
def second_step(shop: Shop) -> testing.SecondStep:
    who = shop.add()
    with shop.app.app_context():
        return testing.activate(shop.person(who))


@pytest.fixture
def visitor(shop: Shop) -> Visitor:
    return shop.visitor()


def test_code_signs_in_once(visitor: Visitor, second_step: testing.SecondStep, clock: Clock) -> None:
    assert visitor.type_password().headers["Location"] == VERIFY
    assert not visitor.is_in
    assert visitor.post(VERIFY, {"code": second_step.code()}).status_code == 302
    assert visitor.is_in
    visitor.post("/logout")
    visitor.type_password()
    assert visitor.post(VERIFY, {"code": second_step.code()}).status_code == 422
    clock.advance(minutes=1)
    assert visitor.post(VERIFY, {"code": second_step.code()}).status_code == 302


def test_each_recovery_code_signs_in(visitor: Visitor, second_step: testing.SecondStep) -> None:
    assert len(set(second_step.recovery_codes)) == 10
    assert re.fullmatch("([0-9A-Z]{4}-){3}[0-9A-Z]{4}", second_step.recovery_codes[9])
    visitor.type_password()
    visitor.post(f"{VERIFY}?factor=recovery", {"recovery_code": second_step.recovery_codes[9]})
    assert visitor.is_in


@pytest.mark.parametrize("factor", ["code", "recovery_code"])
def test_disable_takes_the_fields_that_the_docs_name(
    shop: Shop, visitor: Visitor, second_step: testing.SecondStep, clock: Clock, factor: str
) -> None:
    visitor.type_password()
    visitor.post(VERIFY, {"code": second_step.code()})
    clock.advance(minutes=1)
    below = f"{visitor.prefix}/disable"
    page = visitor.post(below, {"password": PASSWORD, **pending(visitor, below)}, follow_redirects=True)
    assert "Authentication code" in page.text
    typed = {
        "factor": factor,
        factor: {"code": second_step.code(), "recovery_code": second_step.recovery_codes[0]}[factor],
    }
    visitor.post(f"{below}/verify", {**typed, **pending(visitor, f"{below}/verify")})
    with shop.app.app_context():
        assert not shop.two_step.is_on(shop.person(1))


@pytest.mark.parametrize("factor", ["code", "recovery_code"])
def test_step_up_takes_the_fields_that_the_docs_name(
    shop: Shop, visitor: Visitor, second_step: testing.SecondStep, clock: Clock, factor: str
) -> None:
    shop.app.add_url_rule("/pay", "pay", shop.two_step.verified(timedelta(minutes=5))(lambda: "paid"))
    visitor.type_password()
    visitor.post(VERIFY, {"code": second_step.code()})
    clock.advance(minutes=6)
    ask = visitor.get("/pay").headers["Location"]
    typed = {
        "factor": factor,
        factor: {"code": second_step.code(), "recovery_code": second_step.recovery_codes[0]}[factor],
    }
    assert visitor.post(ask, typed).headers["Location"] == "/pay"
    assert visitor.get("/pay").text == "paid"


def test_step_up_takes_the_password_while_it_is_off(shop: Shop, visitor: Visitor, clock: Clock) -> None:
    shop.app.add_url_rule("/pay", "pay", shop.two_step.verified(timedelta(minutes=5))(lambda: "paid"))
    shop.add()
    visitor.type_password()
    clock.advance(minutes=6)
    assert visitor.post(visitor.get("/pay").headers["Location"], {"password": PASSWORD}).status_code == 303
    assert visitor.get("/pay").text == "paid"


def pending(visitor: Visitor, path: str) -> dict[str, str]:
    """Return the hidden field of a form that says what it is about."""
    found = re.search(r'name="pending" type="hidden" value="([^"]*)"', visitor.get(path).text)
    return {"pending": found[1] if found else ""}


def test_activation_is_told_like_that_of_the_wizard(shop: Shop) -> None:
    who = shop.add()
    heard: list[str] = []

    def listen(_app: Any, *, person_id: str, **_said: Any) -> None:
        heard.append(person_id)

    with signals.two_step_on.connected_to(listen), shop.app.app_context():
        testing.activate(shop.person(who))
        with pytest.raises(ValueError, match=f"on already for the person {who}"):
            testing.activate(Person(str(who), "mina@example.com"))
        assert shop.two_step.is_on(shop.person(who))
    assert heard == [str(who)]


class Ending(FlaskLoginAccounts):
    def end_other_sessions(self, person: Person) -> None:
        flask_login.logout_user()
        flask_login.login_user(self._load(person.id))


@pytest.mark.parametrize("shares", [False, True])
def test_host_may_end_sessions_by_what_a_request_has(make_shop: Callable[..., Shop], shares: bool) -> None:
    shop = make_shop(
        **HOST,
        shares_session=shares,
        make_accounts=lambda shop: Ending(shop.db, shop.User, check_password=lambda *_: True),
    )
    who = shop.add()
    with shop.app.app_context():
        user = shop.person(who)
        assert len(testing.activate(user).recovery_codes) == 10
        user.notes = "still the host's"
        shop.db.session.commit()


# Tables


@pytest.mark.parametrize("uri", ["sqlite://", None])
def test_tables_are_made_beside_those_of_the_host(make_shop: Callable[..., Shop], uri: str | None) -> None:
    settings = {"SQLALCHEMY_DATABASE_URI": uri} if uri else {}
    shop = make_shop(is_upgraded=False, settings=settings)
    with shop.app.app_context():
        who = shop.add()
        with pytest.raises(SetUpWrong, match=r"in tests call two_step\.upgrade_tables\(\)"):
            shop.two_step.is_on(shop.person(who))
        shop.two_step.upgrade_tables()
        shop.two_step.upgrade_tables()
        assert not shop.two_step.is_on(shop.person(who))


def test_work_of_the_host_is_not_committed_with_the_tables(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(is_upgraded=False, **HOST)
    with shop.app.app_context():
        shop.db.session.add(shop.User(email="new@example.com"))
        shop.db.session.flush()
        with pytest.raises(SetUpWrong, match="must commit that"):
            shop.two_step.upgrade_tables()
        shop.db.session.rollback()
        shop.two_step.upgrade_tables()
        assert shop.db.session.query(shop.User).count() == 0
