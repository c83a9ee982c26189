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

from sqlalchemy import bindparam, delete, exists, select, update

from mfa import languages
from mfa.accounts.models import Account
from mfa.activity import rules as activity
from mfa.database import affected, transaction
from mfa.errors import Refusal
from mfa.extensions import db
from mfa.mail import messages, outbox
from mfa.sessions import devices
from mfa.sessions.devices import Device
from mfa.sessions.models import FULL, HALF, AccountSession
from mfa.toolbox import toolbox
from mfa.two_step.models import Authenticator

HALF_LIFETIME = timedelta(minutes=10)
SEEN_EVERY = timedelta(minutes=5)
"""How exactly the last sight of a session is kept, or to a twelfth of the idle time where that is less; each
request writing it would cost a write a page."""
FRESH_PROOF = timedelta(minutes=15)
FAILURES_WORTH_A_MAIL = 3
_UNFINISHED_MAILS = 5
"""So many mails about unfinished sign-ins may wait at once: enough to warn, too few to flood."""


class SessionEnded(Refusal):
    """The session was ended, in this browser or elsewhere, while something was being done in it."""


class Locked(Refusal):
    """An operator keeps everyone out of this account."""


@dataclass(frozen=True)
class Entry:
    """What a browser gets after a right password: the token of a session of *account*, full or half."""

    token: str
    account: Account
    session: AccountSession

    @property
    def needs_second_step(self) -> bool:
        return self.session.stage == HALF


def enter(
    account: Account, now: datetime, device: Device, *, failures: int = 0, announce: bool = True
) -> Entry:
    """Begin what comes after the password: a session, or half of one where 2-step verification is on.

    :param failures: how many wrong passwords were typed before.
    :param announce: tell the owner by mail of a sign-in from a new device or after failures; not where a
        mail about the same press goes out anyway.
    :raises Locked: an operator has locked the account.
    """
    if account.locked_at:
        raise Locked
    # The account's own dead rows go when it comes back, so the table needs no sweeper.
    db.session.execute(
        delete(AccountSession)
        .where(AccountSession.account_id == account.id, AccountSession.expires_at < now)
        .execution_options(synchronize_session=False)
    )
    if db.session.scalar(select(exists().where(Authenticator.account_id == account.id))):
        half = _begin(account.id, now, device, HALF, failures)
        _warn_unless_finished(account, half.session, now, device)
        return Entry(half.token, account, half.session)
    begun = _begin(account.id, now, device, FULL)
    _say_signed_in(account, now, device, failures, "password", announce=announce)
    return Entry(begun.token, account, begun.session)


def complete(
    half: AccountSession, account: Account, now: datetime, device: Device, *, failures: int, by: str
) -> Entry:
    """Turn a half-session into a session with a token of its own.

    :param failures: how many wrong codes were typed before.
    :param by: which factor was right.
    :raises SessionEnded: it was used or ended meanwhile.
    """
    used = affected(delete(AccountSession).where(AccountSession.id == half.id, AccountSession.stage == HALF))
    if not used:
        raise SessionEnded
    outbox.take_back(_unfinished(account.id, half.id))
    begun = _begin(account.id, now, device, FULL)
    _say_signed_in(account, now, device, half.failures + failures, by)
    return Entry(begun.token, account, begun.session)


def give_way(half: AccountSession, to: AccountSession) -> None:
    """End a half-session because the password was typed again in the same browser.

    The mail about it keeps its hour: typing the password again and again does not put it off.
    """
    end(half.id)
    outbox.hand_over(_unfinished(half.account_id, half.id), to=_unfinished(to.account_id, to.id))


def confirm(half_id: int, now: datetime) -> bool:
    """Let codes be tried in a half-session again; whether there was one that this had not been done for."""
    confirmed = update(AccountSession).where(
        AccountSession.id == half_id,
        AccountSession.stage == HALF,
        AccountSession.confirmed_at.is_(None),
    )
    return affected(confirmed.values(confirmed_at=now)) == 1


def load(token: str, stage: str, now: datetime) -> tuple[AccountSession, Account] | None:
    """The live session of a token with its account, in one statement; None if there is none."""
    found = db.session.execute(
        _LIVE_WITH_ACCOUNT,
        {
            "token": _hash(token),
            "stage": stage,
            "now": now,
            "idle_since": now - timedelta(seconds=toolbox().session_idle),
        },
    ).first()
    return (found[0], found[1]) if found else None


def see(session: AccountSession, now: datetime) -> None:
    """Keep when the session was last seen, as exactly as :data:`SEEN_EVERY` says."""
    if now - session.seen_at >= min(SEEN_EVERY, timedelta(seconds=toolbox().session_idle / 12)):
        with transaction():
            db.session.execute(
                update(AccountSession).where(AccountSession.id == session.id).values(seen_at=now)
            )


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
    """Whether the password was typed in this session within :data:`FRESH_PROOF`."""
    return timedelta(0) <= now - session.proved_at < FRESH_PROOF


def live(account_id: int, now: datetime) -> Sequence[AccountSession]:
    """The sessions of an account that could be used now, the last seen first."""
    idle = timedelta(seconds=toolbox().session_idle)
    return db.session.scalars(
        select(AccountSession)
        .where(
            AccountSession.account_id == account_id,
            AccountSession.stage == FULL,
            AccountSession.expires_at > now,
            AccountSession.seen_at > now - idle,
        )
        .order_by(AccountSession.seen_at.desc(), AccountSession.id.desc())
    ).all()


def sign_out(session: AccountSession, now: datetime, device: Device) -> None:
    """End a session by its owner's own press."""
    with transaction():
        lock_row(session.account_id)
        end(session.id)
        activity.record(session.account_id, activity.SIGNED_OUT, now, device)


def end_one(account: Account, session_id: int, now: datetime, device: Device) -> None:
    """End one session of the account; no harm if it has ended already, or is not the account's.

    Whoever is signed out from afar may be a thief with the device in his hands: so it, like every other
    device, is no longer known.
    """
    with transaction():
        lock_row(account.id)
        ended = db.session.execute(
            delete(AccountSession)
            .where(AccountSession.id == session_id, AccountSession.account_id == account.id)
            .returning(AccountSession.user_agent)
            .execution_options(synchronize_session=False)
        ).scalar()
        if ended is not None:
            forget_devices(account)
            activity.record(account.id, activity.SESSION_ENDED, now, device, ended=devices.name(ended))


def end_others(account: Account, here: AccountSession, now: datetime, device: Device) -> None:
    """End every session of the account but the one *here*, half ones included, and forget its devices."""
    with transaction():
        forget_devices(account)
        end_all(account.id, but=here.id)
        activity.record(account.id, activity.OTHER_SESSIONS_ENDED, now, device)


def lock_row(account_id: int) -> None:
    """Hold the account's row for the rest of the transaction.

    Whatever begins or ends sessions holds it first: so a session that begins while others end is ended with
    them or comes after, and nobody waits for rows that another holds in another order.
    """
    db.session.execute(select(Account.id).where(Account.id == account_id).with_for_update())


def forget_devices(account: Account) -> None:
    """Make every device a new one to the account, as part of the caller's transaction."""
    affected(update(Account).where(Account.id == account.id).values(device_epoch=Account.device_epoch + 1))
    db.session.refresh(account, ["device_epoch"])


def end(session_id: int) -> None:
    """End one session."""
    db.session.execute(delete(AccountSession).where(AccountSession.id == session_id))


def end_all(account_id: int, *, but: int | None = None) -> None:
    """End every session of the account, half ones included, except the one with the id *but*."""
    ending = delete(AccountSession).where(AccountSession.account_id == account_id)
    if but is not None:
        ending = ending.where(AccountSession.id != but)
    db.session.execute(ending.execution_options(synchronize_session=False))


# Asked by every request, so it is made once.
_LIVE_WITH_ACCOUNT = (
    select(AccountSession, Account)
    .join(Account, Account.id == AccountSession.account_id)
    .where(
        AccountSession.token_hash == bindparam("token"),
        AccountSession.stage == bindparam("stage"),
        Account.locked_at.is_(None),
        AccountSession.expires_at > bindparam("now"),
        AccountSession.seen_at > bindparam("idle_since"),
    )
)


@dataclass(frozen=True)
class _Begun:
    token: str
    session: AccountSession


def _begin(account_id: int, now: datetime, device: Device, stage: str, failures: int = 0) -> _Begun:
    token = _make_token()
    absolute = timedelta(seconds=toolbox().session_absolute)
    session = AccountSession(
        account_id=account_id,
        token_hash=_hash(token),
        stage=stage,
        created_at=now,
        proved_at=now,
        seen_at=now,
        expires_at=now + (HALF_LIFETIME if stage == HALF else absolute),
        user_agent=device.user_agent,
        address=device.address,
        failures=failures,
    )
    db.session.add(session)
    db.session.flush()
    return _Begun(token, session)


def _say_signed_in(
    account: Account, now: datetime, device: Device, failures: int, by: str, *, announce: bool = True
) -> None:
    # Whoever never chose one is spoken to, in mails too, as the browser of the first sign-in asked.
    account.language = account.language or languages.current()
    new_device = device.known_to(account.id, account.device_epoch) is None
    activity.record(
        account.id, activity.SIGNED_IN, now, device, by=by, failures=failures, new_device=new_device
    )
    if announce and (new_device or failures >= FAILURES_WORTH_A_MAIL):
        outbox.post(
            messages.new_sign_in,
            account,
            now,
            failures=failures,
            new_device=new_device,
            at=now.isoformat(),
            device=device.name,
            network=device.address,
        )


def _warn_unless_finished(account: Account, half: AccountSession, now: datetime, device: Device) -> None:
    """Tell the owner, when the half-session is over, that somebody had the password and no code (6.3.5)."""
    if outbox.waiting_for(account.email, messages.sign_in_unfinished) >= _UNFINISHED_MAILS:
        return
    outbox.post(
        messages.sign_in_unfinished,
        account,
        now,
        after=HALF_LIFETIME,
        reference=_unfinished(account.id, half.id),
        at=now.isoformat(),
        device=device.name,
        network=device.address,
    )


def _unfinished(account_id: int, half_id: int) -> str:
    return f"half:{account_id}:{half_id}"


def _make_token() -> str:
    return secrets.token_urlsafe(32)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
