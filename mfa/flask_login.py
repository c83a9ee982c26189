"""The adapter for a host that signs people in with Flask-Login and has them in a SQLAlchemy model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

import flask_login
from flask import Response, current_app, redirect, request, session
from sqlalchemy import select

from mfa.accounts import PROVED, Accounts, Person
from mfa.errors import SetUpWrong
from mfa.sign_in import browser, verification

if TYPE_CHECKING:
    from sqlalchemy import Engine


_KEPT = ("password_hash", "password", "pw_hash")
"""Attributes in which hosts keep a password."""


def _forget(_app: object, **_said: object) -> None:
    """Forget what was proved: Flask-Login leaves the rest of the session to the next person.

    Nor can anybody go on with a sign-in that waits for its second step. Its row ends by time: the host's own
    work in this request may hold the database.
    """
    browser.forget_challenge()
    verification.forget()
    session.pop(PROVED, None)


flask_login.user_logged_out.connect(_forget)


class FlaskLoginAccounts(Accounts):
    """The people of a Flask-Login host.

    :param db: the host's ``SQLAlchemy`` of Flask-SQLAlchemy, or anything with ``session`` and ``engine``.
        None in a host without one, which gives *load* and names the database in ``MFA_DATABASE_URI``.
    :param user: the class of a person, whose objects Flask-Login signs in; a model if *load* is not given.
    :param check_password: returns True if a text is the password of one of them; None if people have none.
    :param has_password: returns False for one who has none and signs in by a link or by another provider; by
        default, for one whose ``password_hash``, ``password`` or ``pw_hash`` is empty.
    :param id: the attribute that holds the id: a number, a text or a UUID that stays the same for good.
        Not what ``get_id`` returns if that changes with the password, as it does in some hosts.
    :param email: the attribute that holds the address; None or empty for people who have none.
    :param name: the attribute that holds the name in mails; where there is none, the address is used.
    :param language: the attribute that holds the code of the language of mails; None for the request's.
    :param load: returns the person whose id is a text, or None; by default, *db* is asked.
    :param stamp: returns a text that changes whenever the password or the address does; by default, it is
        made of the address and of the attributes ``password_hash``, ``password`` or ``pw_hash``.
    :param pages: endpoints of the host's pages: see :meth:`~mfa.accounts.Accounts.pages`. The sign-in page is
        the ``login_view`` of Flask-Login if it is not named here.
    """

    def __init__(
        self,
        db: Any,
        user: type[Any],
        *,
        check_password: Callable[[Any, str], bool] | None = None,
        has_password: Callable[[Any], bool] | None = None,
        id: str = "id",  # noqa: A002 (the trade's name)
        email: str = "email",
        name: str = "name",
        language: str | None = None,
        load: Callable[[str], Any] | None = None,
        stamp: Callable[[Any], str] | None = None,
        pages: Mapping[str, str] | None = None,
    ) -> None:
        self._db, self._user = db, user
        self._check_password, self._has_password = check_password, has_password
        self._id, self._email, self._name, self._language = id, email, name, language
        self._load_by_id, self._stamp, self._pages = load, stamp, pages or {}

    def engine(self) -> Engine | None:
        return cast("Engine", self._db.engine) if self._db is not None else None

    def current(self) -> Person | None:
        user = flask_login.current_user
        return self.identify(user) if user.is_authenticated else None

    def get(self, person_id: str) -> Person | None:
        user = self._load(person_id)
        return self.identify(user) if user is not None and user.is_active else None

    def identify(self, user: object) -> Person:
        if isinstance(user, Person):
            return user
        found = self._of_ours(user)
        if not hasattr(found, self._email):
            raise SetUpWrong(
                f"A {self._user.__name__} has no attribute {self._email!r}:"
                " say which one has the e-mail address, FlaskLoginAccounts(…, email=…)."
            )
        return Person(
            id=self._id_of(found),
            email=getattr(found, self._email) or "",
            name=getattr(found, self._name, None) or "",
            language=getattr(found, self._language, None) if self._language else None,
        )

    def check_password(self, person: Person, typed: str) -> bool:
        user = self._load(person.id)
        return user is not None and self._check_password is not None and self._check_password(user, typed)

    def has_password(self, person: Person) -> bool:
        user = self._load(person.id)
        if self._check_password is None or user is None:
            return self._check_password is not None
        if self._has_password:
            return self._has_password(user)
        named = [name for name in _KEPT if hasattr(user, name)]
        return not named or any(getattr(user, name) for name in named)

    def log_in(self, person: Person, next: str, *, remember: bool = False) -> Response:  # noqa: A002 (the base has it)
        user = self._load(person.id)
        if user is None or not flask_login.login_user(user, remember=remember):
            return cast("Response", redirect(self.sign_in_url()))
        self.note_proof(person)
        return cast("Response", redirect(next or self.home_url()))

    def stamp(self, person: Person) -> str:
        user = self._load(person.id)
        if self._stamp and user is not None:
            return self._stamp(user)
        kept = (getattr(user, one, None) for one in _KEPT)
        return f"{person.email}\0{next((one for one in kept if one), '')}"

    def log_out(self) -> None:
        flask_login.logout_user()

    def is_remembered(self) -> bool:
        return current_app.config.get("REMEMBER_COOKIE_NAME", flask_login.COOKIE_NAME) in request.cookies

    def pages(self) -> Mapping[str, str]:
        view = _login_view()
        return self._pages if view is None or _is_address(view) else {"sign_in": view, **self._pages}

    def sign_in_url(self, next: str | None = None, *, ended: bool = False) -> str:  # noqa: A002 (likewise)
        view = _login_view()
        if view is None or not _is_address(view) or "sign_in" in self._pages:
            return super().sign_in_url(next, ended=ended)
        return f"{view}?{urlencode({'next': next})}" if next else view

    def _load(self, person_id: str) -> Any:
        """Return the host's user with that id, or None."""
        here = getattr(flask_login.current_user, "_get_current_object", lambda: None)()
        if isinstance(here, self._user) and str(getattr(here, self._id)) == person_id:
            return here
        if self._load_by_id:
            return self._load_by_id(person_id)
        column = getattr(self._user, self._id)
        try:
            value = column.type.python_type(person_id)
        except (ValueError, TypeError):
            return None
        try:
            return self._db.session.scalar(select(self._user).where(column == value))
        except OverflowError:  # a number that no column of SQLite holds
            return None

    def _of_ours(self, user: object) -> Any:
        found = getattr(user, "_get_current_object", lambda: user)()
        if not isinstance(found, self._user):
            raise SetUpWrong(
                f"Two-step got a {type(found).__name__}; it knows people as {self._user.__name__}."
            )
        return found

    def _id_of(self, user: Any) -> str:
        found = getattr(user, self._id)
        if found is None:
            raise SetUpWrong("Two-step got a user without an id: commit it before signing it in.")
        return str(found)


def _login_view() -> str | None:
    found: str | None = current_app.login_manager.login_view  # type: ignore[attr-defined]  # Flask-Login adds it
    return found


def _is_address(view: str) -> bool:
    """Return True if a login view is no endpoint but a path or an address, which Flask-Login takes too."""
    return view.startswith(("/", "http://", "https://"))
