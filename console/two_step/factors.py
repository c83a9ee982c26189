"""The two factors of the second step: the app's code and the recovery code.

Whichever door asks for one (sign-in, disable, change of address), it asks here: counted first, looked at
then, used up in the caller's transaction by one conditional UPDATE, so that of two at once one wins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext, lazy_gettext as _
from sqlalchemy import bindparam, exists, func, select, update

from console.accounts.models import Account
from console.mail import messages
from console.sessions import rules as sessions
from mfa import words
from mfa.activity import rules as activity
from mfa.attempts import rules as attempts
from mfa.crypto import digits, recovery_codes, totp
from mfa.crypto.cost import Cost
from mfa.database import affected, run, session, transaction
from mfa.errors import Refusal
from mfa.factors import drifts, sealing
from mfa.factors.models import Authenticator, RecoveryCode
from mfa.here import Here
from mfa.notices import outbox


class NotOn(Refusal):
    """2-step verification is off."""


class NotSixDigits(Refusal):
    """What was typed can't be a code of the app."""

    says = _("Enter the 6 digits.")


class OtherDigits(NotSixDigits):
    """Six digits, but not all of them 0 to 9."""

    says = _(
        "Enter the digits as 0 to 9. These are full-width digits, or of another script: switch your keyboard"
        " first."
    )


class NotARecoveryCode(Refusal):
    """What was typed can't be a recovery code."""

    says = _("A recovery code has 16 letters and digits, like 7HQK-2M9D-XW4T-0B6R.")


class OtherLetters(NotARecoveryCode):
    """A recovery code in full-width letters and digits, or the like."""

    says = _(
        "Enter the code in plain letters and digits. These are full-width ones: switch your keyboard first."
    )


class WrongRecoveryCode(Refusal):
    """No unused recovery code of this account."""

    says = _("That recovery code is not right, or was used already.")


class WrongCode(Refusal):
    """Not a code of the app for now.

    :param drift: as in :class:`totp.WrongCode`.
    """

    def __init__(self, drift: int | None = None) -> None:
        super().__init__("wrong code")
        self.drift = drift

    @property
    def sentence(self) -> str:
        if drifts.server_is_off() is not None:
            # Whatever was typed: so it says nothing of the code.
            return gettext(
                "That code is not right. The clock of this site seems to be wrong, not your phone’s. Try"
                " again later, or ask support."
            )
        if self.drift is None:
            return gettext("That code is not right. Enter the newest code from your app.")
        drift = words.about(self.drift)
        if self.drift > 0:
            return gettext(
                "Your phone’s clock is about %(drift)s fast. Set its date and time to automatic, then enter"
                " the next code.",
                drift=drift,
            )
        return gettext(
            "Your phone’s clock is about %(drift)s slow. Set its date and time to automatic, then enter the"
            " next code.",
            drift=drift,
        )


class UsedCode(Refusal):
    """The code is right, and was used already."""

    says = _("This code was used already. Wait for the next one in your app.")


class ConfirmFirst(Refusal):
    """Too many wrong codes since the last right one: the owner confirms by mail before one is looked at."""

    says = _(
        "Too many wrong codes were entered for your account. Sign out and in again: there you can confirm by"
        " mail that it is you."
    )


@dataclass(frozen=True)
class Attempt:
    """Somebody who is about to type a code.

    :param confirmed: the owner has said by an e-mailed link that codes may be tried again.
    :param half: the id of the half-session that it is typed in; None for somebody who is signed in.
    """

    account: Account
    here: Here
    confirmed: bool = False
    half: int | None = None

    @property
    def known(self) -> str | None:
        """The id of the device, if the account knows it."""
        return self.here.device.known_to(self.account.id, self.account.device_epoch)

    @property
    def subject(self) -> str:
        """By what it is counted: the device's own count where it is known, else the account's."""
        return attempts.account_subject(self.account.id, self.known)

    def is_spared(self, tried: int) -> bool:
        """Return True if the failures of others don't matter here: on a known device with free attempts left.

        :param tried: the attempts on this device since its last success, including this one.
        """
        return self.known is not None and 0 < tried <= attempts.SECOND_STEP.free


@dataclass(frozen=True)
class Factor:
    """A right code, to be used up by :meth:`use` in the transaction of what it opens.

    :param failures: how many wrong ones were typed before.
    :param use: uses it up; how many recovery codes are left, if it was one, else None.
    """

    name: str
    failures: int
    use: Callable[[], int | None]


CODE, RECOVERY_CODE = "code", "recovery_code"


def check(factor: str, attempt: Attempt, typed: str, authenticator: Authenticator | None = None) -> Factor:
    """The factor that *typed* is.

    :param factor: :data:`CODE` or :data:`RECOVERY_CODE`.
    :param authenticator: the account's, where this request has read it already.
    :raises NotOn: 2-step verification is off.
    :raises NotSixDigits, NotARecoveryCode: not the shape of one; this is not counted.
    :raises attempts.Throttled: too many wrong ones, on this device or on all that are not known.
    :raises ConfirmFirst: too many wrong ones since the last right one, wherever.
    :raises WrongCode, UsedCode: not a code for now.
    :raises sessions.SessionEnded: a right code, of a half-session in which it was used meanwhile.
    :raises WrongRecoveryCode: not an unused recovery code; also out of :meth:`Factor.use`, as is UsedCode:
        it was used meanwhile.
    """
    authenticator = authenticator or session().get(Authenticator, attempt.account.person_id)
    if authenticator is None:
        raise NotOn
    look = _look_at_code if factor == CODE else _look_at_recovery_code
    return look(authenticator, attempt, typed)


def six_digits(typed: str) -> str:
    """Return the code or number that was typed.

    :raises NotSixDigits: not the shape of one.
    """
    code = digits.normalize(typed)
    if code is None:
        raise OtherDigits if digits.are_of_another_kind(typed) else NotSixDigits
    return code


def match_code(person_id: str, secret: bytes, code: str, now: datetime, *, used_step: int = -1) -> int:
    """Return the time step of a right code, and note how far the clock of its phone is off.

    Here the errors of ``mfa.crypto``, which knows no language, become refusals with a sentence.

    :raises WrongCode, UsedCode: see :func:`totp.match`.
    """
    try:
        step = totp.match(secret, code, now.timestamp(), used_step=used_step)
    except totp.UsedCode as error:
        raise UsedCode from error
    except totp.WrongCode as error:
        if error.drift is not None:
            drifts.note(person_id, error.drift, now)
        raise WrongCode(error.drift) from error
    drifts.note(person_id, totp.drift_of(step, now.timestamp()), now)
    return step


def must_confirm(attempt: Attempt, failures: int) -> bool:
    """Return True if a code is checked only after the owner has confirmed by mail.

    :param failures: the wrong codes of the account since its last right one.
    """
    if attempt.confirmed or failures < attempts.MOST_FAILURES:
        return False
    return not attempt.is_spared(attempts.counted(attempt.subject, attempts.SECOND_STEP) + 1)


def tell_used(account: Account, left: int, now: datetime) -> None:
    """Tell the owner by mail that a recovery code was used, as part of the caller's transaction."""
    outbox.post(messages.recovery_code_used, account, now, codes_left=left)


def is_on(person_id: str) -> bool:
    """Whether 2-step verification is on."""
    return bool(run(_IS_ON, {"whose": person_id}).scalar())


def codes_left(person_id: str) -> int:
    """How many recovery codes are unused."""
    return run(_CODES_LEFT, {"whose": person_id}).scalar() or 0


# How a code is looked at


def _look_at_code(authenticator: Authenticator, attempt: Attempt, typed: str) -> Factor:
    """Of a code for another time only the past is told: that a code will be right in seven minutes would be
    a gift to somebody who guesses."""
    code = six_digits(typed)
    tried = _count(attempt)
    secret = sealing.open_secret(authenticator)
    try:
        step = match_code(
            attempt.account.person_id, secret, code, attempt.here.now, used_step=authenticator.used_step
        )
    except UsedCode:
        refuse_second_post(attempt)
        _refused(attempt, CODE, tried)
        raise
    except WrongCode as error:
        _refused(attempt, CODE, tried)
        past = error.drift is not None and error.drift < 0
        raise WrongCode(error.drift if past else None) from error

    def use() -> None:
        if not affected(_USE_STEP, {"whose": attempt.account.person_id, "step": step}):
            raise UsedCode
        _forget_failures(attempt)

    return Factor(CODE, tried - 1, use)


def _look_at_recovery_code(authenticator: Authenticator, attempt: Attempt, typed: str) -> Factor:
    code = recovery_codes.normalize(typed)
    if code is None:
        raise OtherLetters if recovery_codes.is_of_another_kind(typed) else NotARecoveryCode
    tried = _count(attempt)
    digest = recovery_codes.digest(
        code,
        salt=authenticator.recovery_salt,
        cost=Cost.parse(authenticator.recovery_cost),
        pepper=sealing.open_pepper(authenticator),
    )
    named = {"whose": attempt.account.person_id, "named": digest}
    if run(_UNUSED_CODE, named).first() is None:
        if run(_ANY_CODE, named).first() is not None:
            refuse_second_post(attempt)
        _refused(attempt, RECOVERY_CODE, tried)
        raise WrongRecoveryCode

    def use() -> int:
        if not affected(_USE_CODE, {**named, "now": attempt.here.now}):
            raise WrongRecoveryCode
        _forget_failures(attempt)
        left = codes_left(attempt.account.person_id)
        activity.record(attempt.account.id, activity.RECOVERY_CODE_USED, attempt.here, left=left)
        return left

    return Factor(RECOVERY_CODE, tried - 1, use)


def _count(attempt: Attempt) -> int:
    every = attempts.account_subject(attempt.account.id)
    both = (attempt.subject, attempts.SECOND_STEP), (every, attempts.SECOND_STEP_FAILURES)
    # Where nothing is looked at nothing is counted: else who is refused here would make the owner wait.
    with transaction():
        counted = attempts.count_together(attempt.here.now, *both)
        too_many = counted[attempts.SECOND_STEP_FAILURES] > attempts.MOST_FAILURES
        if too_many and not attempt.confirmed and not attempt.is_spared(counted[attempts.SECOND_STEP]):
            raise ConfirmFirst
        if not counted[attempts.SECOND_STEP]:
            raise attempts.throttled(*both[0], attempt.here.now)
    return counted[attempts.SECOND_STEP]


def give_back(attempt: Attempt) -> None:
    """Take back that an attempt was counted, as part of the caller's transaction: it was no guess."""
    every = attempts.account_subject(attempt.account.id)
    attempts.give_back((attempt.subject, attempts.SECOND_STEP), (every, attempts.SECOND_STEP_FAILURES))


def refuse_second_post(attempt: Attempt) -> None:
    """Refuse a right code that was used already, if the sign-in it was typed for is over: it came twice.

    :raises sessions.SessionEnded: it is over.
    """
    if attempt.half is None or sessions.is_half(attempt.half):
        return
    with transaction():
        give_back(attempt)
    raise sessions.SessionEnded


def _refused(attempt: Attempt, factor: str, tried: int) -> None:
    """Write a wrong code down, and tell the owner by mail when they become many (SP 800-63B-4 §3.2.2)."""
    account, here = attempt.account, attempt.here
    with transaction():
        activity.record(account.id, activity.SECOND_STEP_FAILED, here, factor=factor)
        if attempts.begins_to_wait(tried, attempts.SECOND_STEP):
            activity.record(account.id, activity.THROTTLED, here, what="second_step")
            outbox.post(
                messages.second_step_guessed,
                account,
                here.now,
                at=here.now.isoformat(),
                device=here.device.name,
                network=here.device.address,
            )


def _forget_failures(attempt: Attempt) -> None:
    every = attempts.account_subject(attempt.account.id)
    attempts.reset((attempt.subject, attempts.SECOND_STEP), (every, attempts.SECOND_STEP_FAILURES))


# Made once, as every sign-in runs them
_IS_ON = select(exists().where(Authenticator.person_id == bindparam("whose")))
_USE_STEP = (
    update(Authenticator)
    .where(Authenticator.person_id == bindparam("whose"), Authenticator.used_step < bindparam("step"))
    .values(used_step=bindparam("step"))
)
_UNUSED = (RecoveryCode.person_id == bindparam("whose"), RecoveryCode.used_at.is_(None))
_CODES_LEFT = select(func.count()).where(*_UNUSED)
_ANY_CODE = select(RecoveryCode.id).where(
    RecoveryCode.person_id == bindparam("whose"), RecoveryCode.digest == bindparam("named")
)
_UNUSED_CODE = select(RecoveryCode.id).where(*_UNUSED, RecoveryCode.digest == bindparam("named"))
_USE_CODE = (
    update(RecoveryCode)
    .where(*_UNUSED, RecoveryCode.digest == bindparam("named"))
    .values(used_at=bindparam("now"))
)
