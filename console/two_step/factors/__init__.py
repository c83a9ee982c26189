"""The factors of the second step, one file a kind: the app's code and the recovery code.

Whichever page asks for one (sign-in, disable, move, change of address), it asks :func:`check`: the attempt is
counted first and checked then, and the factor is used up in the caller's transaction.
"""

from __future__ import annotations

from datetime import datetime

from console.accounts.models import Account
from console.mail import messages
from console.two_step.factors.app import (
    AppCode,
    NotSixDigits,
    UsedCode,
    WrongCode,
    match_code,
    six_digits,
)
from console.two_step.factors.base import Attempt, ConfirmFirst, Factor, NotOn, Refused
from console.two_step.factors.recovery import (
    NotARecoveryCode,
    RecoveryCode,
    WrongRecoveryCode,
)
from mfa.database import run, session
from mfa.factors import statements
from mfa.factors.models import Authenticator
from mfa.notices import outbox

__all__ = [
    "CODE",
    "RECOVERY_CODE",
    "AppCode",
    "Attempt",
    "ConfirmFirst",
    "Factor",
    "NotARecoveryCode",
    "NotOn",
    "NotSixDigits",
    "RecoveryCode",
    "Refused",
    "UsedCode",
    "WrongCode",
    "WrongRecoveryCode",
    "check",
    "is_on",
    "match_code",
    "six_digits",
    "tell_used",
]

CODE, RECOVERY_CODE = AppCode.name, RecoveryCode.name
_KINDS: dict[str, type[Factor]] = {kind.name: kind for kind in (AppCode, RecoveryCode)}


def check(kind: str, attempt: Attempt, typed: str, authenticator: Authenticator | None = None) -> Factor:
    """Return the factor that *typed* is.

    :param kind: :data:`CODE` or :data:`RECOVERY_CODE`.
    :param authenticator: the account's, where this request has read it already.
    :raises NotOn: 2-step verification is off.
    :raises NotSixDigits, NotARecoveryCode: not the shape of one; this is not counted.
    :raises attempts.Throttled: too many wrong ones, on this device or on all that are not known.
    :raises ConfirmFirst: too many wrong ones since the last right one, wherever.
    :raises WrongCode, UsedCode: not a code for now.
    :raises sessions.SessionEnded: a right code, of a half-session in which it was used meanwhile.
    :raises WrongRecoveryCode: not an unused recovery code; also out of :meth:`Factor.use_up`, as is UsedCode:
        it was used meanwhile.
    """
    authenticator = authenticator or session().get(Authenticator, attempt.account.person_id)
    if authenticator is None:
        raise NotOn
    return _KINDS[kind].check(authenticator, attempt, typed)


def is_on(person_id: str) -> bool:
    """Return True if 2-step verification is on."""
    return bool(run(statements.IS_ON, {"whose": person_id}).scalar())


def tell_used(account: Account, left: int, now: datetime) -> None:
    """Tell the owner by mail that a recovery code was used, as part of the caller's transaction."""
    outbox.post(messages.recovery_code_used, account, now, codes_left=left)
