"""What a host's login view does beside handing over: messages, data, and a sign-out in the middle."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import flask_login
import pytest
from flask import flash, render_template_string, request
from jinja2 import DictLoader
from markupsafe import Markup

from mfa import FlaskLoginAccounts
from tests.mounted.hosts import PASSWORD, Shop, Visitor, shops
from tests.support.clock import Clock

BASE = (
    "{% for each in get_flashed_messages() %}<i>{{ each }}</i>{% endfor %}{% block content %}{% endblock %}"
)
VERIFY = "/account/two-step/verify"
WELCOME = "<i>Welcome, <b>mina</b>!</i>"
TYPED = {"email": "mina@example.com", "password": PASSWORD}


class Greeting(FlaskLoginAccounts):
    def log_in(self, person: Any, next: str, *, remember: bool = False) -> Any:  # noqa: A002
        flash("Signed in.")
        return super().log_in(person, next, remember=remember)


@pytest.fixture
def shop(tmp_path: Path, clock: Clock) -> Iterator[Shop]:
    for make in shops(tmp_path):
        yield greeting(make(given={"layout": "base.html"}, make_accounts=greeter))


def greeter(shop: Shop) -> FlaskLoginAccounts:
    return Greeting(shop.db, shop.User, check_password=lambda user, typed: user.password == typed)


def greeting(shop: Shop) -> Shop:
    """Have its login view flash a message first, as many do, and answer JSON at another address."""
    shop.app.jinja_loader = DictLoader({"base.html": BASE})
    shop.login_manager.session_protection = None

    def person() -> Any:
        typed = request.get_json() if request.is_json else request.form
        return shop.db.session.query(shop.User).filter_by(email=typed["email"]).one()

    @shop.app.post("/greeting")
    def greet() -> Any:
        flash(Markup("Welcome, <b>mina</b>!"), "success")
        return shop.two_step.sign_in(person(), next="/shows")

    @shop.app.post("/api/login")
    def api_login() -> dict[str, Any]:
        user = person()
        address = shop.two_step.challenge(user)
        if address:
            return {"second_step": address}
        flask_login.login_user(user)
        return {"signed_in": True}

    @shop.app.get("/shows")
    def shows() -> str:
        return shop.app.jinja_env.from_string(BASE).render()

    return shop


def test_message_of_the_login_waits_for_the_second_step(shop: Shop) -> None:
    held = shop.protect(shop.add())
    visitor = shop.visitor()
    assert visitor.post("/greeting", TYPED).headers["Location"] == VERIFY
    assert "<i>" not in visitor.get(VERIFY).text
    assert "<i>" not in visitor.get("/shows").text
    assert visitor.type_code("000000").status_code == 422
    assert visitor.type_code(held.code).headers["Location"] == "/shows"
    shown = visitor.get("/shows").text
    assert WELCOME in shown and "<i>Signed in.</i>" in shown
    assert "<i>" not in visitor.get("/shows").text


def test_message_of_the_login_is_shown_where_the_password_was_enough(shop: Shop) -> None:
    shop.add()
    visitor = shop.visitor()
    assert visitor.post("/greeting", TYPED).headers["Location"] == "/shows"
    assert WELCOME in visitor.get("/shows").text


def test_message_of_a_login_that_was_given_up_is_shown_to_nobody(shop: Shop) -> None:
    shop.protect(shop.add())
    shop.add("leo@example.com")
    visitor = shop.visitor()
    visitor.post("/greeting", TYPED)
    assert visitor.type_password("leo@example.com").status_code == 302
    assert "Welcome" not in visitor.get("/shows").text


def test_nobody_is_welcomed_who_may_no_longer_sign_in(shop: Shop) -> None:
    user = shop.add()
    held = shop.protect(user)
    visitor = shop.visitor()
    visitor.post("/greeting", TYPED)
    shop.change(user, active=False)
    visitor.post(VERIFY, {"code": held.code})
    assert "Welcome" not in visitor.get("/shows").text


@pytest.mark.parametrize("settings", [{}, {"SQLALCHEMY_DATABASE_URI": "sqlite://"}])
def test_listener_of_flask_login_is_called_after_the_second_step(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    for make in shops(tmp_path):
        shop = make(settings=settings)
        user = shop.add()
        held = shop.protect(user)

        @flask_login.user_logged_in.connect_via(shop.app)
        def note_login(_app: Any, user: Any, db: Any = shop.db) -> None:
            user.notes = "was here"
            db.session.commit()

        visitor = shop.visitor()
        visitor.type_password()
        assert notes(shop, user) == ""
        visitor.type_code(held.code)
        assert notes(shop, user) == "was here"
        assert visitor.is_in


def notes(shop: Shop, user: int) -> str:
    with shop.app.app_context():
        return str(shop.person(user).notes)


# A login that answers data


@pytest.mark.parametrize("passed", [timedelta(seconds=1), timedelta(minutes=14)])
def test_password_of_a_login_by_data_need_not_be_typed_again(
    shop: Shop, clock: Clock, passed: timedelta
) -> None:
    assert begins_wizard(shop, clock, passed)


def test_password_of_a_login_by_data_is_asked_again_after_a_while(shop: Shop, clock: Clock) -> None:
    assert not begins_wizard(shop, clock, timedelta(minutes=16))


def begins_wizard(shop: Shop, clock: Clock, passed: timedelta) -> bool:
    """Return True if the wizard begins without the password, some time after a login by data."""
    shop.add()
    visitor = shop.visitor()
    assert visitor.client.post("/api/login", json=TYPED).get_json() == {"signed_in": True}
    clock.advance(seconds=passed.total_seconds())
    tab = visitor.prefix
    page = visitor.post(f"{tab}/enroll", {"csrf_token": visitor.token(tab)}, follow_redirects=True).text
    assert ("Step 1 of 4" in page) is not ("It has been a while" in page)
    return "Step 1 of 4" in page


def test_challenge_notes_no_password_before_the_code(shop: Shop) -> None:
    shop.protect(shop.add())
    visitor = shop.visitor()
    assert visitor.client.post("/api/login", json=TYPED).get_json() == {"second_step": VERIFY}
    with visitor.client.session_transaction() as session:
        assert "two_step_proved" not in session


# The page that follows


@pytest.mark.parametrize(
    ("call", "title"),
    [("modal()", "Account Management"), ("modal('Your &amp; security'|safe)", "Your &amp; security")],
)
def test_dialog_has_the_title_of_the_host(shop: Shop, call: str, title: str) -> None:
    shop.add()

    @shop.app.get("/dialog")
    def dialog() -> str:
        return render_template_string("{{ two_step." + call + " }}")

    visitor = shop.visitor()
    visitor.sign_in()
    assert f'<h2 id="mfa-dialog-title">{title}</h2>' in visitor.get("/dialog").text


# A sign-out in the middle


def test_sign_out_ends_a_sign_in_that_waits_for_its_code(shop: Shop) -> None:
    held = shop.protect(shop.add())
    visitor = shop.visitor()
    visitor.post("/greeting", TYPED)
    token = visitor.token()
    visitor.post("/logout")
    answer = visitor.post(VERIFY, {"code": held.code, "csrf_token": token})
    assert answer.headers["Location"].startswith("/login")
    assert not visitor.is_in
    assert "Welcome" not in visitor.get("/shows").text


def test_sign_out_writes_nothing_that_could_wait_for_the_host(shop: Shop) -> None:
    """A host may have written before it signs somebody out: SQLite has one writer at a time."""
    user = shop.add()
    shop.protect(user)
    visitor = shop.visitor()

    @shop.app.post("/leave")
    def leave() -> str:
        shop.person(user).notes = "left"
        shop.db.session.flush()
        flask_login.logout_user()
        shop.db.session.commit()
        return "left"

    visitor.post("/greeting", TYPED)
    assert visitor.post("/leave").text == "left"
    assert still_asks(visitor) is False


def still_asks(visitor: Visitor) -> bool:
    return visitor.get(VERIFY).status_code == 200
