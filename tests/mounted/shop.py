"""A host with Flask-Login that tests set up as they need it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import flask_login
from flask import Flask, Response, redirect, render_template_string, request
from flask_login import LoginManager, UserMixin, login_required, login_user, logout_user
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Mapped, mapped_column

from mfa import FlaskLoginAccounts, TwoStep
from mfa.notices import worker
from tests.mounted import tables
from tests.support.person import PASSWORD
from tests.support.product import host
from tests.support.smtp import Inbox, free_port

SHOP = host("Shop")
EMAIL = SHOP.email
HTMX = {"HX-Request": "true"}

db = SQLAlchemy()


class User(UserMixin, db.Model):  # type: ignore[name-defined, misc]
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    password: Mapped[str | None]


def check_password(user: Any, typed: str) -> bool:
    return bool(user.password) and user.password == typed


class Shop:
    """
    :param password: what its one user types; None if they sign in by a link alone.
    :param accounts: options of the adapter.
    :param init: options of ``init_app``.
    :param two_step: options of the extension.
    """

    def __init__(
        self,
        folder: Path,
        inbox: Inbox,
        *,
        password: str | None = PASSWORD,
        guard: bool = False,
        accounts: Callable[..., FlaskLoginAccounts] = FlaskLoginAccounts,
        settings: dict[str, Any] | None = None,
        init: dict[str, Any] | None = None,
        **two_step: Any,
    ) -> None:
        self.app = app = Flask("shop", root_path=str(folder))
        app.config.update(
            SECRET_KEY="0123456789abcdef" * 4,
            SERVER_NAME=f"127.0.0.1:{free_port()}",
            SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder / 'shop.db'}",
            MAIL_DEFAULT_SENDER="shop@shop.example",
            MAIL_SERVER="127.0.0.1",
            MAIL_PORT=inbox.port,
            MFA_PRODUCT_NAME="Shop",
            MFA_RECOVERY_HASH_COST="t=1,m=8,p=1",
        )
        app.config.update(settings or {})
        login = LoginManager(app)
        login.login_view = "login"
        login.user_loader(lambda user_id: db.session.get(User, int(user_id)))
        db.init_app(app)
        with app.app_context():
            db.create_all()
            db.session.add(User(email=EMAIL, password=password))
            db.session.commit()
        self.two_step = TwoStep(accounts(db, User, check_password=check_password), **two_step)
        self.two_step.init_app(app, **(init or {}))
        if guard:
            self.two_step.guard(app)
        self._add_pages(app)
        self._add_logins(app)
        with app.app_context():
            tables.upgrade(self.two_step.engine())

    def user(self) -> User:
        """Return its one user."""
        found: User = User.query.first()
        return found

    def stop(self) -> None:
        self.app.extensions[worker._WORKER].stop()
        with self.app.app_context():
            db.engine.dispose()

    def _add_pages(self, app: Flask) -> None:
        @app.get("/")
        @login_required
        def home() -> str:
            return render_template_string("Hello. {{ two_step.button() }}")

        @app.get("/static-looking")
        @login_required
        def thermostatic() -> str:
            return "a view whose name ends like that of files"

        @app.get("/remembered")
        def remembered() -> dict[str, bool]:
            return {"remembered": flask_login.COOKIE_NAME in request.cookies}

        @app.route("/careful", methods=["GET", "POST"])
        @login_required
        @self.two_step.verified(within=timedelta(minutes=10))
        def careful() -> str:
            return "careful"

    def _add_logins(self, app: Flask) -> None:
        two_step = self.two_step

        @app.route("/login", methods=["GET", "POST"])
        def login() -> Any:
            if request.method == "GET":
                return "<form method=post></form>"
            user = User.query.filter_by(email=request.form["email"]).first()
            if not check_password(user, request.form["password"]):
                return "wrong", 422
            return two_step.sign_in(
                user,
                next=request.args.get("next"),
                remember="remember" in request.form,
                swap="swap" in request.form,
            )

        @app.get("/by-link")
        def by_link() -> Response:
            """As the page does that a mailed link or another provider leads to."""
            return two_step.sign_in(User.query.first(), next=request.args.get("next"))

        @app.get("/around")
        def around() -> Any:
            """A host's own way in that forgets the second step, as after a reset of the password."""
            login_user(User.query.first())
            return redirect("/")

        @app.post("/logout")
        def logout() -> Any:
            logout_user()
            return redirect("/login")
