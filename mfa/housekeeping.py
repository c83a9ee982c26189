"""What is done in the background: by a thread of the server, or by ``flask mail deliver``."""

from __future__ import annotations

from mfa import clock
from mfa.attempts import rules as attempts
from mfa.mail import outbox
from mfa.sessions import rules as sessions


def keep() -> int:
    """Send the mails that are due and delete what is over; how many mails left."""
    sent = outbox.deliver_due()
    now = clock.now()
    sessions.forget_dead(now)
    attempts.forget_spent(now)
    return sent
