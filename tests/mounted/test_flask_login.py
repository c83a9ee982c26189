"""The adapter for Flask-Login where people are no rows of SQLAlchemy; settings that can't work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_login import LoginManager, UserMixin

from mfa import FlaskLoginAccounts, Person, SetUpWrong, TwoStep
from mfa.accounts import find
from mfa.notices.office import office
from mfa.web.host import host as in_pages
from tests.mounted.hosts import shops


class User(UserMixin):
    def __init__(self, email: str, password: str) -> None:
        self.id = self.email = email
        self.password = password


USERS = {"leaf@host.example": User("leaf@host.example", "right")}


@pytest.fixture
def accounts() -> FlaskLoginAccounts:
    return FlaskLoginAccounts(
        None, User, load=USERS.get, check_password=lambda user, typed: bool(user.password == typed)
    )


def host(accounts: FlaskLoginAccounts, **settings: Any) -> Flask:
    app = Flask("host")
    app.config.update(SECRET_KEY="0123456789abcdef" * 2, MFA_DATABASE_URI="sqlite://", **settings)
    LoginManager(app).user_loader(USERS.get)
    TwoStep(accounts).init_app(app)
    return app


def test_people_are_found_by_a_function_of_the_host(accounts: FlaskLoginAccounts) -> None:
    person = Person("leaf@host.example", "leaf@host.example")
    with host(accounts).test_request_context():
        assert accounts.get("leaf@host.example") == person
        assert accounts.get("nobody") is None
        assert accounts.check_password(person, "right")
        assert not accounts.check_password(person, "wrong")


@pytest.mark.parametrize("typed", ["9" * 30, "9" * 5000, "-1", "1.0", ""])
def test_what_no_column_of_numbers_holds_is_nobody(tmp_path: Path, typed: str) -> None:
    for make in shops(tmp_path):
        shop = make()
        shop.add()
        with shop.app.app_context():
            assert find("1") is not None
            assert find(typed) is None


def test_tables_are_in_the_database_of_the_setting(accounts: FlaskLoginAccounts) -> None:
    app = host(accounts)
    with app.app_context():
        assert str(app.extensions["two_step"].engine().url) == "sqlite://"


@pytest.mark.parametrize(
    "setting",
    [{"MFA_LIMIT_REFUSED": "often"}, {"MFA_LIMIT_MAILS": "5"}, {"MFA_LIMIT_STORAGE_URI": "nope://"}],
)
def test_limit_that_can_not_work_is_refused_by_name(
    accounts: FlaskLoginAccounts, setting: dict[str, str]
) -> None:
    with pytest.raises(SetUpWrong, match=next(iter(setting))):
        host(accounts, **setting)


class Ending(FlaskLoginAccounts):
    def end_other_sessions(self, person: Person) -> None:
        """End them by means of the host's own."""


@pytest.mark.parametrize(("adapter", "ends"), [(FlaskLoginAccounts, False), (Ending, True)])
def test_pages_and_mails_know_whether_the_host_ends_sessions(
    adapter: type[FlaskLoginAccounts], ends: bool
) -> None:
    app = host(adapter(None, User, load=USERS.get))
    with app.app_context():
        assert (office().ends_sessions, in_pages().ends_sessions) == (ends, ends)
