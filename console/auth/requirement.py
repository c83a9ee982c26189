"""What the organization requires of a person, as the extension asks for it."""

from __future__ import annotations

from console.accounts.models import Account
from console.policy import rules
from console.sessions import browser
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
    """Return what is required of a person; of the visitor, as they were read with their session."""
    visitor = browser.visitor()
    if visitor and visitor.person.id == person.id:
        role, is_on = visitor.role, visitor.protected
    else:
        found = session().get(Account, int(person.id))
        if found is None:
            return False
        role, is_on = found.role, factors.is_on(person.id)
    return rules.policy().required_of(role, is_on=is_on) or False


def remembers(person: Person) -> bool:  # noqa: ARG001 (the extension names the person)
    """Return True if the second step may be left out in a remembered browser."""
    return rules.policy().remembers_browsers
