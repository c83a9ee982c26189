"""The number that is mailed to show that somebody reads the mailbox, where nobody is signed in yet.

As in the wizard, its state is in the session cookie: nothing secret, and the counts are in the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import session

from mfa.attempts import rules as attempts
from mfa.devices import Device
from mfa.enrollment import email_proof
from mfa.enrollment.email_proof import Counts
from mfa.enrollment.pending import Pending
from mfa.enrollment.purposes import Purpose
from mfa.people.models import Recovery
from mfa.people.rules import Owner
from mfa.ring import ring
from mfa.sign_in.challenges import Live

BACK, LOST = "two_step_recovery", "two_step_lost"
"""The keys in the host's session: for the link that leads back, and for a wait that is to begin."""


def lost_counts(owner: Owner, device: Device) -> Counts:
    """Return by what the mails are counted that somebody asks for who has lost everything."""
    subject = attempts.account_subject(owner.id, owner.known(device))
    return Counts(subject, attempts.LOST_SENDING, attempts.LOST_NUMBER)


@dataclass(frozen=True)
class MailedNumber:
    """
    :param slot: :data:`BACK` or :data:`LOST`.
    :param target: the id of the recovery, or of the challenge, that it is good for, and no other.
    :param counts: by what it is counted.
    """

    owner: Owner
    slot: str
    target: int
    counts: Counts

    @classmethod
    def back(cls, owner: Owner, recovery: Recovery) -> MailedNumber:
        """Return the one that is asked for by who has the link of a recovery."""
        subject = attempts.account_subject(owner.id)
        counts = Counts(subject, attempts.BACK_SENDING, attempts.BACK_NUMBER)
        return cls(owner, BACK, recovery.id, counts)

    @classmethod
    def lost(cls, live: Live, device: Device) -> MailedNumber:
        """Return the one by which the wait is begun."""
        return cls(live.owner, LOST, live.id, lost_counts(live.owner, device))

    def wait_for_sending(self, now: datetime) -> int:
        """Return the seconds until another one may be mailed."""
        return self.counts.wait_for_sending(now)

    def begun(self, now: datetime) -> Pending | None:
        """Return the proof that this browser has begun, if it can go on; else None."""
        read = Pending.read(session.get(self.slot))
        if read is None or read.purpose is not Purpose.PROVE or read.expired(now):
            return None
        if (read.person, read.target) != (self.owner.id, self.target) or not ring().has(read.key):
            return None
        return email_proof.newest(read) if self.owner.is_marked(read.mark, read.key) else None

    def send(self, now: datetime) -> None:
        """Mail a number; one that was mailed before ends.

        :raises attempts.Throttled: the last one was mailed too short a time ago.
        :raises MailNotSent: it did not leave.
        """
        proof = self.begun(now) or Pending.start(
            Purpose.PROVE,
            person=self.owner.id,
            session="",
            mark=self.owner.mark(),
            ring=ring(),
            now=now,
            target=self.target,
        )
        session[self.slot] = email_proof.send(self.owner, proof, now, self.counts).to_cookie()

    def confirm(self, typed: str, now: datetime) -> None:
        """Check the number.

        :raises NotSixDigits, Throttled, WrongNumber, NumberEnded: see :func:`email_proof.confirm_number`.
        """
        proof = self.begun(now)
        if proof is None:
            raise email_proof.NumberEnded
        email_proof.confirm_number(self.owner, proof, typed, now, self.counts)
        session.pop(self.slot, None)
