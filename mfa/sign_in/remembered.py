"""Remembered browsers: where the second step isn't asked for again for some days, at sign-in alone.

A browser carries a random token of its own for each person, in a signed cookie; the database holds only the
hash. So a browser is forgotten the moment its row is, whatever copies of the cookie exist. It is no
verification: step-up, disable, reissue and move ask all the same.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from flask import Flask

from mfa import at_work, database
from mfa.accounts import Person, find
from mfa.activity import rules as activity
from mfa.crypto import ages, links
from mfa.crypto.links import Signer
from mfa.database import affected, in_batches, run, transaction
from mfa.here import Here
from mfa.notices import messages, outbox
from mfa.people import rules as people
from mfa.people.rules import Owner
from mfa.ring import ring
from mfa.settings import settings
from mfa.sign_in import statements
from mfa.sign_in.models import NAME_LENGTH

REMEMBERED_BROWSER = "remembered_browser"
"""What :attr:`mfa.sign_in.rules.Passed.by` says where the second step was left out."""
MOST_BROWSERS = 20
"""Of a person; a further one has the one forgotten that was not used for the longest time."""
_PEOPLE = 8
"""How many people a browser is remembered for: the last ones who wanted it."""
_ONE_USE = timedelta(minutes=1)
"""What follows within it stands in Activity as one use."""
_ALLOWED = "mfa_remember"

Allowed = bool | Callable[[Person], bool]


@dataclass(frozen=True)
class Tokens:
    """What the cookie of a browser says.

    :param by_person: the token of each person, by what :func:`_short` makes of their id.
    """

    by_person: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, cookie: str, signer: Signer, seconds: float) -> Tokens:
        """Return the tokens in a cookie: none if it is forged, too old, or of another shape."""
        try:
            found = signer.read(cookie, seconds).get("browsers")
        except links.BadToken:
            return cls()
        if not isinstance(found, dict) or not all(isinstance(token, str) for token in found.values()):
            return cls()
        return cls(found)

    def of(self, person_id: str) -> str | None:
        """Return the token of a person; None if they have none."""
        return self.by_person.get(_short(person_id))

    def with_person(self, person_id: str, token: str) -> Tokens:
        """Return the tokens of the same browser after it was remembered for a person."""
        name = _short(person_id)
        others = [(key, value) for key, value in self.by_person.items() if key != name]
        return Tokens({**dict(others[-(_PEOPLE - 1) :]), name: token})

    def payload(self) -> dict[str, Any]:
        """Return what :meth:`read` takes, once it is signed."""
        return {"browsers": dict(self.by_person)}


@dataclass(frozen=True)
class Browser:
    """A remembered browser, as its person sees it.

    :param name: in words, like "Chrome on Windows".
    :param since: when the second step was last shown in it at sign-in.
    :param last_used_at: when it last spared them that; None if it has not yet.
    :param is_here: True if it is the one that asks.
    """

    id: int
    name: str
    since: datetime
    last_used_at: datetime | None
    is_here: bool


def use(app: Flask, allowed: Allowed) -> None:
    """Let *app* remember browsers, or those of the people for whom *allowed* returns True."""
    app.extensions[_ALLOWED] = allowed


def days() -> int:
    """Return for how many days a browser is remembered; 0 if none is."""
    return settings().remember_days


def may_be(person: Person) -> bool:
    """Return True if the second step of a person may be left out in a remembered browser."""
    if not days():
        return False
    allowed = cast("Allowed", at_work.app().extensions[_ALLOWED])
    if isinstance(allowed, bool):
        return allowed
    database.release()
    return allowed(person)


def remember(owner: Owner, before: str | None, here: Here) -> str:
    """Remember the browser of a person who has just shown their second step in it; return its token.

    The owner is told by mail: with the password, this browser opens the account from now on.

    :param before: the token that it had: worth nothing from now on.
    """
    token = secrets.token_urlsafe(16)
    with transaction():
        people.wait_for(owner.id)
        if before:
            affected(statements.FORGET_TOKEN, {"hashed": _hash(before), "whose": owner.id})
        run(
            statements.REMEMBER,
            {
                "token_hash": _hash(token),
                "person_id": owner.id,
                "mark": owner.mark(),
                "key": ring().current,
                "device_epoch": owner.device_epoch,
                "name": here.device.name[:NAME_LENGTH],
                "since": here.now,
                "last_used_at": here.now,
                "expires_at": here.now + timedelta(days=days()),
            },
        )
        affected(statements.FORGET_OLDEST_BROWSERS, {"whose": owner.id, "kept": MOST_BROWSERS})
        activity.record(owner.id, activity.BROWSER_REMEMBERED, here, days=days())
        outbox.post(
            messages.browser_remembered,
            owner,
            here.now,
            days=days(),
            has_password=owner.has_password,
            **here.seen,
        )
    return token


def opens(owner: Owner, token: str, here: Here) -> bool:
    """Return True if the second step of a person is left out in the browser with that token.

    It counts as used then, which decides: of this and a change that forgets the browser, one comes first.
    """
    if not may_be(owner.person) or find(owner.id) is None:
        return False
    found = run(statements.REMEMBERED, {"hashed": _hash(token), "whose": owner.id, "now": here.now}).first()
    if found is None or not _is_good(found, owner, here.now):
        return False
    with transaction():
        if not affected(statements.USE_REMEMBERED, {"browser_id": found.id, "now": here.now}):
            return False
        # Requests without the session's cookie come here each time, and a page may send many at once.
        if not found.since < found.last_used_at > here.now - _ONE_USE:
            activity.record(owner.id, activity.REMEMBERED_BROWSER_USED, here)
    return True


def of(owner: Owner, now: datetime, token: str | None = None) -> Sequence[Browser]:
    """Return the browsers that are remembered for a person, the last used first.

    :param token: that of the browser that asks.
    """
    if not may_be(owner.person):
        return []
    hashed = _hash(token) if token else None
    rows = run(statements.REMEMBERED_OF_PERSON, {"whose": owner.id, "now": now})
    return [
        Browser(
            row.id,
            row.name,
            row.since,
            row.last_used_at if row.last_used_at > row.since else None,
            row.token_hash == hashed,
        )
        for row in rows
        if _is_good(row, owner, now)
    ]


def forget_one(person_id: str, browser_id: int, here: Here) -> None:
    """Forget a browser by its person's own press; no harm if it is forgotten already, or not theirs."""
    with transaction():
        if affected(statements.FORGET_BROWSER, {"browser_id": browser_id, "whose": person_id}):
            activity.record(person_id, activity.REMEMBERED_BROWSER_FORGOTTEN, here)


def forget_every(person_id: str, here: Here) -> int:
    """Forget every browser of a person, who is told so in Activity; return how many there were.

    Part of the caller's transaction, if there is one.
    """
    with transaction():
        forgotten = forget_all(person_id)
        # Pressed again and again, it would fill Activity with what did not happen.
        if forgotten:
            activity.record(person_id, activity.REMEMBERED_BROWSERS_FORGOTTEN, here)
    return forgotten


def forget_all(person_id: str) -> int:
    """Forget every browser as part of a change, in its transaction; return how many there were."""
    return affected(statements.FORGET_BROWSERS, {"whose": person_id})


def forget_expired(now: datetime) -> Iterator[int]:
    """Delete the browsers that were remembered for long enough, batch by batch."""
    return in_batches(statements.DELETE_EXPIRED_BROWSERS, {"now": now})


def _is_good(row: Any, owner: Owner, now: datetime) -> bool:
    """Return True if nothing was changed since the browser was remembered, and its days are not over.

    Fewer days than it was promised hold at once; and what a clock that was ahead has stored is worth nothing.
    """
    is_in_time = ages.is_current(row.since.timestamp(), now.timestamp(), days() * 24 * 3600)
    is_of_now = row.device_epoch == owner.device_epoch and ring().has(row.key)
    return is_in_time and is_of_now and owner.is_marked(row.mark, row.key)


def _short(person_id: str) -> str:
    """Return what stands for a person in the cookie: ids may be longer than eight of them may be."""
    digest = hashlib.sha256(person_id.encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest[:9]).decode()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
