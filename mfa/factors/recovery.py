"""The recovery code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from mfa import times
from mfa.activity import rules as activity
from mfa.attempts import hashing
from mfa.crypto import recovery_codes
from mfa.crypto.cost import Cost
from mfa.database import affected, run
from mfa.factors import sealing, statements
from mfa.factors.base import Attempt, Factor, Kept, Refused
from mfa.i18n import gettext, lazy_gettext as _


class NotARecoveryCode(Refused):
    """What was typed can't be a recovery code."""

    says = _("A recovery code has 16 letters and digits, like 7HQK-2M9D-XW4T-0B6R.")


class OtherLetters(NotARecoveryCode):
    """A recovery code in full-width letters and digits, or the like."""

    says = _(
        "Enter the code in plain letters and digits. These are full-width ones: switch your keyboard first."
    )


class WrongRecoveryCode(Refused):
    """No unused recovery code of this account."""

    says = _("That recovery code is not right, or was used already.")


class LimitedRecoveryCode(Refused):
    """The recovery codes open sign-in only, as no authenticator confirmed that they are the owner's.

    :param until: when that ends.
    """

    def __init__(self, until: datetime) -> None:
        super().__init__("limited recovery code")
        self.until = until

    @property
    def sentence(self) -> str:
        return gettext(
            "Until %(date)s your recovery codes open sign-in only. Confirm with your authenticator.",
            date=times.moment(self.until),
        )


@dataclass(frozen=True)
class RecoveryCode(Factor):
    """A right recovery code.

    :param digest: what is stored of it.
    :param limited_until: until when it opens sign-in only; None if it opens everything.
    """

    name = "recovery_code"

    digest: bytes
    limited_until: datetime | None

    @classmethod
    def check(cls, kept: Kept, attempt: Attempt, typed: str) -> Self:
        """Return the factor that *typed* is, counted before it is checked.

        :raises NotARecoveryCode: not the shape of one; this is not counted.
        :raises LimitedRecoveryCode: they open sign-in only, and this is no sign-in; it is neither checked nor
            counted.
        :raises WrongRecoveryCode: not an unused recovery code.
        :raises hashing.Busy: too many hash at this moment; this is not counted.
        """
        code = recovery_codes.normalize(typed)
        if code is None:
            raise OtherLetters if recovery_codes.is_of_another_kind(typed) else NotARecoveryCode
        second_step = kept.second_step
        limited_until = second_step.codes_limited_until
        if limited_until and limited_until <= attempt.here.now:
            limited_until = None
        if limited_until and not attempt.is_sign_in:
            raise LimitedRecoveryCode(limited_until)
        with hashing.place(attempt.here.device, known=attempt.known is not None):
            tried = attempt.count()
            digest = recovery_codes.digest(
                code,
                salt=second_step.recovery_salt,
                cost=Cost.parse(second_step.recovery_cost),
                pepper=sealing.open_pepper(second_step),
            )
        given = {"whose": second_step.person_id, "code_digest": digest}
        if run(statements.UNUSED_CODE_EXISTS, given).first() is None:
            if run(statements.CODE_EXISTS, given).first() is not None:
                attempt.refuse_second_post()
            attempt.record_failure(cls.name, tried)
            raise WrongRecoveryCode
        return cls(attempt, tried - 1, digest, limited_until)

    def use_up(self) -> int:
        """Use it up; the number that is left.

        :raises WrongRecoveryCode: it was used since it was checked.
        """
        owner, here = self.attempt.owner, self.attempt.here
        given = {"whose": owner.id, "code_digest": self.digest, "now": here.now}
        if not affected(statements.USE_CODE, given):
            raise WrongRecoveryCode
        self.attempt.forget_failures()
        left = run(statements.UNUSED_CODES, {"whose": owner.id}).scalar() or 0
        activity.record(owner.id, activity.RECOVERY_CODE_USED, here, left=left)
        return left
