"""What may happen at sign-in between password and session: a code, or first the owner's word by mail."""

from __future__ import annotations

from dataclasses import dataclass

from console import languages
from console.accounts import rules as accounts
from console.mail import messages
from console.sessions import rules as sessions
from console.toolbox import toolbox
from console.two_step import factors
from mfa.activity import rules as activity
from mfa.attempts import rules as attempts
from mfa.crypto import links
from mfa.database import transaction
from mfa.errors import Refusal
from mfa.here import Here
from mfa.notices import delivery


class NothingToConfirm(Refusal):
    """Codes may be tried, or the link is too old, used, not genuine, or of another half-session."""


@dataclass(frozen=True)
class Passed:
    """A sign-in that is complete.

    :param entry: the new session.
    :param codes_left: after a recovery code, how many are left; else None.
    """

    entry: sessions.Entry
    codes_left: int | None = None


def sign_in(half: sessions.Half, factor: str, typed: str, *, here: Here) -> Passed:
    """Complete a sign-in by a code of the app or a recovery code.

    :raises sessions.SessionEnded: the half-session was used or ended meanwhile.
    :raises Refusal: see :func:`factors.check`.
    """
    attempt = _attempt(half, here)
    right = factors.check(factor, attempt, typed, half.authenticator)
    try:
        with transaction():
            return _pass(half, right, here)
    except (factors.UsedCode, factors.WrongRecoveryCode):
        attempt.refuse_second_post()
        raise
    except sessions.SessionEnded:
        with transaction():
            attempt.give_back()
        raise


def _pass(half: sessions.Half, right: factors.Factor, here: Here) -> Passed:
    session, account = half.session, half.account
    # Whatever ends sessions holds the account too: it comes first and ends this, or after and sees it.
    if not accounts.hold(account):
        raise sessions.SessionEnded
    left = right.use_up()
    if left is not None:
        factors.tell_used(account, left, here.now)
    entry = sessions.complete(session, account, here, failures=right.failures, by=right.name)
    return Passed(entry, left)


def must_confirm(half: sessions.Half, here: Here) -> bool:
    """Return True if codes are checked in this half-session only after the owner has confirmed by mail."""
    return _attempt(half, here).must_confirm(half.failures)


def request_confirmation(half: sessions.Half, here: Here) -> None:
    """Mail the link by which the owner says that codes may be tried again in this half-session.

    :raises NothingToConfirm: codes may be tried anyway, or this was confirmed already.
    :raises attempts.Throttled: too many such mails.
    :raises delivery.MailNotSent: the mail server does not take it.
    """
    account = half.account
    if not must_confirm(half, here):
        raise NothingToConfirm
    subject = attempts.account_subject(account.id)
    attempts.count(subject, attempts.CONFIRM_SENDING, here.now)
    token = toolbox().confirm_links.make({"half": half.session.id}, here.now.timestamp())
    with languages.speaking(account.language):
        message = messages.confirm_second_step(account.email, name=account.name, token=token)
    with attempts.returned_on(delivery.MailNotSent, subject, attempts.CONFIRM_SENDING):
        delivery.send(message)


def confirm(half: sessions.Half, token: str, here: Here) -> None:
    """Let codes be tried in a half-session again, by the link that was mailed for it.

    What others have guessed does not make the owner wait now, but nothing is forgotten: whoever reads the
    mailbox gets no more guesses by this than the waits allow.

    :raises NothingToConfirm: the link is too old, used, not genuine, or belongs to another half-session.
    """
    try:
        named = toolbox().confirm_links.read(token, here.now.timestamp())["half"]
    except (links.BadToken, KeyError) as error:
        raise NothingToConfirm from error
    session, account = half.session, half.account
    with transaction():
        sessions.lock_row(account.id)
        if named != session.id or not sessions.confirm(session.id, here.now):
            raise NothingToConfirm
        attempts.end_wait(_attempt(half, here).subject, attempts.SECOND_STEP)
        activity.record(account.id, activity.SECOND_STEP_CONFIRMED, here)


def _attempt(half: sessions.Half, here: Here) -> factors.Attempt:
    session = half.session
    confirmed = session.confirmed_at is not None
    return factors.Attempt(half.account, here, confirmed=confirmed, half=session.id)
