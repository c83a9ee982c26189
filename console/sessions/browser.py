"""The session in the browser: what the signed cookie holds of it, and who ``current_user`` is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import g, session
from flask_login import UserMixin, current_user
from flask_wtf.csrf import generate_csrf

from console.accounts.models import Account
from console.extensions import login_manager
from console.sessions import rules
from console.sessions.models import AccountSession
from mfa import clock
from mfa.database import transaction
from mfa.people import recoveries
from mfa.sign_in.browser import TOKEN_KEY
from mfa.web import devices


@dataclass
class Visitor(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """Somebody who is signed in: the account, and the session in this browser."""

    account: Account
    session: AccountSession
    token: str
    protected: bool
    """Whether 2-step verification is on."""
    recovering: bool
    """Whether a way back without the second step is open."""
    may_be_helped: bool
    """Whether a request to help them waits for approval, or its time is over."""

    def get_id(self) -> str:
        return self.token


# Flask-Login has no types.
@login_manager.user_loader  # type: ignore[untyped-decorator]
def load(token: str) -> Visitor | None:
    """The visitor of a session token; called once a request by Flask-Login."""
    now = clock.now()
    found = rules.load(token, now)
    if found is None:
        return None
    rules.see(found.session, now)
    recovering = recoveries.is_until(found.recovering_until, now)
    return Visitor(found.account, found.session, token, found.protected, recovering, found.may_be_helped)


def visitor() -> Visitor | None:
    """Return who is signed in; None if nobody is."""
    # Once: through the proxy, each attribute looks for them again.
    found = current_user._get_current_object()  # noqa: SLF001 (Werkzeug documents it)
    return found if isinstance(found, Visitor) else None


def leave() -> None:
    """End the session of this browser, if there is one, and take everything of it out of the cookie.

    A sign-in that waits for its second step stays: the extension ends it when another one begins.
    """
    if current_user.is_authenticated:
        with transaction():
            rules.end(current_user.session.id)
    waiting = session.get(TOKEN_KEY)
    empty()
    session.permanent = True
    if waiting:
        session[TOKEN_KEY] = waiting


def sign_in(account: Account, how: rules.SignIn) -> rules.Begun:
    """Begin a session, and return it. Nothing stays of what the cookie, or its session, was before.

    :raises rules.Locked, accounts.Changed: see :func:`rules.begin`.
    """
    with transaction():
        begun = rules.begin(account, devices.here(), how)
    empty()
    session.permanent = True
    keep(begun.token)
    return begun


def empty() -> None:
    """Take everything out of the cookie but a CSRF token, which is a new one."""
    session.clear()
    # Flask-WTF remembers the token for the length of the request.
    g.pop("csrf_token", None)
    # Now, as the page that comes next only reads: it must not have to write a token.
    generate_csrf()


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
