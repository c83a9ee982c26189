"""What the organization requires of a person, as the extension asks for it."""

from __future__ import annotations

from console.accounts.models import Account
from console.policy import rules
from console.sessions import browser
from console.sessions.browser import Visitor
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
    visitor = _visitor(person)
    if visitor:
        found = visitor.policy.required_of(visitor.account.role, is_on=visitor.protected)
    else:
        account = session().get(Account, int(person.id))
        if account is None:
            return False
        found = rules.policy().required_of(account.role, is_on=factors.is_on(person.id))
    return found or False


def remembers(person: Person) -> bool:
    """Return True if the second step of a person may be left out in a remembered browser."""
    visitor = _visitor(person)
    return (visitor.policy if visitor else rules.policy()).remembers_browsers


def _visitor(person: Person) -> Visitor | None:
    """Return the visitor if that is the person; else None."""
    visitor = browser.visitor()
    return visitor if visitor and visitor.account.person_id == person.id else None
