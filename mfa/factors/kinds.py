"""The factors of the second step, one file a kind: an app's code, the passkey and the recovery code.

Whichever page asks for one (sign-in, disable, move, change of address), it asks :func:`check`: the attempt is
counted first and checked then, and the factor is used up in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row

from mfa.database import run
from mfa.factors import statements
from mfa.factors.app import (
    AppCode,
    NotSixDigits,
    UsedCode,
    WrongCode,
    match_code,
    six_digits,
)
from mfa.factors.base import Attempt, ConfirmFirst, Factor, Kept, NotOn, Refused, SecondPost
from mfa.factors.ceremonies import Ended, Unreadable
from mfa.factors.models import Authenticator, SecondStep
from mfa.factors.passkey import CopiedPasskey, Passkey, WrongPasskey
from mfa.factors.recovery import (
    LimitedRecoveryCode,
    NotARecoveryCode,
    RecoveryCode,
    WrongRecoveryCode,
)
from mfa.notices import messages, outbox
from mfa.people.rules import Owner

__all__ = [
    "CODE",
    "PASSKEY",
    "RECOVERY_CODE",
    "AppCode",
    "Attempt",
    "ConfirmFirst",
    "CopiedPasskey",
    "Ended",
    "Factor",
    "Kept",
    "LimitedRecoveryCode",
    "NotARecoveryCode",
    "NotOn",
    "NotSixDigits",
    "Passkey",
    "RecoveryCode",
    "Refused",
    "SecondPost",
    "Unreadable",
    "UsedCode",
    "WrongCode",
    "WrongPasskey",
    "WrongRecoveryCode",
    "authenticators",
    "check",
    "is_on",
    "kept",
    "made_of",
    "match_code",
    "six_digits",
    "tell_used",
]

CODE, PASSKEY, RECOVERY_CODE = AppCode.name, Passkey.name, RecoveryCode.name
_KINDS: dict[str, type[Factor]] = {kind.name: kind for kind in (AppCode, Passkey, RecoveryCode)}


def check(kind: str, attempt: Attempt, typed: str, found: Kept | None = None) -> Factor:
    """Return the factor that *typed* is.

    :param kind: :data:`CODE`, :data:`PASSKEY` or :data:`RECOVERY_CODE`.
    :param found: what is kept of the owner's second step, where this request has read it already.
    :raises NotOn: 2-step verification is off.
    :raises NotSixDigits, NotARecoveryCode: not the shape of one; this is not counted.
    :raises attempts.Throttled: too many wrong ones, on this device or on all that are not known.
    :raises ConfirmFirst: too many wrong ones since the last right one, wherever.
    :raises WrongCode, UsedCode: not a code for now.
    :raises Unreadable, Ended: no answer to a challenge of this place; this is not counted.
    :raises WrongPasskey: none of the owner's.
    :raises SecondPost: a right code, of a sign-in that it has completed meanwhile.
    :raises LimitedRecoveryCode: recovery codes open sign-in only; this is not counted.
    :raises WrongRecoveryCode: not an unused recovery code; also out of :meth:`Factor.use_up`, as is UsedCode:
        it was used meanwhile.
    """
    found = found or kept(attempt.owner.id)
    if found is None:
        raise NotOn
    return _KINDS[kind].check(found, attempt, typed)


def kept(person_id: str) -> Kept | None:
    """Return what is kept of a person's second step; None if it is off."""
    return made_of(run(statements.KEPT, {"whose": person_id}).all())


def made_of(rows: Sequence[Row[Any]]) -> Kept | None:
    """Return what a statement has read: the second step in each row, with one of its authenticators.

    A row has the attributes of both, as they were read. To read rows takes a third of the time of objects.
    """
    return Kept(cast("SecondStep", rows[0]), cast("tuple[Authenticator, ...]", tuple(rows))) if rows else None


def authenticators(person_id: str) -> Sequence[Authenticator]:
    """Return a person's authenticators in the order in which they were added."""
    found = run(statements.AUTHENTICATORS, {"whose": person_id}).all()
    return cast("Sequence[Authenticator]", found)


def is_on(person_id: str) -> bool:
    """Return True if 2-step verification is on."""
    return bool(run(statements.IS_ON, {"whose": person_id}).scalar())


def tell_used(owner: Owner, left: int, now: datetime) -> None:
    """Tell the owner by mail that a recovery code was used, as part of the caller's transaction."""
    outbox.post(messages.recovery_code_used, owner, now, codes_left=left, has_password=owner.has_password)
