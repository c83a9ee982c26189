"""What the mail about new recovery codes offers to an owner who did not ask for them: to make them worthless.

Anybody who reads the mail can do it, signed in or not: it opens nothing, and signs nobody in.
"""

from __future__ import annotations

import hashlib
import os
from datetime import datetime

from mfa.accounts import Person, accounts, find
from mfa.activity import rules as activity
from mfa.crypto import links, recovery_codes
from mfa.database import affected, run, transaction, with_host
from mfa.errors import Refusal
from mfa.factors import kinds as factors, statements
from mfa.here import Here
from mfa.notices import messages, outbox
from mfa.notices.revoke_link import RevokeLink
from mfa.sign_in import rules as sign_in


class LinkEnded(Refusal):
    """The link is too old, used, not genuine, or of recovery codes that others have replaced."""


def name_of(salt: bytes) -> str:
    """Return what a link calls the set of recovery codes with that salt."""
    return hashlib.sha256(salt).hexdigest()[:32]


def find_owner(token: str, now: datetime) -> Person:
    """Return the owner of the recovery codes that a link revokes.

    :raises LinkEnded: see there.
    """
    return _found(token, now)[0]


def revoke(token: str, here: Here, *, signed_in: str | None) -> Person:
    """Delete the recovery codes of a link, and return their owner, who is told.

    Somebody may have signed in with one of them, so the person's sessions end, and every device is a new one.

    :param signed_in: the id of who is signed in in this browser: its own session goes on.
    :raises LinkEnded: see there; also for the second of two at once.
    """
    owner, salt = _found(token, here.now)
    given = {"whose": owner.id, "salt_of_set": salt, "new_salt": os.urandom(recovery_codes.SALT_BYTES)}
    with transaction():
        sign_in.account_changed(owner.id)
        if not affected(statements.REVOKE_SET, given):
            raise LinkEnded
        run(statements.DELETE_CODES, {"whose": owner.id})
        activity.record(owner.id, activity.RECOVERY_CODES_REVOKED, here)
        has_password = accounts().has_password(owner)
        outbox.post(messages.recovery_codes_revoked, owner, here.now, always=True, has_password=has_password)
        if signed_in == owner.id:
            with_host(lambda: accounts().end_other_sessions(owner))
        else:
            with_host(lambda: accounts().end_sessions(owner))
    return owner


def _found(token: str, now: datetime) -> tuple[Person, bytes]:
    """Return the owner of the recovery codes that a link names, and the salt of that set."""
    try:
        link = RevokeLink.read(token, now)
    except links.BadToken as error:
        raise LinkEnded from error
    kept = factors.kept(str(link.person))
    owner = find(str(link.person))
    if kept is None or owner is None or name_of(kept.second_step.recovery_salt) != link.codes:
        raise LinkEnded
    return owner, kept.second_step.recovery_salt
