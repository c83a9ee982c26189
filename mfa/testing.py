"""What makes the tests of a host short: a second step that is on, without the walk through the wizard."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import current_app, has_request_context

from mfa import accounts, clock, database
from mfa.crypto import recovery_codes, totp
from mfa.enrollment import rules
from mfa.enrollment.pending import Pending
from mfa.enrollment.purposes import Purpose
from mfa.factors import kinds as factors
from mfa.here import Here
from mfa.people import rules as people
from mfa.ring import ring

_AN_HOUR_AGO = 120
"""Time steps: the code that the wizard used up is none of those that a test will type."""


@dataclass(frozen=True)
class SecondStep:
    """What somebody holds whose 2-step verification is on.

    :param secret: of their authenticator app, in base32.
    :param recovery_codes: ten, as the page shows them.
    """

    secret: str
    recovery_codes: tuple[str, ...]

    def code(self) -> str:
        """Return the code that the app shows now, by ``mfa.clock``; each is accepted once."""
        return totp.code_at(base64.b32decode(self.secret), totp.time_step(clock.now().timestamp()))


def activate(user: object) -> SecondStep:
    """Turn a person's 2-step verification on, with the event, the signal and the mail of the wizard's end.

    Call it inside an application context.

    :param user: the host's object for somebody, or a :class:`~mfa.accounts.Person`.
    :raises ValueError: it is on already.
    """
    now = clock.now()
    with _request():
        try:
            owner = people.owner(accounts.identify(user))
            if factors.is_on(owner.id):
                raise ValueError(f"2-step verification is on already for the person {owner.id}.")
            pending = Pending.start(
                Purpose.ACTIVATE, person=owner.id, session="", mark=owner.mark(), ring=ring(), now=now
            )
            used = totp.time_step(now.timestamp()) - _AN_HOUR_AGO
            pending = pending.with_email_verified().with_scanned().with_code(used)
            rules.complete(owner, pending, saved=True, here=Here(now))
        finally:
            database.close()
    codes = tuple(recovery_codes.display(code) for code in pending.recovery_codes(ring()))
    return SecondStep(base64.b32encode(pending.secret(ring())).decode(), codes)


@contextmanager
def _request() -> Iterator[None]:
    """Have a request at work, which the adapter may ask where it ends the other sessions."""
    if has_request_context():
        yield
    else:
        with current_app.test_request_context():
            yield
