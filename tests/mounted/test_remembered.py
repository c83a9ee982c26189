"""Remembered browsers in a host: beside remembered logins, behind the guard, and where it forbids them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from mfa import Person as Somebody, signals
from tests.mounted import hosts
from tests.mounted.shop import EMAIL, SHOP, Shop, User, db
from tests.support.clock import Clock
from tests.support.person import PASSWORD, TWO_STEP, Person, entered

LOGIN = {"email": EMAIL, "password": PASSWORD}


@pytest.fixture
def make_remembered(
    make_shop: Callable[..., Shop], make_customer: Callable[..., Person]
) -> Callable[..., Person]:
    """Mina, whose browser is remembered in a shop, and who is signed out."""

    def make(**options: Any) -> Person:
        mina = make_customer(make_shop(**options)).sign_up().activate()
        mina.remember().sign_out()
        return mina

    return make


def is_asked(person: Person, **more: str) -> bool:
    response = person.post("/login", {**LOGIN, **more})
    asked = response.headers["Location"] == SHOP.verify
    assert asked != entered(response)
    return asked


def end_session(person: Person) -> None:
    """Close the browser: what is left is the cookies that remember."""
    person.client.delete_cookie(SHOP.session_cookie, domain="127.0.0.1")


def rows(person: Person) -> int:
    with person.app.app_context():
        return int(db.session.execute(text("SELECT count(*) FROM mfa_remembered_browsers")).scalar_one())


def uses(person: Person) -> int:
    with person.app.app_context():
        used = text("SELECT count(*) FROM mfa_activity WHERE event = 'remembered_browser_used'")
        return int(db.session.execute(used).scalar_one())


def test_the_second_step_is_left_out(make_remembered: Callable[..., Person]) -> None:
    mina = make_remembered()
    assert not is_asked(mina)
    assert mina.is_signed_in()
    assert "This browser" in mina.get(TWO_STEP).text


def test_the_box_is_in_the_page_of_a_host(make_remembered: Callable[..., Person]) -> None:
    mina = make_remembered()
    mina.put_remembered_cookie("")
    assert is_asked(mina)
    assert "Don’t ask again in this browser for 30 days" in unescape(mina.get(SHOP.verify).text)


def test_without_the_password_it_opens_nothing(
    make_remembered: Callable[..., Person], make_customer: Callable[..., Person], clock: Clock
) -> None:
    mina = make_remembered()
    thief = Person(mina.app, mina.inbox, clock, product=SHOP, htmx=False)
    thief.put_remembered_cookie(mina.remembered_cookie() or "")
    assert not thief.is_signed_in()
    assert thief.post("/login", {**LOGIN, "password": "guessed"}).status_code == 422
    assert not thief.is_signed_in()


# Behind the guard


def test_the_guard_asks_nobody_who_was_let_in_by_it(make_remembered: Callable[..., Person]) -> None:
    mina = make_remembered(guard=True)
    assert not is_asked(mina)
    assert mina.is_signed_in()
    assert mina.is_signed_in()


def test_step_up_asks_all_the_same(make_remembered: Callable[..., Person]) -> None:
    mina = make_remembered(guard=True)
    assert not is_asked(mina)
    response = mina.get("/careful")
    assert response.status_code == 303
    assert response.headers["Location"].startswith(f"{TWO_STEP}/confirm")
    mina.get(response.headers["Location"])
    mina.post(response.headers["Location"], {"factor": "code", "code": mina.next_code()})
    assert mina.get("/careful").text == "careful"


def test_a_reissue_asks_for_the_second_step_first(make_remembered: Callable[..., Person]) -> None:
    mina = make_remembered()
    assert not is_asked(mina)
    assert mina.get(f"{TWO_STEP}/reissue").headers["Location"].startswith(f"{TWO_STEP}/confirm")


def test_a_remembered_login_in_a_remembered_browser_is_not_asked(
    make_remembered: Callable[..., Person],
) -> None:
    mina = make_remembered(guard=True)
    assert not is_asked(mina, remember="y")
    for _ in range(2):
        end_session(mina)
        assert mina.is_signed_in()
        assert mina.get("/careful").status_code == 303


def test_many_requests_at_once_are_one_use(make_remembered: Callable[..., Person], clock: Clock) -> None:
    """A script that keeps no session, or a page with many parts, fills no table."""
    mina = make_remembered(guard=True)
    clock.advance(minutes=2)
    assert not is_asked(mina, remember="y")
    for _ in range(5):
        end_session(mina)
        assert mina.is_signed_in()
    assert uses(mina) == 1
    clock.advance(minutes=2)
    end_session(mina)
    assert mina.is_signed_in()
    assert uses(mina) == 2


def test_a_remembered_login_alone_is_asked(make_remembered: Callable[..., Person]) -> None:
    mina = make_remembered(guard=True)
    assert not is_asked(mina, remember="y")
    end_session(mina)
    mina.put_remembered_cookie("")
    assert mina.get("/").headers["Location"] == SHOP.verify
    assert not mina.is_signed_in()


def test_a_remembered_login_is_asked_once_the_browser_is_forgotten(
    make_remembered: Callable[..., Person],
) -> None:
    mina = make_remembered(guard=True)
    assert not is_asked(mina, remember="y")
    with mina.app.app_context():
        assert mina.app.extensions["two_step"].forget_browsers(User.query.first()) == 1
    end_session(mina)
    assert not mina.is_signed_in()


def test_what_was_left_out_for_one_is_not_for_the_next(make_remembered: Callable[..., Person]) -> None:
    """The note in the session names a person, and a second step that is on since before it."""
    mina = make_remembered(guard=True)
    assert not is_asked(mina)
    with mina.client.session_transaction() as kept:
        person_id, at, by = kept["two_step_verified"]
        assert (person_id, by) == ("1", "remembered_browser")
        kept["two_step_verified"] = ["2", at, by]
    mina.put_remembered_cookie("")
    assert not mina.is_signed_in()


def test_signing_out_ends_the_note(make_remembered: Callable[..., Person]) -> None:
    mina = make_remembered(guard=True)
    assert not is_asked(mina)
    mina.sign_out()
    with mina.client.session_transaction() as kept:
        assert "two_step_verified" not in kept


# Where it may not be


@pytest.mark.parametrize("remember", [False, lambda person: person.email != EMAIL])
def test_where_the_host_forbids_it_there_is_no_box(
    make_shop: Callable[..., Shop],
    make_customer: Callable[..., Person],
    remember: bool | Callable[[Somebody], bool],
) -> None:
    mina = make_customer(make_shop(remember=remember)).sign_up().activate()
    assert "Remembered browsers" not in mina.get(TWO_STEP).text
    mina.sign_out()
    mina.post("/login", LOGIN)
    assert "remember_browser" not in mina.get(SHOP.verify).text
    assert "remember_browser" not in mina.get(f"{SHOP.verify}?factor=recovery").text
    assert entered(mina.post(SHOP.verify, {"code": mina.next_code(), "remember_browser": "y"}))
    assert mina.remembered_cookie() is None
    assert rows(mina) == 0


def test_a_browser_from_before_it_was_forbidden_is_asked(make_remembered: Callable[..., Person]) -> None:
    forbidden: set[str] = set()
    mina = make_remembered(remember=lambda person: person.email not in forbidden)
    forbidden.add(EMAIL)
    assert is_asked(mina)
    forbidden.clear()
    assert not is_asked(mina)


def test_0_days_turn_it_off(make_shop: Callable[..., Shop], make_customer: Callable[..., Person]) -> None:
    mina = make_customer(make_shop(settings={"MFA_REMEMBER_DAYS": 0})).sign_up().activate()
    mina.sign_out()
    mina.post("/login", LOGIN)
    assert "remember_browser" not in mina.get(SHOP.verify).text


# Forgotten


def test_a_new_password_that_nobody_tells_of_forgets_it(make_remembered: Callable[..., Person]) -> None:
    mina = make_remembered()
    with mina.app.app_context():
        User.query.first().password = "seven lazy otters swim"
        db.session.commit()
    response = mina.post("/login", {**LOGIN, "password": "seven lazy otters swim"})
    assert response.headers["Location"] == SHOP.verify


@pytest.mark.parametrize("act", ["account_changed", "forget_devices", "forget_browsers", "forget"])
def test_the_host_forgets_it(make_remembered: Callable[..., Person], act: str) -> None:
    mina = make_remembered()
    with mina.app.app_context():
        getattr(mina.app.extensions["two_step"], act)(User.query.first())
    assert rows(mina) == 0
    if act != "forget":
        assert is_asked(mina)


def test_forgetting_the_browsers_keeps_the_devices_known(make_remembered: Callable[..., Person]) -> None:
    mina = make_remembered()
    with mina.app.app_context():
        assert mina.app.extensions["two_step"].forget_browsers(User.query.first()) == 1
        epochs = db.session.execute(text("SELECT device_epoch FROM mfa_people")).scalars().all()
    assert is_asked(mina)
    with mina.app.app_context():
        assert db.session.execute(text("SELECT device_epoch FROM mfa_people")).scalars().all() == epochs


def test_an_operator_forgets_it(make_remembered: Callable[..., Person]) -> None:
    mina = make_remembered()
    runner = mina.app.test_cli_runner()
    assert "remembered browsers: 1" in runner.invoke(args=["two-step", "show", "1"]).output
    assert runner.invoke(args=["two-step", "forget-browsers", "1"]).output == "1 forgotten\n"
    assert is_asked(mina)
    assert "There is nobody" in runner.invoke(args=["two-step", "forget-browsers", "7"]).output


def test_the_owner_forgets_it_without_script(make_remembered: Callable[..., Person]) -> None:
    mina = make_remembered()
    assert not is_asked(mina)
    mina.get(TWO_STEP)
    response = mina.post(f"{TWO_STEP}/browsers/forget-all")
    assert response.status_code == 303
    assert response.headers["Location"] == TWO_STEP
    mina.sign_out()
    assert is_asked(mina)


# A host that answers with data; one that shares its session


@pytest.mark.parametrize("shares_session", [False, True])
def test_a_login_by_data_is_told_that_the_password_is_enough(
    make_small_shop: Callable[..., hosts.Shop], shares_session: bool
) -> None:
    shop = make_small_shop(shares_session=shares_session)

    @shop.app.post("/api/login")
    def api_login() -> dict[str, str | None]:
        import flask_login

        user = shop.db.session.query(shop.User).one()
        address = shop.two_step.challenge(user)
        if address is None:
            flask_login.login_user(user)
        return {"verify": address}

    mina = shop.protect(shop.add())
    visitor = shop.visitor()
    visitor.type_password()
    visitor.type_code(mina.code, remember_browser="y")
    assert visitor.is_in
    visitor.post("/logout")
    assert visitor.post("/api/login").get_json() == {"verify": None}
    assert visitor.is_in
    assert shop.visitor().post("/api/login").get_json() == {"verify": "/account/two-step/verify"}


@pytest.fixture
def make_small_shop(tmp_path: Path, clock: Clock) -> Iterator[Callable[..., hosts.Shop]]:
    yield from hosts.shops(tmp_path)


# What is told


def test_signals_tell_of_it(make_remembered: Callable[..., Person]) -> None:
    heard: list[tuple[str, str, dict[str, Any]]] = []

    def hear(name: str) -> Callable[..., None]:
        return lambda _sender, person_id, details, **_more: heard.append((name, person_id, details))

    listeners = {
        name: hear(name)
        for name in (
            "browser_remembered",
            "remembered_browser_used",
            "remembered_browser_forgotten",
            "remembered_browsers_forgotten",
        )
    }
    for name, listener in listeners.items():
        getattr(signals, name).connect(listener)
    mina = make_remembered()
    assert not is_asked(mina)
    page = mina.get(TWO_STEP).text
    assert 'action="/account/two-step/browsers/forget"' in page
    mina.post(f"{TWO_STEP}/browsers/forget")
    mina.remember()
    mina.get(TWO_STEP)
    mina.post(f"{TWO_STEP}/browsers/forget-all")
    assert heard == [
        ("browser_remembered", "1", {"days": 30}),
        ("remembered_browser_used", "1", {}),
        ("remembered_browser_forgotten", "1", {}),
        ("browser_remembered", "1", {"days": 30}),
        ("remembered_browsers_forgotten", "1", {}),
    ]


def test_the_host_is_told_how_they_were_let_in(
    make_shop: Callable[..., Shop], make_customer: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = make_shop()
    told: list[tuple[str, int]] = []
    log_in = type(shop.two_step._accounts).log_in

    def noting(self: Any, *given: Any, **more: Any) -> Any:
        told.append((shop.two_step.passed.by, shop.two_step.passed.failures))
        return log_in(self, *given, **more)

    monkeypatch.setattr(type(shop.two_step._accounts), "log_in", noting)
    mina = make_customer(shop).sign_up().activate()
    mina.remember().sign_out()
    assert not is_asked(mina)
    assert [by for by, _ in told] == ["password", "code", "remembered_browser"]


def test_a_sign_in_by_a_link_is_a_sign_in_too(make_remembered: Callable[..., Person]) -> None:
    mina = make_remembered()
    assert entered(mina.get("/by-link"))
    assert mina.is_signed_in()
