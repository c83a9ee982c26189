"""What may happen at sign-in between password and session: a code, or first the owner's word by mail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from datetime import datetime

from mfa.activity import rules as activity
from mfa.attempts import rules as attempts
from mfa.crypto import links
from mfa.crypto.links import Signer
from mfa.database import transaction, with_hosts_work
from mfa.errors import Refusal
from mfa.factors import kinds as factors
from mfa.here import Here
from mfa.lifetimes import CONFIRM_LINK_SECONDS
from mfa.notices import delivery, messages
from mfa.notices.office import office
from mfa.people import rules as people
from mfa.people.rules import Changed
from mfa.ring import signer
from mfa.settings import settings
from mfa.sign_in import challenges, remembered
from mfa.sign_in.challenges import Live


class ChallengeEnded(Refusal):
    """The challenge was answered or ended meanwhile."""


class NothingToConfirm(Refusal):
    """Codes may be tried, or the link is too old, used, not genuine, or of another challenge."""


_COUNTED = (factors.WrongCode, factors.UsedCode, factors.WrongPasskey)
"""What leaves the count of the attempt in the database."""
_QUICK = (factors.CODE, factors.PASSKEY)
"""What is checked without a hash."""
PASSWORD = "password"  # noqa: S105 (its name)
"""What :attr:`Passed.by` says where the password was enough, as 2-step verification is off."""


@dataclass(frozen=True)
class Passed:
    """How somebody was verified at sign-in.

    :param by: the kind of factor, :data:`PASSWORD`, or :data:`remembered.REMEMBERED_BROWSER`.
    :param failures: wrong passwords and codes before it.
    :param codes_left: after a recovery code, how many are left; else None.
    :param limited_until: after a recovery code that opens sign-in only, until when that is so; else None.
    """

    by: str
    failures: int
    codes_left: int | None = None
    limited_until: datetime | None = None

    @property
    def is_limited(self) -> bool:
        """Return True after a recovery code that opens sign-in only."""
        return self.limited_until is not None


@dataclass(frozen=True)
class Link:
    """What the mailed link says by which codes may be tried again.

    :param challenge: the id of the challenge that it was mailed for.
    :param has_password: False if the owner has none.
    """

    challenge: int
    has_password: bool


def answer(live: Live, factor: str, typed: str, *, here: Here) -> Passed:
    """Answer a challenge by a code of the app, a passkey or a recovery code.

    :raises ChallengeEnded: it was used or ended meanwhile.
    :raises Refusal: see :func:`factors.check`.
    """
    attempt = _attempt(live, here)
    with _told_second_post(attempt):
        if factor in _QUICK:
            return _answer_at_once(live, attempt, factor, typed, here)
        right = factors.check(factor, attempt, typed, live.kept)
        with _giving_back(attempt), transaction():
            _hold(live)
            return _pass(live, right, here)


@contextmanager
def _told_second_post(attempt: factors.Attempt) -> Iterator[None]:
    """Say of a right code that comes a second time that the challenge has ended: it was no guess."""
    try:
        try:
            yield
        except (factors.UsedCode, factors.WrongRecoveryCode, factors.Ended):
            attempt.refuse_second_post()
            raise
    except factors.SecondPost as error:
        raise ChallengeEnded from error


def answering(factor: str) -> AbstractContextManager[None]:
    """Answer a challenge inside, and have the host begin its session: one transaction where that can be.

    A recovery code is hashed first, and nobody may wait for that.
    """
    return with_hosts_work(keeping=_COUNTED) if factor in _QUICK else nullcontext()


def _answer_at_once(live: Live, attempt: factors.Attempt, factor: str, typed: str, here: Here) -> Passed:
    """Count, look, and use up in one transaction: what is not hashed is quickly checked."""
    with transaction(keeping=_COUNTED):
        _hold(live)
        return _pass(live, factors.check(factor, attempt, typed, live.kept), here)


@contextmanager
def _giving_back(attempt: factors.Attempt) -> Iterator[None]:
    """Take back that an attempt was counted if the challenge has ended: it was no guess."""
    try:
        yield
    except ChallengeEnded:
        with transaction():
            attempt.give_back()
        raise


def _hold(live: Live) -> None:
    # Whatever changes the owner holds their row too: it comes first and ends this, or after and sees it.
    try:
        people.hold(live.owner)
    except Changed as error:
        raise ChallengeEnded from error


def _pass(live: Live, right: factors.Factor, here: Here) -> Passed:
    # First what may be refused and yet be committed: it was counted.
    left = right.use_up()
    if not challenges.finish(live):
        raise ChallengeEnded
    if left is not None:
        factors.tell_used(live.owner, left, here.now)
    return Passed(
        by=right.name,
        failures=live.asked.failures + right.failures,
        codes_left=left,
        limited_until=right.limited_until if isinstance(right, factors.RecoveryCode) else None,
    )


def place(live: Live) -> str:
    """Return what a passkey's challenge is bound to at sign-in."""
    return f"sign-in {live.id} {live.owner.id}"


def offers_wait(live: Live) -> bool:
    """Return True if somebody who has lost everything may get back by waiting.

    Only where a password, or what stands for it, was shown for this challenge.
    """
    return settings().recovery_days > 0 and live.asked.is_login and bool(live.owner.email)


def must_confirm(live: Live, here: Here) -> bool:
    """Return True if codes are checked for this challenge only after the owner has confirmed by mail."""
    return _attempt(live, here).must_confirm(live.failures)


def request_confirmation(live: Live, here: Here) -> None:
    """Mail the link by which the owner says that codes may be tried again for this challenge.

    :raises NothingToConfirm: codes may be tried anyway, or this was confirmed already.
    :raises attempts.Throttled: too many such mails.
    :raises delivery.MailNotSent: the mail server does not take it.
    """
    owner = live.owner
    if not must_confirm(live, here):
        raise NothingToConfirm
    subject = attempts.account_subject(owner.id)
    attempts.count(subject, attempts.CONFIRM_SENDING, here.now)
    link = Link(live.id, owner.has_password)
    token = _links().make(asdict(link), here.now.timestamp())
    with office().speaking(owner.language):
        message = messages.confirm_second_step(
            owner.email, name=owner.name, token=token, has_password=owner.has_password
        )
    with attempts.returned_on(delivery.MailNotSent, subject, attempts.CONFIRM_SENDING):
        delivery.send(message)


def read_link(token: str, now: datetime) -> Link:
    """Return what a mailed link says; it proves nothing but that somebody reads the mail.

    :raises NothingToConfirm: it is too old, or not genuine.
    """
    try:
        return Link(**_links().read(token, now.timestamp()))
    except (links.BadToken, TypeError) as error:
        raise NothingToConfirm from error


def confirm(live: Live, token: str, here: Here) -> None:
    """Let codes be tried for a challenge again, by the link that was mailed for it.

    What others have guessed does not make the owner wait now, but nothing is forgotten: a thief of the
    mailbox gets no more guesses by this than the waits allow.

    :raises NothingToConfirm: the link is too old, used, not genuine, or belongs to another challenge.
    """
    link = read_link(token, here.now)
    with transaction():
        try:
            people.hold(live.owner)
        except Changed as error:
            raise NothingToConfirm from error
        if link.challenge != live.id or not challenges.confirm(live.id, here.now):
            raise NothingToConfirm
        attempts.end_wait(_attempt(live, here).subject, attempts.SECOND_STEP)
        activity.record(live.owner.id, activity.SECOND_STEP_CONFIRMED, here)


def account_changed(person_id: str, *, forget_devices: bool = True) -> None:
    """Count a change of password or address; a host tells of it, as part of its transaction or an own one.

    What was begun before it, in a wizard or at sign-in, ends, and no browser is remembered any more.

    :param forget_devices: make every device a new one, too.
    """
    people.change(person_id, forget_devices=forget_devices)
    end_all(person_id)


def forget_devices(person_id: str) -> None:
    """Make every device a new one, forget remembered browsers, and end the sign-ins that wait.

    Part of the caller's transaction.
    """
    people.forget_devices(person_id)
    end_all(person_id)


def end_all(person_id: str) -> None:
    """End what rests on a person's second step: sign-ins that wait for it, and browsers that leave it out.

    Part of a change, which holds the person's row.
    """
    challenges.break_off_all(person_id)
    remembered.forget_all(person_id)


def _links() -> Signer:
    return signer("confirm-second-step", CONFIRM_LINK_SECONDS)


def _attempt(live: Live, here: Here) -> factors.Attempt:
    return factors.Attempt(
        live.owner,
        here,
        confirmed=live.is_confirmed,
        place=place(live),
        is_sign_in=True,
        may_be_recovering=live.recovering_until is not None,
        is_over=lambda: not challenges.exists(live.id),
    )
