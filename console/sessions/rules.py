"""Sessions as reference tokens: 256 random bits in the cookie, only their hash in the database.

So a session ends the moment its row does, on every server, whatever copies of the cookie exist.
None of these functions commits: they are part of what their caller decides.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from flask_babel import lazy_gettext as _
from sqlalchemy import Row
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.util import identity_key

from console import languages
from console.accounts import search, statements as accounts
from console.accounts.models import Account
from console.activity import events
from console.extensions import db, two_step
from console.mail import messages
from console.organization import audit
from console.policy import rules as policy
from console.policy.rules import Policy
from console.policy.statements import COLUMNS as POLICY
from console.sessions import statements
from console.sessions.models import AccountSession
from console.toolbox import toolbox
from mfa import devices
from mfa.accounts import SignedOut
from mfa.activity import rules as activity
from mfa.crypto import ages
from mfa.database import affected, dialect, in_batches, run, transaction, unless_busy
from mfa.errors import Refusal
from mfa.here import Here
from mfa.notices import outbox
from mfa.people.rules import Changed

SEEN_EVERY = timedelta(minutes=5)
"""How exactly the last sight of a session is kept, or to a twelfth of the idle time where that is less; each
request writing it would cost a write a page."""
PATIENCE, URGENT_PATIENCE = 0.0, 1.0
"""Seconds that a page waits to store when its session was last seen, and where the session may soon end."""
MOST_SESSIONS = 50
"""Of an account; a further one ends the one that was not seen for the longest time."""
FAILURES_WORTH_A_MAIL = 3
_IDLE_STAY = timedelta(days=1)
_BEFORE, _COLUMNS = len(AccountSession.__table__.c), Account.__table__.c.keys()
"""Where in a row of :data:`statements.LIVE_SESSION` the columns of the account are."""


class SessionEnded(SignedOut):
    """The session was ended, in this browser or elsewhere, while something was being done in it."""


class Locked(Refusal):
    """An operator keeps everyone out of this account."""

    says = _("This account is locked. Ask support to open it again.")


class PastDeletion(Locked):
    """The account has come to the moment at which it is deleted, and waits for that."""

    says = _("This account is being deleted. That can’t be taken back any more.")


@dataclass(frozen=True)
class Begun:
    """A session that has begun.

    :param kept: True if the account was to be deleted, and this sign-in has taken that back.
    """

    token: str
    kept: bool


@dataclass(frozen=True)
class Live:
    """A live session with its account, as one statement has read them.

    To read the row takes a third of the time of the two objects, and most pages need no more.
    """

    row: Row[Any]

    @property
    def session(self) -> AccountSession:
        """The session: the row has its attributes."""
        return cast("AccountSession", self.row)

    def account(self) -> Account:
        """Return the account as an object of the database session, which is not asked for it again."""
        there: Account | None = db.session.identity_map.get(identity_key(Account, self.row.account_id))
        if there is not None:
            return there
        account = Account(**dict(zip(_COLUMNS, self.row[_BEFORE : _BEFORE + len(_COLUMNS)], strict=True)))
        make_transient_to_detached(account)
        db.session.add(account)
        return account


@dataclass(frozen=True)
class SignIn:
    """How somebody has signed in.

    :param by: ``password``, or the kind of factor that was right after it.
    :param failures: how many wrong passwords and codes were typed before.
    :param new_device: True if nobody had signed in to the account on this device.
    :param announce: tell the owner by mail of a sign-in from a new device or after failures; not where a
        mail about the same press goes out anyway.
    """

    by: str = "password"
    failures: int = 0
    new_device: bool = True
    announce: bool = True


def begin(account: Account, here: Here, how: SignIn) -> Begun:
    """Begin a session.

    The account's row is held for the rest of the transaction, as by :func:`accounts.hold`.

    An account that is to be deleted is kept by this: password and second step have been shown.

    :raises Locked: an operator has locked the account.
    :raises PastDeletion: it has come to the moment of its deletion.
    :raises Changed: the account was changed since it was read.
    """
    check_open(account, here.now)
    kept = account.delete_at is not None and _take_deletion_back(account, here)
    token, made = _make(here)
    given = {**made, "account_id": account.id, "generation": account.generation}
    if run(statements.BEGIN_SESSION, given).first() is None:
        raise Changed
    _end_oldest(account)
    _note(account, here.now)
    # One mail about one press.
    _say_signed_in(account, here, replace(how, announce=how.announce and not kept))
    if kept:
        _write_down_kept(account, here)
    return Begun(token, kept)


def check_open(account: Account, now: datetime) -> None:
    """Refuse everyone whom the account lets in no more.

    :raises Locked: an operator has locked it.
    :raises PastDeletion: it has come to the moment of its deletion.
    """
    if account.locked_at:
        raise Locked
    if account.is_over(now):
        raise PastDeletion


def load(token: str, now: datetime) -> Live | None:
    """The live session of a token, in one statement that reads the policy too; None if there is none."""
    row = run(statements.LIVE_SESSION, _alive(token, now)).first()
    if row is None:
        return None
    policy.note(Policy(*row[-len(POLICY) :]))
    return Live(row)


def see(session: AccountSession, now: datetime) -> None:
    """Store when the session was last seen, as exactly as :data:`SEEN_EVERY` says.

    What a clock that was ahead has stored must not make the session live longer. Nobody waits for this: where
    the row or the file is locked, the next request tries again. But after half of the idle time there may be
    no next request in time, so a moment's wait is worth it.
    """
    every = min(SEEN_EVERY.total_seconds(), toolbox().session_idle / 12)
    latest = _end(now)
    if ages.is_current(session.seen_at.timestamp(), now.timestamp(), every) and not _is_beyond(
        session.expires_at, latest
    ):
        return
    is_urgent = now - session.seen_at > timedelta(seconds=toolbox().session_idle / 2)
    with unless_busy(patience=URGENT_PATIENCE if is_urgent else PATIENCE):
        given = {"session_id": session.id, "seen_at": now, "expires_at": min(session.expires_at, latest)}
        affected(statements.CHANGE_SESSION, given)


def renew(session: AccountSession, now: datetime, *, proved: bool) -> str:
    """Give the session a new token: the old one, and every copy of it, is dead.

    :param proved: the password was typed just now.
    :raises SessionEnded: the session was ended meanwhile.
    """
    token = _make_token()
    values = {"token_hash": _hash(token), "seen_at": now}
    if proved:
        values["proved_at"] = now
    named = {"session_id": session.id, "old_token_hash": session.token_hash}
    if not affected(statements.RENEW_SESSION, {**named, **values}):
        raise SessionEnded
    return token


def live(account_id: int, now: datetime) -> Sequence[AccountSession]:
    """The sessions of an account that could be used now, the last seen first."""
    asked = {"account_id": account_id, **_in_time(now)}
    return db.session.scalars(statements.LIVE_SESSIONS_OF_ACCOUNT, asked).all()


def sign_out(session: AccountSession, here: Here) -> None:
    """End a session by its owner's own press."""
    with transaction():
        lock_row(session.account_id)
        end(session.id)
        activity.record(session.account_id, events.SIGNED_OUT, here)


def end_one(account: Account, session_id: int, here: Here) -> None:
    """End one session of the account; no harm if it has ended already, or is not the account's.

    Whoever is signed out from afar may be a thief with the device in his hands: so it, like every other
    device, is no longer known.
    """
    own = {"session_id": session_id, "account_id": account.id}
    with transaction():
        if run(statements.SESSION_OF_ACCOUNT, own).first() is None:
            return
        forget_devices(account)
        lock_row(account.id)
        ended = run(statements.END_SESSION_OF_ACCOUNT, own).scalar()
        if ended is not None:
            activity.record(account.id, events.SESSION_ENDED, here, ended=devices.name(ended))


def end_others(account: Account, session: AccountSession, here: Here) -> None:
    """End every session of the account but *session*, and every sign-in; forget its devices."""
    with transaction():
        forget_devices(account)
        # Pressed again and again, it would fill Activity with what did not happen.
        if end_all(account.id, but=session.id):
            activity.record(account.id, events.OTHER_SESSIONS_ENDED, here)


def lock_row(account_id: int) -> None:
    """Hold the account's row for the rest of the transaction.

    Whatever begins or ends sessions holds it first: so a session that begins while others end is ended with
    them or comes after, and nobody waits for rows that another holds in another order. SQLite has one writer
    at a time anyway.
    """
    if dialect() != "sqlite":
        run(statements.LOCK_ACCOUNT, {"account_id": account_id})


def forget_devices(account: Account) -> None:
    """Make every device a new one to the account, as part of the caller's transaction."""
    two_step.forget_devices(account, session=db.session())


def forget_expired(now: datetime) -> Iterator[int]:
    """Delete the sessions that have lasted for as long as one may, batch by batch."""
    return in_batches(statements.DELETE_EXPIRED, {"now": now})


def forget_idle(now: datetime) -> Iterator[int]:
    """Delete the sessions that ended a day ago because nobody used them, batch by batch.

    Not at once: a server whose clock is some hours ahead shall end nobody's session on the others.
    """
    idle = timedelta(seconds=toolbox().session_idle) + _IDLE_STAY
    return in_batches(statements.DELETE_IDLE, {"idle_since": now - idle})


def end(session_id: int) -> None:
    """End one session."""
    affected(statements.END_SESSION, {"session_id": session_id})


def end_all(account_id: int, *, but: int | None = None) -> int:
    """End every session of the account except the one with the id *but*; return how many there were."""
    return affected(statements.END_SESSIONS_OF_ACCOUNT, {"whose": account_id, "but": but or 0})


def _alive(token: str, now: datetime) -> dict[str, object]:
    return {"token_hash": _hash(token), **_in_time(now)}


def _in_time(now: datetime) -> dict[str, datetime]:
    return {"now": now, "idle_since": now - timedelta(seconds=toolbox().session_idle)}


def _end_oldest(account: Account) -> None:
    run(statements.END_OLDEST_SESSIONS, {"account_id": account.id, "kept": MOST_SESSIONS})


def _note(account: Account, now: datetime) -> None:
    key = search.key(account.name, account.email_key)
    given = {"whose": account.id, "person": account.person_id, "now": now, "key": key}
    affected(statements.NOTE_SIGN_IN, given)


def _is_beyond(moment: datetime, latest: datetime) -> bool:
    """Return True if *moment* is so late that a clock that was ahead must have stored it."""
    return moment > latest + timedelta(seconds=ages.CLOCKS_APART)


def _end(now: datetime) -> datetime:
    return now + timedelta(seconds=toolbox().session_absolute)


def _make(here: Here) -> tuple[str, dict[str, object]]:
    """A new token, and what its session says of this moment and this device."""
    token = _make_token()
    moment = {
        "created_at": here.now,
        "proved_at": here.now,
        "seen_at": here.now,
        "expires_at": _end(here.now),
    }
    return token, {
        **moment,
        "token_hash": _hash(token),
        "user_agent": here.device.user_agent,
        "address": here.device.address,
    }


def _take_deletion_back(account: Account, here: Here) -> bool:
    """Keep an account that was to be deleted, as part of its sign-in; whether no other one did at once."""
    named = {"account_id": account.id, "read_generation": account.generation, "now": here.now}
    if not affected(accounts.TAKE_DELETION_BACK, named):
        return False
    db.session.refresh(account, ["delete_at", "delete_reminded_at"])
    activity.record(account.id, events.DELETION_TAKEN_BACK, here)
    outbox.post(messages.deletion_taken_back, account, here.now, always=True, **here.seen)
    return True


def _write_down_kept(account: Account, here: Here) -> None:
    """Tell the organization. Last, as it holds the head of the chain."""
    audit.write_down(audit.Event.DELETION_TAKEN_BACK, actor=account.id, subject=account.id, now=here.now)


def _say_signed_in(account: Account, here: Here, how: SignIn) -> None:
    # Whoever never chose one is spoken to, in mails too, as the browser of the first sign-in asked.
    if account.language is None:
        account.language = languages.current()
    said = {"by": how.by, "failures": how.failures, "new_device": how.new_device}
    activity.record(account.id, events.SIGNED_IN, here, **said)
    if how.announce and (how.new_device or how.failures >= FAILURES_WORTH_A_MAIL):
        outbox.post(
            messages.new_sign_in,
            account,
            here.now,
            failures=how.failures,
            new_device=how.new_device,
            **here.seen,
        )


def _make_token() -> str:
    return secrets.token_urlsafe(32)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
