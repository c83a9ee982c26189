"""The guard beside a login that knows nothing of the second step; a host that shares its session."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_login import LoginManager, UserMixin, login_required, login_user, logout_user
from flask_mail import email_dispatched
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Mapped, mapped_column

from mfa import FlaskLoginAccounts, TwoStep, clock

WIZARD = "/account/two-step/enroll"


class Time:
    """The clock of a test, which passes by hand."""

    def __init__(self) -> None:
        self.now = datetime(2030, 1, 1, tzinfo=UTC)

    def passes(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def passing() -> Iterator[Time]:
    time = Time()
    clock.install(lambda: time.now)
    yield time
    clock.reset()


@pytest.fixture
def host(passing: Time) -> Flask:
    """A host with two ways in: ``/login`` hands over, ``/other`` knows nothing of the second step."""
    app = Flask("host")
    app.config.update(
        TESTING=True,
        SECRET_KEY="0123456789abcdef" * 2,
        SQLALCHEMY_DATABASE_URI="sqlite://",
        MFA_SERVER_NAME="host.example",
        MFA_MAIL_WORKER="none",
        MAIL_DEFAULT_SENDER="host@host.example",
        WTF_CSRF_ENABLED=False,
    )
    db = SQLAlchemy(app)
    logins = LoginManager(app)
    logins.login_view = "login"

    class User(UserMixin, db.Model):  # type: ignore[misc, name-defined]
        id: Mapped[int] = mapped_column(primary_key=True)
        email: Mapped[str]

    two_step = TwoStep(
        FlaskLoginAccounts(db, User, check_password=lambda _user, typed: typed == "right"), session=db.session
    )
    two_step.init_app(app)
    two_step.guard(app)
    logins.user_loader(lambda user_id: db.session.get(User, int(user_id)))

    @app.get("/")
    @login_required
    def home() -> str:
        return "home"

    @app.post("/login")
    def login() -> object:
        return two_step.sign_in(db.session.get(User, 1))

    @app.post("/other")
    def other() -> str:
        login_user(db.session.get(User, 1))
        return "in"

    @app.post("/logout")
    def logout() -> str:
        logout_user()
        return "out"

    with app.app_context():
        db.create_all()
        db.session.add(User(email="mina@host.example"))
        db.session.commit()
    assert app.test_cli_runner().invoke(args=["two-step", "db", "upgrade"]).exit_code == 0
    return app


@pytest.fixture
def secret(host: Flask) -> str:
    """The secret of the app of a person whose second step is on."""
    client = host.test_client()
    client.post("/login")
    mails = []

    def note(_app: Flask, message: object) -> None:
        mails.append(message)

    def post(step: str, **typed: str) -> str:
        page = client.get(WIZARD, follow_redirects=True).text
        pending = re.search(r'name="pending" type="hidden" value="([^"]*)"', page)
        return client.post(
            f"{WIZARD}{step}", data={"pending": pending[1] if pending else "", **typed}, follow_redirects=True
        ).text

    with email_dispatched.connected_to(note):
        post("")
        post("/email/send")
    (number,) = re.findall(r"\b\d{6}\b", mails[0].body)
    (found,) = set(re.findall(r"secret=([A-Z2-7]+)", post("/email", number=number)))
    post("/scan")
    post("/code", code=pyotp.TOTP(found).at(clock.now()))
    assert "2-step verification is on." in post("/recovery", saved="y")
    return found


def answer(client: FlaskClient, secret: str) -> int:
    return client.post(
        "/account/two-step/verify", data={"code": pyotp.TOTP(secret).at(clock.now())}
    ).status_code


def is_in(client: FlaskClient) -> bool:
    return client.get("/").text == "home"


def test_host_that_shares_its_session_signs_in_by_a_code(host: Flask, secret: str, passing: Time) -> None:
    """The session forgets at the commit what it had read, and the challenge is gone by then."""
    passing.passes(minutes=5)
    client = host.test_client()
    client.post("/login")
    assert answer(client, secret) == 302
    assert is_in(client)


def test_way_in_without_a_second_step_is_led_to_it(host: Flask, secret: str, passing: Time) -> None:
    passing.passes(minutes=5)
    client = host.test_client()
    client.post("/other")
    assert client.get("/").location == "/account/two-step/verify"
    assert not is_in(client)
    answer(client, secret)
    assert is_in(client)


def test_verification_ends_with_the_session_of_the_host(host: Flask, secret: str, passing: Time) -> None:
    """Flask-Login's sign-out leaves in the cookie what it doesn't know."""
    passing.passes(minutes=5)
    client = host.test_client()
    client.post("/login")
    answer(client, secret)
    client.post("/logout")
    client.post("/other")
    assert not is_in(client)
