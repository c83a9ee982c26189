"""What the organization requires of an account by its role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from console.accounts.models import Role
from console.policy import statements
from mfa import Required, at_work
from mfa.database import run

_NOTED = "policy"


@dataclass(frozen=True)
class Policy:
    """The settings that every page needs; none are cached from one request to the next.

    :param administrators_since: since when owners and administrators must have 2-step verification on.
    :param members_since: since when everybody else must.
    :param passkeys_since: since when owners and administrators must have a passkey.
    :param grace_days: how long each may put it off.
    :param remembers_browsers: False if the second step is asked for at each sign-in.
    """

    administrators_since: datetime | None
    members_since: datetime | None
    passkeys_since: datetime | None
    grace_days: int
    remembers_browsers: bool

    def required_of(self, role: Role, *, is_on: bool) -> Required | None:
        """Return what is required of somebody; None if nothing is.

        :param is_on: True if their 2-step verification is on: then they may lack a passkey alone, and their
            grace period begins when passkeys are required.
        """
        since = self.administrators_since if role.manages else self.members_since
        if since is None:
            return None
        by_passkey = self.passkeys_since if role.manages else None
        if by_passkey is not None and is_on:
            since = max(since, by_passkey)
        return Required(timedelta(days=self.grace_days), since, passkey=by_passkey is not None)


def policy() -> Policy:
    """Return the settings that this request has read with an account, or read them now."""
    noted: Policy | None = at_work.kept().get(_NOTED)
    return noted or Policy(*run(statements.POLICY).one())


def is_sign_up_closed() -> bool:
    """Return True if only invited people can create an account, as the database has it now."""
    return bool(run(statements.IS_CLOSED).scalar_one())


def note(found: Policy) -> None:
    """Keep what another statement has read, so that :func:`policy` doesn't read it again in this request."""
    setattr(at_work.kept(), _NOTED, found)
