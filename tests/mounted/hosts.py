"""Applications that the extension is mounted in, and people in them: all real, but small."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flask_login
from flask import Flask, Response, redirect, render_template_string, request, session
from flask.testing import FlaskClient
from flask_login import LoginManager, UserMixin
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.test import TestResponse

from mfa import Accounts, FlaskLoginAccounts, Person, TwoStep, clock, testing
from mfa.accounts import accounts
from tests.mounted import tables
from tests.support.authenticator import Authenticator

PASSWORD = "orange kettle drives north"
SETTINGS: dict[str, Any] = {
    "SECRET_KEY": "0123456789abcdef" * 4,
    "SERVER_NAME": "shop.example",
    "MAIL_DEFAULT_SENDER": "shop@shop.example",
    "MFA_PRODUCT_NAME": "Shop",
    "MFA_RECOVERY_HASH_COST": "t=1,m=8,p=1",
    "MFA_MAIL_WORKER": "none",
}
FORM = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Shop:
    """A host with Flask-Login and Flask-SQLAlchemy.

    :param settings: of its configuration, beside :data:`SETTINGS`.
    :param given: the arguments of its :class:`TwoStep`.
    :param adapter: those of its :class:`FlaskLoginAccounts`.
    """

    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)
    adapter: dict[str, Any] = field(default_factory=dict)
    shares_session: bool = False
    is_upgraded: bool = True
    make_accounts: Callable[[Shop], Accounts] | None = None
    before_mounting: Callable[[Shop], object] = lambda _shop: None

    def __post_init__(self) -> None:
        # Where the tests run, the console has its templates.
        self.app = Flask("shop", root_path=str(self.folder))
        self.db, self.login_manager = SQLAlchemy(), LoginManager()
        self.app.config.update(
            {**SETTINGS, "SQLALCHEMY_DATABASE_URI": f"sqlite:///{self.folder / 'shop.db'}", **self.settings}
        )
        self.login_manager.login_view = "login"
        self.db.init_app(self.app)
        self.login_manager.init_app(self.app)
        db = self.db

        class User(UserMixin, db.Model):  # type: ignore[misc, name-defined]
            id: Mapped[int] = mapped_column(primary_key=True)
            email: Mapped[str | None]
            name: Mapped[str] = mapped_column(default="")
            password: Mapped[str] = mapped_column(default=PASSWORD)
            active: Mapped[bool] = mapped_column(default=True)
            notes: Mapped[str] = mapped_column(default="")

            @property
            def is_active(self) -> bool:
                return self.active

        self.User = User
        self.login_manager.user_loader(lambda user_id: db.session.get(User, int(user_id)))
        self.before_mounting(self)
        self.accounts = (
            self.make_accounts(self)
            if self.make_accounts
            else FlaskLoginAccounts(
                db, User, check_password=lambda user, typed: user.password == typed, **self.adapter
            )
        )
        shared = {"session": lambda: db.session} if self.shares_session else {}
        self.two_step = TwoStep(self.accounts, **shared, **self.given)
        self.two_step.init_app(self.app)
        with self.app.app_context():
            db.create_all()
            if self.is_upgraded:
                tables.upgrade(self.two_step.engine())
        self._add_routes()

    def _add_routes(self) -> None:
        app, db = self.app, self.db

        @app.get("/")
        @flask_login.login_required
        def home() -> str:
            return f"Hello, {flask_login.current_user.email}"

        @app.route("/login", methods=["GET", "POST"])
        def login() -> Any:
            if request.method == "GET":
                return "Sign in"
            user = db.session.query(self.User).filter_by(email=request.form["email"]).first()
            if user is None or user.password != request.form["password"]:
                return "That is not right.", 422
            return self.two_step.sign_in(
                user, next=request.args.get("next"), remember="remember" in request.form
            )

        @app.post("/logout")
        def logout() -> Response:
            flask_login.logout_user()
            return redirect("/login")  # type: ignore[return-value]

        @app.get("/data")
        @flask_login.login_required
        def data() -> dict[str, str]:
            return {"secret": "of the signed in"}

        @app.post("/order")
        @flask_login.login_required
        def order() -> str:
            return "ordered"

        @app.get("/open")
        def is_open() -> str:
            return "signed in" if flask_login.current_user.is_authenticated else "a guest"

        @app.get("/page")
        def page() -> str:
            return render_template_string("{{ two_step.button() }}{{ two_step.modal() }}")

    def add(self, email: str | None = "mina@example.com", **more: Any) -> int:
        """Add a user; return the id."""
        with self.app.app_context():
            user = self.User(email=email, **more)
            self.db.session.add(user)
            self.db.session.commit()
            return int(user.id)

    def person(self, user_id: int) -> Any:
        """Return the user; inside an application context."""
        return self.db.session.get(self.User, user_id)

    def change(self, user_id: int, **values: Any) -> None:
        """Change a user without telling the extension."""
        with self.app.app_context():
            user = self.person(user_id)
            for name, value in values.items():
                setattr(user, name, value)
            self.db.session.commit()

    def protect(self, user_id: int) -> Protected:
        """Turn a user's 2-step verification on."""
        with self.app.app_context():
            return protect(accounts().identify(self.person(user_id)))

    def visitor(self) -> Visitor:
        return Visitor(self.app)


def shops(folder: Path) -> Iterator[Callable[..., Shop]]:
    """Give what makes shops, each in a folder of its own; at the end their connections are closed."""
    made: list[Shop] = []

    def make(**more: Any) -> Shop:
        own = folder / str(len(made))
        own.mkdir()
        made.append(Shop(own, **more))
        return made[-1]

    yield make
    for shop in made:
        with shop.app.app_context():
            shop.db.session.remove()
            shop.db.engine.dispose()
            shop.two_step.engine().dispose()


@dataclass(frozen=True)
class Protected:
    """What somebody holds whose 2-step verification is on."""

    phone: Authenticator
    recovery_codes: list[str]

    @property
    def code(self) -> str:
        return self.phone.code(clock.now().timestamp())


def protect(person: Person) -> Protected:
    """Turn it on, inside an application context."""
    held = testing.activate(person)
    return Protected(Authenticator.with_key(held.secret), list(held.recovery_codes))


class Visitor:
    """A browser at a host: it has cookies, and says where its requests come from."""

    def __init__(self, app: Flask, **more: Any) -> None:
        self.client: FlaskClient = app.test_client(**more)
        self.prefix = "/account/two-step"

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, **more)

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        more.setdefault("headers", FORM)
        return self.client.post(path, data=data, **more)

    def type_password(
        self, email: str = "mina@example.com", password: str = PASSWORD, **more: Any
    ) -> TestResponse:
        return self.post("/login", {"email": email, "password": password, **more.pop("data", {})}, **more)

    def token(self, path: str = "") -> str:
        """Return the CSRF token of one of the extension's pages."""
        return csrf_token(self.get(path or f"{self.prefix}/verify"))

    def type_code(self, code: str, path: str = "", **more: Any) -> TestResponse:
        path = path or f"{self.prefix}/verify"
        return self.post(path, {"code": code, "csrf_token": self.token(path), **more})

    def sign_in(self, code: str = "", **more: Any) -> TestResponse:
        answer = self.type_password(**more)
        return self.type_code(code) if code else answer

    @property
    def is_in(self) -> bool:
        return self.get("/data").status_code == 200

    def kept(self, name: str = "session") -> str | None:
        """Return the value of a cookie, to be put back later."""
        found = self.client.get_cookie(name, domain="shop.example")
        return found.value if found else None

    def put_back(self, value: str | None, name: str = "session") -> None:
        if value is None:
            self.client.delete_cookie(name, domain="shop.example")
        else:
            self.client.set_cookie(name, value, domain="shop.example")


def csrf_token(answer: TestResponse) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.text)
    assert found, answer.text[:2000]
    return found[1]


class PlainAccounts(Accounts):
    """The people of a host without Flask-Login, which has them in a dictionary."""

    def __init__(self, engine: Any, people: dict[str, Person] | None = None) -> None:
        self._engine = engine
        self.people = people if people is not None else {"1": Person("1", "mina@example.com", "Mina")}

    def engine(self) -> Any:
        return self._engine

    def current(self) -> Person | None:
        return self.people.get(session.get("user", ""))

    def get(self, person_id: str) -> Person | None:
        return self.people.get(person_id)

    def check_password(self, person: Person, typed: str) -> bool:  # noqa: ARG002
        return typed == PASSWORD

    def log_in(self, person: Person, next: str, *, remember: bool = False) -> Response:  # noqa: A002, ARG002
        session["user"] = person.id
        self.note_proof(person)
        return redirect(next or self.home_url())  # type: ignore[return-value]

    def log_out(self) -> None:
        session.pop("user", None)

    def pages(self) -> dict[str, str]:
        return {"sign_in": "login"}
