"""Challenges: begun by a right password, ended by a factor, by time, or by a change of the account.

The token is 256 random bits in the host's signed session; the database holds only its hash. So a challenge
ends the moment its row does, on every server, whatever copies of the cookie exist.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import Row
from sqlalchemy.exc import SQLAlchemyError

from mfa import database
from mfa.accounts import Person, accounts, find
from mfa.crypto import ages
from mfa.database import affected, in_batches, run, transaction
from mfa.factors.base import Kept
from mfa.factors.kinds import made_of
from mfa.here import Here
from mfa.notices import messages, outbox
from mfa.people.rules import Owner, owner_of
from mfa.ring import ring
from mfa.sign_in import statements
from mfa.sign_in.models import NAME_LENGTH

LIFETIME = timedelta(minutes=10)
_UNFINISHED_MAILS = 5
"""So many mails about unfinished sign-ins may wait at once: enough to warn, too few to flood."""


@dataclass(frozen=True)
class Asked:
    """What a host hands over with somebody whose password was right.

    :param next: the path of the host where the person wants to go, or empty.
    :param remember: what the host wants to know when it begins its session.
    :param failures: how many wrong passwords were typed before.
    :param is_login: False if nobody typed a password: a remembered login is asked for the second step.
    """

    next: str = ""
    remember: bool = False
    failures: int = 0
    is_login: bool = True


class Live(NamedTuple):
    """A challenge that can be answered.

    :param asked: what the host has handed over with it.
    :param is_confirmed: the owner said by an e-mailed link that codes may be tried.
    :param kept: what may answer it; None if this request has not read it.
    :param failures: wrong codes since the owner's last right one.
    :param has_passkeys: the owner has one.
    :param recovering_until: until when a way back without the second step is open; None if none is.
    """

    id: int
    asked: Asked
    is_confirmed: bool
    owner: Owner
    kept: Kept | None
    failures: int
    has_passkeys: bool
    recovering_until: datetime | None = None


def begin(owner: Owner, asked: Asked, here: Here, before: Live | None) -> tuple[str, int]:
    """Begin a challenge, as part of the caller's transaction; return its token and its id.

    When it is over the owner is told that somebody had the password and no code (ASVS 6.3.5).

    :param before: one of the same owner in the same browser, which ends. The mail about it keeps its hour:
        typing the password again and again does not put it off.
    """
    token = secrets.token_urlsafe(32)
    replaced = run(statements.REPLACE, {"challenge_id": before.id}).scalar() if before else None
    values = {
        "token_hash": _hash(token),
        "person_id": owner.id,
        "mark": owner.mark(),
        "key": ring().current,
        "expires_at": here.now + LIFETIME,
        "failures": asked.failures,
        "next": asked.next,
        "remember": asked.remember,
        "tell_at": replaced or (here.now + LIFETIME if asked.is_login else None),
        "device": here.device.name[:NAME_LENGTH],
        "network": here.device.address,
    }
    return token, run(statements.BEGIN, values).scalar_one()


def load(token: str, now: datetime) -> Live | None:
    """Return the challenge of a token, if nothing that it rests on was changed since; else None."""
    rows = run(statements.LIVE, {"token_hash": _hash(token), "now": now}).all()
    kept = made_of(rows)
    if kept is None:
        return None
    found = rows[0]
    person = find(found.person_id)
    if person is None or _is_beyond(found.expires_at, now):
        return None
    owner = owner_of(person, found.generation, found.device_epoch)
    if not ring().has(found.key) or not owner.is_marked(found.mark, found.key):
        return None
    # The owner is told of what began with a password, and of nothing else.
    asked = Asked(found.next, found.remember, found.failures, is_login=found.tell_at is not None)
    is_confirmed = found.confirmed_at is not None
    return Live(
        found.challenge_id,
        asked,
        is_confirmed,
        owner,
        kept,
        found.wrong_codes or 0,
        bool(kept.passkeys),
        found.recovering_until,
    )


def exists(challenge_id: int) -> bool:
    """Return True if the challenge has not ended, as far as its row says."""
    return run(statements.EXISTS, {"challenge_id": challenge_id}).first() is not None


def confirm(challenge_id: int, now: datetime) -> bool:
    """Let codes be tried again; return False if there is no such challenge, or that was done before."""
    return affected(statements.CONFIRM, {"challenge_id": challenge_id, "now": now}) == 1


def finish(live: Live) -> bool:
    """End a challenge that was answered, in the caller's transaction; False if it had ended already."""
    return affected(statements.END, {"challenge_id": live.id}) == 1


def break_off(challenge_id: int) -> None:
    """End a challenge that nobody has answered, as part of the caller's transaction."""
    affected(statements.BREAK_OFF, {"challenge_id": challenge_id})


def break_off_all(person_id: str) -> None:
    """End every challenge of a person, as part of the caller's transaction."""
    affected(statements.BREAK_OFF_ALL, {"whose": person_id})


def tell_unfinished(now: datetime) -> Iterator[int]:
    """Write the mails about challenges that nobody has answered in time; yield how many of each batch."""
    beyond = now + LIFETIME + timedelta(seconds=ages.CLOCKS_APART)
    # Also what a clock that was ahead has put off.
    for after, until in ((statements.ENDED, now), (beyond, datetime.max.replace(tzinfo=UTC))):
        asked = {"after": after, "until": until, "at_most": database.BATCH}
        while unfinished := run(statements.UNTOLD, asked).all():
            yield sum(_tell(one, now) for one in unfinished)


def _tell(unfinished: Row[Any], now: datetime) -> bool:
    """Tell the owner, unless another server has done so; return whether it was done here."""
    person = _owner_of(unfinished)
    has_password = person is not None and accounts().has_password(person)
    with transaction():
        is_first = affected(statements.TELL, {"challenge_id": unfinished.id}) == 1
        if is_first and person:
            outbox.post(
                messages.sign_in_unfinished,
                person,
                now,
                at_most=_UNFINISHED_MAILS,
                has_password=has_password,
                at=(unfinished.tell_at - LIFETIME).isoformat(),
                device=unfinished.device,
                network=unfinished.network,
            )
    return is_first


def _owner_of(unfinished: Row[Any]) -> Person | None:
    try:
        return find(unfinished.person_id)
    except SQLAlchemyError:
        raise
    except Exception:
        # The others are told all the same.
        current_app.logger.exception("the owner of an unfinished sign-in could not be asked for")
        return None


def forget_expired(now: datetime) -> Iterator[int]:
    """Delete the challenges that are over and of which nobody has to be told, batch by batch."""
    return in_batches(statements.DELETE_EXPIRED, {"now": now})


def _is_beyond(moment: datetime, now: datetime) -> bool:
    """Return True if *moment* is so late that a clock that was ahead must have stored it."""
    return moment > now + LIFETIME + timedelta(seconds=ages.CLOCKS_APART)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
