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

from sqlalchemy import delete, exists, select, update

from mfa.accounts.models import Account
from mfa.database import affected, transaction
from mfa.errors import Refusal
from mfa.extensions import db
from mfa.sessions.devices import Device
from mfa.sessions.models import FULL, HALF, AccountSession
from mfa.toolbox import toolbox
from mfa.two_step.models import Authenticator

HALF_LIFETIME = timedelta(minutes=10)
SEEN_EVERY = timedelta(minutes=5)
"""How exactly the last sight of a session is kept; each request writing it would cost a write a page."""
FRESH_PROOF = timedelta(minutes=15)


class SessionEnded(Refusal):
    """The session was ended, in this browser or elsewhere, while something was being done in it."""


@dataclass(frozen=True)
class Entry:
    """What a browser gets after a right password: the token of a session, full or half."""

    token: str
    stage: str

    @property
    def needs_second_step(self) -> bool:
        return self.stage == HALF


def enter(account_id: int, now: datetime, device: Device) -> Entry:
    """Begin what comes after the password: a session, or half of one where 2-step verification is on."""
    second_step = db.session.scalar(select(exists().where(Authenticator.account_id == account_id)))
    stage = HALF if second_step else FULL
    return Entry(_begin(account_id, now, device, stage), stage)


def complete(half: AccountSession, now: datetime, device: Device) -> Entry | None:
    """Turn a half-session into a session with a token of its own; None when it was used already."""
    used = affected(delete(AccountSession).where(AccountSession.id == half.id, AccountSession.stage == HALF))
    return Entry(_begin(half.account_id, now, device, FULL), FULL) if used else None


def load(token: str, stage: str, now: datetime) -> tuple[AccountSession, Account] | None:
    """The live session of a token with its account, in one statement; None if there is none."""
    found = db.session.execute(
        select(AccountSession, Account)
        .join(Account, Account.id == AccountSession.account_id)
        .where(
            AccountSession.token_hash == _hash(token),
            AccountSession.stage == stage,
            AccountSession.expires_at > now,
            AccountSession.seen_at > now - timedelta(seconds=toolbox().session_idle),
        )
    ).first()
    return (found[0], found[1]) if found else None


def see(session: AccountSession, now: datetime) -> None:
    """Keep when the session was last seen, to within :data:`SEEN_EVERY`."""
    if now - session.seen_at >= SEEN_EVERY:
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


def end_one(account_id: int, session_id: int) -> None:
    """End one session of the account; no harm if it has ended already, or is not the account's."""
    with transaction():
        db.session.execute(
            delete(AccountSession).where(
                AccountSession.id == session_id, AccountSession.account_id == account_id
            )
        )


def end_others(here: AccountSession) -> None:
    """End every session of the account but the one *here*, half ones included."""
    with transaction():
        end_all(here.account_id, but=here.id)


def end(session_id: int) -> None:
    """End one session."""
    db.session.execute(delete(AccountSession).where(AccountSession.id == session_id))


def end_all(account_id: int, *, but: int | None = None) -> None:
    """End every session of the account, half ones included, except the one with the id *but*."""
    ending = delete(AccountSession).where(AccountSession.account_id == account_id)
    if but is not None:
        ending = ending.where(AccountSession.id != but)
    db.session.execute(ending.execution_options(synchronize_session=False))


def _begin(account_id: int, now: datetime, device: Device, stage: str) -> str:
    token = _make_token()
    absolute = timedelta(seconds=toolbox().session_absolute)
    # The account's own dead rows go when it comes back, so the table needs no sweeper.
    db.session.execute(
        delete(AccountSession)
        .where(AccountSession.account_id == account_id, AccountSession.expires_at < now)
        .execution_options(synchronize_session=False)
    )
    db.session.add(
        AccountSession(
            account_id=account_id,
            token_hash=_hash(token),
            stage=stage,
            created_at=now,
            proved_at=now,
            seen_at=now,
            expires_at=now + (HALF_LIFETIME if stage == HALF else absolute),
            user_agent=device.user_agent,
            address=device.address,
        )
    )
    db.session.flush()
    return token


def _make_token() -> str:
    return secrets.token_urlsafe(32)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
