"""The session in the browser: what the signed cookie holds of it, and who ``current_user`` is."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, request, session
from flask_login import UserMixin, current_user

from mfa import clock
from mfa.accounts.models import Account
from mfa.database import transaction
from mfa.extensions import login_manager
from mfa.sessions import devices, rules
from mfa.sessions.devices import Device
from mfa.sessions.models import FULL, HALF, AccountSession

_HALF = "half"


@dataclass
class Visitor(UserMixin):  # type: ignore[misc]
    """Somebody who is signed in: the account, and the session in this browser."""

    account: Account
    session: AccountSession
    token: str

    def get_id(self) -> str:
        return self.token


@login_manager.user_loader  # type: ignore[untyped-decorator]
def load(token: str) -> Visitor | None:
    """The visitor of a session token; called once a request by Flask-Login."""
    now = clock.now()
    found = rules.load(token, FULL, now)
    if found is None:
        return None
    rules.see(found[0], now)
    return Visitor(found[1], found[0], token)


def enter(entry: rules.Entry) -> None:
    """Put a new session into the cookie. Nothing stays of what the cookie, or its session, was before."""
    if current_user.is_authenticated:
        with transaction():
            rules.end(current_user.session.id)
    empty()
    session.permanent = True
    if entry.needs_second_step:
        session[_HALF] = entry.token
    else:
        keep(entry.token)


def empty() -> None:
    """Take everything out of the cookie, the CSRF token included."""
    session.clear()
    # Flask-WTF remembers the token for the length of the request.
    g.pop("csrf_token", None)


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


def was_here() -> bool:
    """Whether this browser holds a session that is no more; not so when it never had one."""
    return "_user_id" in session and not current_user.is_authenticated


def half() -> tuple[AccountSession, Account] | None:
    """The half-session of this browser and its account."""
    token = session.get(_HALF)
    return rules.load(token, HALF, clock.now()) if isinstance(token, str) else None


def device() -> Device:
    """What the request says of the device that it comes from."""
    return devices.seen(request.headers.get("User-Agent", ""), request.remote_addr or "")
