"""Does the address still reach its owner?

The wizard's first step, by number or by link; and, by number alone, a proof where there is no password.
"""

from __future__ import annotations

import hmac
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from mfa.attempts import rules as attempts
from mfa.attempts.policy import Policy
from mfa.crypto import ages, links
from mfa.crypto.links import Signer
from mfa.database import transaction
from mfa.enrollment.pending import Pending
from mfa.enrollment.purposes import EMAIL, Purpose
from mfa.errors import Refusal
from mfa.factors.kinds import six_digits
from mfa.i18n import lazy_gettext as _
from mfa.lifetimes import NUMBER_SECONDS
from mfa.notices import delivery, messages
from mfa.notices.office import Message, office
from mfa.people.rules import Owner
from mfa.ring import ring, signer

_SENDING = "enrollment sending"
_MAILED = "enrollment mail"


class WrongNumber(Refusal):
    """Not the number of the newest mail."""

    says = _("That is not the number in the newest mail.")


class NumberEnded(Refusal):
    """The number or link is too old, was used, or a newer one was sent."""

    says = _("This number is no longer good. Send a new one.")


@dataclass(frozen=True)
class Counts:
    """By what the mails with a number are counted, and the numbers that are typed.

    :param subject: whose they are, as :func:`attempts.account_subject` returns it.
    """

    subject: str
    sending: Policy = attempts.EMAIL_SENDING
    number: Policy = attempts.EMAIL_NUMBER

    @classmethod
    def of(cls, owner: Owner) -> Counts:
        """Return those of a person who is signed in."""
        return cls(attempts.account_subject(owner.id))

    def wait_for_sending(self, now: datetime) -> int:
        """Return the seconds until another mail may be sent."""
        return attempts.wait(self.subject, self.sending, now)


def newest(enrollment: Pending) -> Pending:
    """Return *enrollment* as it stands after the newest mail that was sent for it.

    The answer to the press that sent it may have been lost, and its cookie with it: what was mailed is good
    all the same.
    """
    while enrollment.step == EMAIL:
        sending = enrollment.next_sending(ring())
        mailed_at = attempts.spent_at(_MAILED, sending)
        if mailed_at is None:
            break
        enrollment = enrollment.with_sending(sending, mailed_at)
    return enrollment


def send(owner: Owner, enrollment: Pending, now: datetime, counts: Counts | None = None) -> Pending:
    """Mail a new number and link; the earlier ones end. The enrollment that knows of it is returned.

    A mail that was perhaps sent counts as sent.

    :param counts: those of the owner if None.
    :raises attempts.Throttled: the last mail was sent too short a time ago.
    :raises delivery.MailNotSent: it did not leave; nothing is changed.
    """
    counts = counts or Counts.of(owner)
    counted = counts.subject, counts.sending
    attempts.count(*counted, now)
    sending = enrollment.next_sending(ring())
    sent = enrollment.with_sending(sending, now)
    try:
        with transaction():
            attempts.spend(_MAILED, sending, now)
    except attempts.AlreadySpent as error:
        raise attempts.throttled(*counted, now) from error
    with office().speaking(owner.language):
        message = _message(owner, sent, now)
    try:
        with attempts.returned_on(delivery.MailNotSent, *counted):
            delivery.send(message)
    except delivery.MailNotSent:
        with transaction():
            attempts.unspend(_MAILED, sending)
        raise
    if enrollment.sending:
        with transaction(), suppress(attempts.AlreadySpent):
            _end(enrollment.sending, now)
    return sent


def _message(owner: Owner, sent: Pending, now: datetime) -> Message:
    number = sent.number(ring())
    if sent.purpose is Purpose.PROVE:
        return messages.proof_number(owner.email, name=owner.name, number=number)
    token = _links().make(sent.link(), now.timestamp())
    return messages.enrollment_number(
        owner.email, name=owner.name, number=number, token=token, has_password=owner.has_password
    )


def wait_for_sending(owner: Owner, now: datetime) -> int:
    """Seconds until another mail may be sent."""
    return Counts.of(owner).wait_for_sending(now)


def confirm_number(
    owner: Owner, enrollment: Pending, typed: str, now: datetime, counts: Counts | None = None
) -> Pending:
    """The enrollment with its address verified, when *typed* is the number of the newest mail.

    :param counts: those of the owner if None.
    :raises NotSixDigits: it has not the shape of a number; this is not counted.
    :raises attempts.Throttled: too many wrong numbers.
    :raises WrongNumber: another number.
    :raises NumberEnded: too old, used, or no number was sent.
    """
    number = six_digits(typed)
    counts = counts or Counts.of(owner)
    attempts.count(counts.subject, counts.number, now)
    if not _live(enrollment, now):
        raise NumberEnded
    if not hmac.compare_digest(number, enrollment.number(ring())):
        raise WrongNumber
    return _verified(owner, enrollment, now, counts)


def read_link(token: str, now: datetime) -> Pending:
    """What a mail's link stands for: as much of its enrollment as the number follows from.

    It proves nothing but that somebody reads the mail, and brings no browser any further.

    :raises NumberEnded: not genuine, too old, used, or a newer mail was sent.
    """
    try:
        linked = Pending.of_link(_links().read(token, now.timestamp()))
    except (links.BadToken, KeyError) as error:
        raise NumberEnded from error
    if linked.sending is None or attempts.is_spent(_SENDING, linked.sending):
        raise NumberEnded
    return linked


def confirm_link(owner: Owner, enrollment: Pending, linked: Pending, now: datetime) -> Pending:
    """The enrollment with its address verified, when the link came in its newest mail.

    :raises NumberEnded: the link belongs to another enrollment or an earlier mail, or was used.
    """
    if (linked.id, linked.person, linked.sending) != (
        enrollment.id,
        owner.id,
        enrollment.sending,
    ) or not _live(enrollment, now):
        raise NumberEnded
    return _verified(owner, enrollment, now, Counts.of(owner))


def _links() -> Signer:
    return signer("enrollment", NUMBER_SECONDS)


def _live(enrollment: Pending, now: datetime) -> bool:
    return enrollment.sending is not None and ages.is_current(
        enrollment.sent, now.timestamp(), NUMBER_SECONDS
    )


def _verified(owner: Owner, enrollment: Pending, now: datetime, counts: Counts) -> Pending:
    assert enrollment.sending is not None
    with transaction():
        try:
            _end(enrollment.sending, now)
        except attempts.AlreadySpent as error:
            raise NumberEnded from error
        if enrollment.purpose is Purpose.PROVE:
            attempts.count_success(attempts.account_subject(owner.id), attempts.PROOFS, now)
        attempts.reset((counts.subject, counts.number), (counts.subject, counts.sending))
    return enrollment.with_email_verified()


def _end(sending: str, now: datetime) -> None:
    attempts.spend(_SENDING, sending, now)
