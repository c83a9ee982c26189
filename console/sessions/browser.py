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
from console.web import devices
from mfa import clock
from mfa.database import transaction
from mfa.here import Here

_HALF = "half"


@dataclass
class Visitor(UserMixin):  # type: ignore[misc]
    """Somebody who is signed in: the account, and the session in this browser."""

    account: Account
    session: AccountSession
    token: str
    protected: bool
    """Whether 2-step verification is on."""

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
    return Visitor(found.account, found.session, token, found.protected)


def enter(entry: rules.Entry) -> None:
    """Put a new session into the cookie. Nothing stays of what the cookie, or its session, was before."""
    before = half() if entry.needs_second_step else None
    if current_user.is_authenticated:
        with transaction():
            rules.end(current_user.session.id)
    # Of somebody else's half-session the owner is still told: it was not he who typed this password.
    if before and before.account.id == entry.account.id:
        with transaction():
            rules.give_way(before.session, to=entry.session)
    empty()
    session.permanent = True
    if entry.needs_second_step:
        session[_HALF] = entry.token
        # What this request shows next is asked of it, too.
        g.half = (entry.token, rules.Half(entry.session, entry.account, entry.failures))
    else:
        keep(entry.token)
        devices.know(entry.account)


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


def was_halfway() -> bool:
    """Return True if the cookie names a half-session, one that has ended included."""
    return _HALF in session


def half() -> rules.Half | None:
    """The half-session of this browser."""
    token = session.get(_HALF)
    if not isinstance(token, str):
        return None
    if g.get("half", (None, None))[0] != token:
        g.half = (token, rules.load_half(token, clock.now()))
    found: rules.Half | None = g.half[1]
    return found


def here() -> Here:
    """This moment, and the device that the request comes from."""
    return Here(clock.now(), devices.device())


@contextmanager
def known_as_before() -> Iterator[None]:
    """Keep this browser a known one while every device is forgotten; not so if it was none.

    A session alone makes no known device: its thief would press here for one count of guesses after another.
    """
    account = current_user.account
    known = devices.device().known_to(account.id, account.device_epoch)
    yield
    if known:
        devices.know(account)
