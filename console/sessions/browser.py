"""The session in the browser: what the signed cookie holds of it, and who ``current_user`` is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import cast

from flask import g, session
from flask_login import UserMixin, current_user

from console.accounts import names
from console.accounts.models import Account, Role
from console.extensions import login_manager
from console.sessions import rules
from console.sessions.rules import Live
from mfa import at_work, clock
from mfa.accounts import Person
from mfa.database import transaction
from mfa.people import recoveries
from mfa.sign_in.browser import TOKEN_KEY
from mfa.web import csrf, devices

_READS = ("GET", "HEAD")


class Visitor(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """Somebody who is signed in: the account, and the session in this browser.

    :param live: what was read of both.
    :param now: when.
    """

    def __init__(self, live: Live, token: str, now: datetime) -> None:
        self._live, self._token = live, token
        row = live.row
        self._person = Person(str(row.account_id), row.email, row.name, row.language)
        self.session = live.session
        self.role: Role = row.role
        self.protected: bool = row.protected
        """Whether 2-step verification is on."""
        self.recovering = recoveries.is_until(row.recovering_until, now)
        """Whether a way back without the second step is open."""
        self.may_be_helped: bool = row.may_be_helped
        """Whether a request to help them waits for approval, or its time is over."""

    @cached_property
    def account(self) -> Account:
        """The account, for what changes it or needs all of it."""
        return self._live.account()

    def hold(self) -> None:
        """Have the account as an object: whatever changes it, changes what is known here."""
        self.__dict__["account"] = self._live.account()

    @property
    def person(self) -> Person:
        """The owner of the account as the extension knows them."""
        return person_of(self.account) if "account" in self.__dict__ else self._person

    @property
    def stamp(self) -> str:
        """What changes whenever password or address do."""
        return str(self._read.generation)

    @property
    def initials(self) -> str:
        return names.initials(self._read.name)

    @property
    def _read(self) -> Account:
        """The account, or the row, which has its attributes, if nothing needed more."""
        return cast("Account", self.__dict__.get("account", self._live.row))

    def get_id(self) -> str:
        return self._token


def person_of(account: Account) -> Person:
    """Return the owner of an account as the extension knows them."""
    return Person(account.person_id, account.email, account.name, account.language)


# Flask-Login has no types.
@login_manager.user_loader  # type: ignore[untyped-decorator]
def load(token: str) -> Visitor | None:
    """The visitor of a session token; called once a request by Flask-Login."""
    now = clock.now()
    found = rules.load(token, now)
    if found is None:
        return None
    rules.see(found.session, now)
    here = Visitor(found, token, now)
    if at_work.request().method not in _READS:
        here.hold()
    return here


def visitor() -> Visitor | None:
    """Return who is signed in; None if nobody is."""
    # Flask-Login keeps them there, and takes ten times as long to say so.
    found = at_work.kept().get("_login_user") or current_user._get_current_object()  # noqa: SLF001 (documented)
    return found if isinstance(found, Visitor) else None


def leave() -> None:
    """End the session of this browser, if there is one, and take everything of it out of the cookie.

    A sign-in that waits for its second step stays: the extension ends it when another one begins.
    """
    waiting = session.get(TOKEN_KEY)
    _end()
    if waiting:
        session[TOKEN_KEY] = waiting


def sign_in(account: Account, how: rules.SignIn) -> rules.Begun:
    """Begin a session, and return it. The one that this browser had ends, of this account or another.

    Nothing of the earlier cookie stays.

    :raises rules.Locked, accounts.Changed: see :func:`rules.begin`.
    """
    with transaction():
        begun = rules.begin(account, devices.here(), how)
    _end()
    keep(begun.token)
    return begun


def _end() -> None:
    here = visitor()
    if here:
        with transaction():
            rules.end(here.session.id)
    empty()
    session.permanent = True


def empty() -> None:
    """Take everything out of the cookie but a CSRF token, which is a new one."""
    session.clear()
    # Flask-WTF remembers the token for the length of the request.
    g.pop("csrf_token", None)
    # Now, as the page that comes next only reads: it must not have to write a token.
    csrf.raw_half()


def keep(token: str) -> None:
    """Put the renewed token of the same session into the cookie."""
    session["_user_id"] = token


def renew(*, proved: bool) -> None:
    """Give this browser's session a new token.

    :raises rules.SessionEnded: the session was ended meanwhile.
    """
    with transaction():
        token = rules.renew(current_user.session, clock.now(), proved=proved)
    keep(token)


@contextmanager
def known_as_before() -> Iterator[None]:
    """Keep this browser a known one while every device is forgotten; not if it was none."""
    with devices.known_as_before(current_user.account.person_id):
        yield
