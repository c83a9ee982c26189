"""Sessions as reference tokens: 256 random bits in the cookie, only their hash in the database.

So a session ends the moment its row does, on every server, whatever copies of the cookie exist.
None of these functions commits: they are part of what their caller decides.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from flask_babel import lazy_gettext as _
from sqlalchemy import delete, update

from console import languages
from console.accounts import rules as accounts
from console.accounts.models import Account
from console.activity import events
from console.extensions import db
from console.mail import messages
from console.sessions import statements
from console.sessions.models import FULL, HALF, AccountSession
from console.toolbox import toolbox
from mfa import devices
from mfa.activity import rules as activity
from mfa.crypto import ages
from mfa.database import affected, run, transaction
from mfa.errors import Refusal
from mfa.factors.models import Authenticator
from mfa.here import Here
from mfa.notices import outbox

HALF_LIFETIME = timedelta(minutes=10)
SEEN_EVERY = timedelta(minutes=5)
"""How exactly the last sight of a session is kept, or to a twelfth of the idle time where that is less; each
request writing it would cost a write a page."""
MOST_SESSIONS = 50
"""Of an account; a further one ends the one that was not seen for the longest time."""
FRESH_PROOF = timedelta(minutes=15)
FAILURES_WORTH_A_MAIL = 3
_UNFINISHED_MAILS = 5
"""So many mails about unfinished sign-ins may wait at once: enough to warn, too few to flood."""


class SessionEnded(Refusal):
    """The session was ended, in this browser or elsewhere, while something was being done in it."""

    says = _("Your session has ended. Sign in again.")


class Locked(Refusal):
    """An operator keeps everyone out of this account."""

    says = _("This account is locked. Ask support to open it again.")


@dataclass(frozen=True)
class Entry:
    """What a browser gets after a right password: the token of a session of *account*, full or half.

    :param failures: wrong codes since the account's last right one.
    """

    token: str
    account: Account
    session: AccountSession
    failures: int = 0

    @property
    def needs_second_step(self) -> bool:
        return self.session.stage == HALF


class Live(NamedTuple):
    """A session, its account, and whether 2-step verification is on."""

    session: AccountSession
    account: Account
    protected: bool


class Half(NamedTuple):
    """A half-session and its account.

    :param failures: wrong codes since the account's last right one.
    :param authenticator: where its code comes from; None where that was not read, or is gone.
    """

    session: AccountSession
    account: Account
    failures: int
    authenticator: Authenticator | None = None


def enter(
    account: Account,
    here: Here,
    *,
    generation: int,
    failures: int = 0,
    announce: bool = True,
) -> Entry:
    """Begin what comes after the password: a session, or half of one where 2-step verification is on.

    The account's row is held for the rest of the transaction, as by :func:`accounts.hold`.

    :param generation: the one at which the account may be entered.
    :param failures: how many wrong passwords were typed before.
    :param announce: tell the owner by mail of a sign-in from a new device or after failures; not where a
        mail about the same press goes out anyway.
    :raises Locked: an operator has locked the account.
    :raises accounts.Changed: the account is not at that generation (any more).
    """
    if account.locked_at:
        raise Locked
    begun = _begin(account, generation, here, failures)
    if begun.needs_second_step:
        _warn_unless_finished(account, begun.session, here)
    else:
        _end_oldest(account)
        _say_signed_in(account, here, failures, "password", announce=announce)
    return begun


def complete(half: AccountSession, account: Account, here: Here, *, failures: int, by: str) -> Entry:
    """Turn a half-session into a session with a token of its own.

    :param failures: how many wrong codes were typed before.
    :param by: which factor was right.
    :raises SessionEnded: it was used or ended meanwhile.
    """
    token, values = _make(here)
    values |= {"session_id": half.id, "expires_at": _end(here.now)}
    if not affected(statements.COMPLETE_HALF_SESSION, values):
        raise SessionEnded
    _end_oldest(account)
    outbox.take_back(_unfinished(account.id, half.id))
    _say_signed_in(account, here, half.failures + failures, by)
    return Entry(token, account, AccountSession(id=half.id, account_id=account.id, stage=FULL))


def give_way(half: AccountSession, to: AccountSession) -> None:
    """End a half-session because the password was typed again in the same browser.

    The mail about it keeps its hour: typing the password again and again does not put it off. A session that
    it has become meanwhile, by a code in another window, goes on.
    """
    affected(statements.END_HALF_SESSION, {"session_id": half.id})
    outbox.hand_over(_unfinished(half.account_id, half.id), to=_unfinished(to.account_id, to.id))


def confirm(half_id: int, now: datetime) -> bool:
    """Let codes be tried in a half-session again; whether there was one that this had not been done for."""
    return affected(statements.CONFIRM_HALF_SESSION, {"session_id": half_id, "confirmed_at": now}) == 1


def load(token: str, now: datetime) -> Live | None:
    """The live session of a token, in one statement; None if there is none."""
    found = db.session.execute(statements.LIVE_SESSION, _alive(token, now)).first()
    return Live(*found) if found else None


def load_half(token: str, now: datetime) -> Half | None:
    """The live half-session of a token, in one statement; None if there is none."""
    found = db.session.execute(statements.LIVE_HALF_SESSION, _alive(token, now)).first()
    if found is None or _is_beyond(found[0].expires_at, now + HALF_LIFETIME):
        return None
    session, account, failures, authenticator = found
    return Half(session, account, failures or 0, authenticator)


def is_half(half_id: int) -> bool:
    """Return True if the half-session has neither ended nor become a session."""
    return run(statements.HALF_SESSION_EXISTS, {"session_id": half_id}).first() is not None


def see(session: AccountSession, now: datetime) -> None:
    """Store when the session was last seen, as exactly as :data:`SEEN_EVERY` says.

    What a clock that was ahead has stored must not make the session live longer.
    """
    every = min(SEEN_EVERY.total_seconds(), toolbox().session_idle / 12)
    latest = _end(now)
    if ages.is_current(session.seen_at.timestamp(), now.timestamp(), every) and not _is_beyond(
        session.expires_at, latest
    ):
        return
    with transaction():
        seen = update(AccountSession).where(AccountSession.id == session.id)
        affected(seen.values(seen_at=now, expires_at=min(session.expires_at, latest)))


def renew(session: AccountSession, now: datetime, *, proved: bool) -> str:
    """Give the session a new token: the old one, and every copy of it, is dead.

    :param proved: the password was typed just now.
    :raises SessionEnded: the session was ended meanwhile.
    """
    token = _make_token()
    values = {"token_hash": _hash(token), "seen_at": now}
    if proved:
        values["proved_at"] = now
    renewed = affected(
        update(AccountSession)
        .where(
            AccountSession.id == session.id,
            AccountSession.token_hash == session.token_hash,
        )
        .values(values)
    )
    if not renewed:
        raise SessionEnded
    return token


def recently_proved(session: AccountSession, now: datetime) -> bool:
    """Return True if the password was typed in this session within :data:`FRESH_PROOF`."""
    return ages.is_current(session.proved_at.timestamp(), now.timestamp(), FRESH_PROOF.total_seconds())


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
    with transaction():
        lock_row(account.id)
        own = {"session_id": session_id, "account_id": account.id}
        ended = run(statements.END_SESSION_OF_ACCOUNT, own).scalar()
        if ended is not None:
            forget_devices(account)
            activity.record(account.id, events.SESSION_ENDED, here, ended=devices.name(ended))


def end_others(account: Account, session: AccountSession, here: Here) -> None:
    """End every session of the account but *session*, half ones included, and forget its devices."""
    with transaction():
        forget_devices(account)
        end_all(account.id, but=session.id)
        activity.record(account.id, events.OTHER_SESSIONS_ENDED, here)


def lock_row(account_id: int) -> None:
    """Hold the account's row for the rest of the transaction.

    Whatever begins or ends sessions holds it first: so a session that begins while others end is ended with
    them or comes after, and nobody waits for rows that another holds in another order.
    """
    run(statements.LOCK_ACCOUNT, {"account_id": account_id})


def forget_devices(account: Account) -> None:
    """Make every device a new one to the account, as part of the caller's transaction."""
    affected(update(Account).where(Account.id == account.id).values(device_epoch=Account.device_epoch + 1))
    db.session.refresh(account, ["device_epoch"])


def forget_dead(now: datetime) -> None:
    """Delete the rows of sessions that are over; a worker's part, which nothing waits for."""
    with transaction():
        run(statements.DELETE_EXPIRED, {"now": now})


def end(session_id: int) -> None:
    """End one session."""
    affected(statements.END_SESSION, {"session_id": session_id})


def end_all(account_id: int, *, but: int | None = None) -> None:
    """End every session of the account, half ones included, except the one with the id *but*."""
    ending = delete(AccountSession).where(AccountSession.account_id == account_id)
    if but is not None:
        ending = ending.where(AccountSession.id != but)
    affected(ending)


def _alive(token: str, now: datetime) -> dict[str, object]:
    return {"token_hash": _hash(token), **_in_time(now)}


def _in_time(now: datetime) -> dict[str, datetime]:
    return {"now": now, "idle_since": now - timedelta(seconds=toolbox().session_idle)}


def _end_oldest(account: Account) -> None:
    run(statements.END_OLDEST_SESSIONS, {"account_id": account.id, "kept": MOST_SESSIONS})


def _begin(account: Account, generation: int, here: Here, failures: int) -> Entry:
    token, made = _make(here)
    made["failures"] = failures
    whose = {"account_id": account.id, "generation": generation}
    ends = {"full_expires_at": _end(here.now), "half_expires_at": here.now + HALF_LIFETIME}
    begun = run(statements.BEGIN_SESSION, {**made, **whose, **ends}).first()
    if begun is None:
        raise accounts.Changed
    session_id, stage, wrong_codes = begun
    session = AccountSession(id=session_id, account_id=account.id, stage=stage, **made)
    return Entry(token, account, session, wrong_codes or 0)


def _is_beyond(moment: datetime, latest: datetime) -> bool:
    """Return True if *moment* is so late that a clock that was ahead must have stored it."""
    return moment > latest + timedelta(seconds=ages.CLOCKS_APART)


def _end(now: datetime) -> datetime:
    return now + timedelta(seconds=toolbox().session_absolute)


def _make(here: Here) -> tuple[str, dict[str, object]]:
    """A new token, and what its session says of this moment and this device."""
    token = _make_token()
    moment = {"created_at": here.now, "proved_at": here.now, "seen_at": here.now}
    return token, {
        **moment,
        "token_hash": _hash(token),
        "user_agent": here.device.user_agent,
        "address": here.device.address,
    }


def _say_signed_in(account: Account, here: Here, failures: int, by: str, *, announce: bool = True) -> None:
    # Whoever never chose one is spoken to, in mails too, as the browser of the first sign-in asked.
    if account.language is None:
        account.language = languages.current()
    new_device = here.device.known_to(account.id, account.device_epoch) is None
    activity.record(account.id, events.SIGNED_IN, here, by=by, failures=failures, new_device=new_device)
    if announce and (new_device or failures >= FAILURES_WORTH_A_MAIL):
        outbox.post(
            messages.new_sign_in,
            account,
            here.now,
            failures=failures,
            new_device=new_device,
            at=here.now.isoformat(),
            device=here.device.name,
            network=here.device.address,
        )


def _warn_unless_finished(account: Account, half: AccountSession, here: Here) -> None:
    """Tell the owner, when the half-session is over, that somebody had the password and no code (6.3.5)."""
    outbox.post(
        messages.sign_in_unfinished,
        account,
        here.now,
        after=HALF_LIFETIME,
        reference=_unfinished(account.id, half.id),
        at_most=_UNFINISHED_MAILS,
        at=here.now.isoformat(),
        device=here.device.name,
        network=here.device.address,
    )


def _unfinished(account_id: int, half_id: int) -> str:
    return f"half:{account_id}:{half_id}"


def _make_token() -> str:
    return secrets.token_urlsafe(32)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
