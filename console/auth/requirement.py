"""What the organization requires of a person, as the extension asks for it."""

from __future__ import annotations

from flask_login import current_user

from console.accounts.models import Account
from console.policy import rules
from mfa import Person, Required
from mfa.database import session
from mfa.factors import kinds as factors

OPEN = (
    "sessions.sign_out",
    "email_change.undoing",
    "email_change.undo",
    "mailbox.index",
    "mailbox.letter",
    "reports.take",
    "health.alive",
    "health.ready",
    "metrics.show",
)
"""The endpoints that stay open to somebody who must turn 2-step verification on before anything else: the
sign-out, the link by which an owner takes their address back, the mailbox that stands for one in development,
and what asks nobody who they are."""


def required(person: Person) -> bool | Required:
    """Return what is required of a person; of the visitor, as it was read with their session."""
    if _is_visitor(person):
        found = current_user.policy.required_of(current_user.account.role, is_on=current_user.protected)
    else:
        account = session().get(Account, int(person.id))
        if account is None:
            return False
        found = rules.policy().required_of(account.role, is_on=factors.is_on(person.id))
    return found or False


def remembers(person: Person) -> bool:
    """Return True if the second step of a person may be left out in a remembered browser."""
    policy = current_user.policy if _is_visitor(person) else rules.policy()
    return bool(policy.remembers_browsers)


def _is_visitor(person: Person) -> bool:
    return (
        bool(current_user and current_user.is_authenticated) and current_user.account.person_id == person.id
    )
