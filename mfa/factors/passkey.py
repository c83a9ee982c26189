"""The passkey: on a phone, a computer or a security key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from mfa.activity import rules as activity
from mfa.attempts import rules as attempts
from mfa.crypto import webauthn
from mfa.database import affected, transaction
from mfa.factors import ceremonies, statements
from mfa.factors.base import Attempt, Factor, Kept, Refused
from mfa.factors.ceremonies import Answer
from mfa.factors.models import Authenticator
from mfa.here import Here
from mfa.i18n import lazy_gettext as _
from mfa.notices import messages, outbox
from mfa.people.rules import Owner


class WrongPasskey(Refused):
    """Not a passkey of this person, or not made or used as it must be."""

    says = _("This passkey does not open this account. Use another one.")


class NotVerified(WrongPasskey):
    """The passkey alone would open the account, and it did not check who used it."""

    says = _(
        "Your passkey did not check that it is you. Set a PIN, fingerprint or face for it, or sign in another"
        " way."
    )


class CopiedPasskey(WrongPasskey):
    """Its counter went back, as that of a copy would."""

    says = _("This security key was refused: it may have been copied. We sent you a mail about it.")


@dataclass(frozen=True)
class Passkey(Factor):
    """A passkey that was used.

    :param passkey: its id.
    :param answer: by which it was used.
    :param sign_count: its counter now.
    """

    name = "passkey"

    passkey: int
    answer: Answer
    sign_count: int

    @classmethod
    def check(cls, kept: Kept, attempt: Attempt, typed: str) -> Self:
        """Return the factor that the browser's answer is, counted before it is checked.

        :raises ceremonies.Unreadable, ceremonies.Ended: it answers no challenge of this place; not counted.
        :raises attempts.Throttled: too many wrong ones, or too many right ones; those are not counted.
        :raises WrongPasskey: it is none of this person's.
        """
        answer = ceremonies.read(typed, attempt.place, attempt.here.now)
        try:
            assertion = webauthn.read_assertion(answer.response)
        except webauthn.BadResponse as error:
            raise ceremonies.Unreadable from error
        if answer.is_spent():
            attempt.refuse_second_post(counted=False)
            raise ceremonies.Ended
        subject = _uses_of(attempt.owner)
        if attempts.wait(subject, attempts.PASSKEYS, attempt.here.now):
            raise attempts.throttled(subject, attempts.PASSKEYS, attempt.here.now)
        tried = attempt.count()
        try:
            passkey, used = verify(kept, answer, assertion)
        except webauthn.CounterWentBack as error:
            attempt.record_failure(cls.name, tried)
            tell_copied(attempt.owner, answer, attempt.here)
            raise CopiedPasskey from error
        except webauthn.BadResponse as error:
            attempt.record_failure(cls.name, tried)
            raise WrongPasskey from error
        return cls(attempt, tried - 1, passkey.id, answer, used.sign_count)

    def use_up(self) -> None:
        """Use the challenge up, and note the counter.

        :raises ceremonies.Ended: the challenge or the counter was used since it was checked.
        :raises attempts.Throttled: too many were used since it was checked.
        """
        owner, now = self.attempt.owner, self.attempt.here.now
        attempts.count_success(_uses_of(owner), attempts.PASSKEYS, now)
        use_up(owner.id, self.passkey, self.answer, self.sign_count, self.attempt.here)
        self.attempt.forget_failures()


def _uses_of(owner: Owner) -> str:
    """Return by what the uses of a person's passkeys are counted: nobody else can make them wait."""
    return attempts.account_subject(owner.id)


def verify(
    kept: Kept,
    answer: Answer,
    assertion: webauthn.Assertion,
    verification: webauthn.Verification = "preferred",
) -> tuple[Authenticator, webauthn.Verified]:
    """Return which passkey of a person was used, and what that has shown.

    :raises webauthn.BadResponse: it shows nothing.
    """
    passkey = next((one for one in kept.passkeys if one.credential_id == assertion.credential_id), None)
    if passkey is None or assertion.user_handle not in (None, kept.second_step.user_handle):
        raise webauthn.OtherCredential
    assert passkey.credential_id is not None
    assert passkey.public_key is not None
    credential = webauthn.Credential(
        passkey.credential_id, passkey.public_key, passkey.sign_count or 0, bool(passkey.is_synced)
    )
    used = webauthn.verify(
        assertion, credential, answer.challenge, ceremonies.relying_party(), verification=verification
    )
    return passkey, used


def use_up(person_id: str, passkey_id: int, answer: Answer, sign_count: int, here: Here) -> None:
    """Use an answer up, as part of the caller's transaction.

    :raises ceremonies.Ended: the challenge or the counter was used since it was checked.
    """
    answer.spend(here.now)
    given = {"whose": person_id, "authenticator": passkey_id, "count": sign_count, "now": here.now}
    if not affected(statements.USE_PASSKEY, given):
        raise ceremonies.Ended


def tell_copied(owner: Owner, answer: Answer, here: Here) -> None:
    """Write down that the counter of a passkey went back, and tell the owner by mail (§6.1.1).

    :param answer: by which it was used; it is used up by this, so that sent again it tells nothing more.
    :raises ceremonies.Ended: it was used up.
    """
    with transaction():
        answer.spend(here.now)
        activity.record(owner.id, activity.PASSKEY_COPIED, here)
        outbox.post(
            messages.passkey_copied,
            owner,
            here.now,
            has_password=owner.has_password,
            **here.seen,
        )
