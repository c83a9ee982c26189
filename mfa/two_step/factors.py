"""The two factors of the second step: the app's code and the recovery code.

Whichever door asks for one (sign-in, disable), it asks here: counted first, looked at then, used up in
the caller's transaction by one conditional UPDATE, so that of two at once one wins.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update

from mfa.attempts import rules as attempts
from mfa.crypto import digits, recovery_codes, totp
from mfa.crypto.cost import Cost
from mfa.database import affected
from mfa.errors import Refusal
from mfa.extensions import db
from mfa.toolbox import toolbox
from mfa.two_step.models import Authenticator, RecoveryCode

SECRET_PURPOSE = "totp-secret"  # noqa: S105 (the name of a purpose)


class NotSixDigits(Refusal):
    """What was typed can't be a code of the app."""


class NotARecoveryCode(Refusal):
    """What was typed can't be a recovery code."""


class WrongRecoveryCode(Refusal):
    """No unused recovery code of this account."""


def subject_of(account_id: int) -> str:
    """By what the attempts of an account are counted."""
    return f"account:{account_id}"


def associated(account_id: int) -> bytes:
    """What a sealed secret is bound to."""
    return f"account:{account_id}".encode()


def check_code(authenticator: Authenticator, typed: str, now: datetime) -> int:
    """The time step of a right code, to be used up by :func:`use_code`.

    Of a code for another time only the past is told: that a code will be right in seven minutes
    would be a gift to somebody who guesses.

    :raises NotSixDigits: not the shape of a code; this is not counted.
    :raises attempts.Throttled: too many wrong codes.
    :raises totp.WrongCode, totp.UsedCode: not a code for now.
    """
    code = digits.normalise(typed)
    if code is None:
        raise NotSixDigits
    account_id = authenticator.account_id
    attempts.count(subject_of(account_id), attempts.APP_CODE, now)
    secret = toolbox().ring.open(SECRET_PURPOSE, authenticator.sealed_secret, associated(account_id))
    try:
        return totp.match(secret, code, now.timestamp(), used_step=authenticator.used_step)
    except totp.WrongCode as error:
        past = error.drift is not None and error.drift < 0
        raise totp.WrongCode(error.drift if past else None) from error


def use_code(account_id: int, step: int) -> None:
    """Use up a time step, as part of the caller's transaction.

    :raises totp.UsedCode: it, or a newer one, was used meanwhile.
    """
    used = affected(
        update(Authenticator)
        .where(Authenticator.account_id == account_id, Authenticator.used_step < step)
        .values(used_step=step)
    )
    if not used:
        raise totp.UsedCode
    attempts.reset(subject_of(account_id), attempts.APP_CODE)


def check_recovery_code(authenticator: Authenticator, typed: str, now: datetime) -> bytes:
    """The digest of what was typed, to be used up by :func:`use_recovery_code`.

    :raises NotARecoveryCode: not the shape of one; this is not counted.
    :raises attempts.Throttled: too many wrong ones.
    """
    code = recovery_codes.normalise(typed)
    if code is None:
        raise NotARecoveryCode
    attempts.count(subject_of(authenticator.account_id), attempts.RECOVERY_CODE, now)
    return recovery_codes.digest(
        code,
        salt=authenticator.recovery_salt,
        cost=Cost.parse(authenticator.recovery_cost),
        ring=toolbox().ring,
        key_id=authenticator.recovery_key,
    )


def use_recovery_code(account_id: int, digest: bytes, now: datetime) -> int:
    """Use up a recovery code, as part of the caller's transaction; how many are left.

    :raises WrongRecoveryCode: it is none of the account's unused ones.
    """
    used = affected(
        update(RecoveryCode)
        .where(
            RecoveryCode.account_id == account_id,
            RecoveryCode.digest == digest,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    if not used:
        raise WrongRecoveryCode
    attempts.reset(subject_of(account_id), attempts.RECOVERY_CODE)
    return codes_left(account_id)


def codes_left(account_id: int) -> int:
    """How many recovery codes are unused."""
    unused = select(func.count()).where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(unused) or 0
