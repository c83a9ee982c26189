"""When and by what the second step was last shown in this session of the host: noted in it, and nowhere else.

An old copy of the session is worth no more than that session was: nothing is used up by this.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from flask import session

from mfa.factors.kinds import RECOVERY_CODE
from mfa.sign_in.remembered import REMEMBERED_BROWSER

LIMITED_CODE = "limited_recovery_code"
"""A recovery code that opens sign-in only."""
_VERIFIED = "two_step_verified"
_NO_VERIFICATION = (LIMITED_CODE, REMEMBERED_BROWSER)
"""What lets people sign in, and counts for nothing else."""


class _Shown(NamedTuple):
    at: datetime
    by: str


def note(person_id: str, now: datetime, by: str) -> None:
    """Note that the person has shown a second step now, or turned it on.

    :param by: the kind of factor, :data:`LIMITED_CODE`, or :data:`REMEMBERED_BROWSER`.
    """
    session[_VERIFIED] = [person_id, int(now.timestamp()), by]


def forget() -> None:
    """Forget it: the host's session has ended, or another begins; a host may leave it in the cookie."""
    session.pop(_VERIFIED, None)


def last(person_id: str) -> datetime | None:
    """Return when the person last did so in this session; None if they did not.

    A limited code and a remembered browser are no verification.
    """
    shown = _shown(person_id)
    return shown.at if shown and shown.by not in _NO_VERIFICATION else None


def is_since(person_id: str, since: datetime) -> bool:
    """Return True if they did so with a second step that is on since then, and not with an earlier one.

    A sign-in by a limited code or in a remembered browser is none.
    """
    return _is_since(last(person_id), since)


def is_signed_in_since(person_id: str, since: datetime) -> bool:
    """Return True if they did so, or signed in without a verification: what opens the pages of the host."""
    shown = _shown(person_id)
    return _is_since(shown.at if shown else None, since)


def is_by_authenticator_since(person_id: str, since: datetime) -> bool:
    """Return True if they did so since then, and by an authenticator: by no recovery code."""
    shown = _shown(person_id)
    by_authenticator = shown is not None and shown.by not in ("", RECOVERY_CODE, *_NO_VERIFICATION)
    return by_authenticator and is_since(person_id, since)


def _is_since(at: datetime | None, since: datetime) -> bool:
    return at is not None and at.timestamp() >= int(since.timestamp())


def _shown(person_id: str) -> _Shown | None:
    noted = session.get(_VERIFIED)
    if not isinstance(noted, list) or len(noted) not in (2, 3):
        return None
    # A session that began before an upgrade does not say by what.
    whose, at, by = noted if len(noted) == 3 else (*noted, "")
    return _Shown(datetime.fromtimestamp(at, UTC), by) if whose == person_id and isinstance(at, int) else None
