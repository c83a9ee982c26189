"""The recovery code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from flask_babel import lazy_gettext as _

from console.two_step.factors.base import Attempt, Factor, Refused
from mfa.activity import rules as activity
from mfa.crypto import recovery_codes
from mfa.crypto.cost import Cost
from mfa.database import affected, run
from mfa.factors import sealing, statements
from mfa.factors.models import Authenticator


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


@dataclass(frozen=True)
class RecoveryCode(Factor):
    """A right recovery code.

    :param digest: what is stored of it.
    """

    name = "recovery_code"

    digest: bytes

    @classmethod
    def check(cls, authenticator: Authenticator, attempt: Attempt, typed: str) -> Self:
        """Return the factor that *typed* is, counted before it is checked.

        :raises NotARecoveryCode: not the shape of one; this is not counted.
        :raises WrongRecoveryCode: not an unused recovery code.
        """
        code = recovery_codes.normalize(typed)
        if code is None:
            raise OtherLetters if recovery_codes.is_of_another_kind(typed) else NotARecoveryCode
        tried = attempt.count()
        digest = recovery_codes.digest(
            code,
            salt=authenticator.recovery_salt,
            cost=Cost.parse(authenticator.recovery_cost),
            pepper=sealing.open_pepper(authenticator),
        )
        given = {"whose": authenticator.person_id, "code_digest": digest}
        if run(statements.UNUSED_CODE_EXISTS, given).first() is None:
            if run(statements.CODE_EXISTS, given).first() is not None:
                attempt.refuse_second_post()
            attempt.record_failure(cls.name, tried)
            raise WrongRecoveryCode
        return cls(attempt, tried - 1, digest)

    def use_up(self) -> int:
        """Use it up; the number that is left.

        :raises WrongRecoveryCode: it was used since it was checked.
        """
        account, here = self.attempt.account, self.attempt.here
        given = {"whose": account.person_id, "code_digest": self.digest, "now": here.now}
        if not affected(statements.USE_CODE, given):
            raise WrongRecoveryCode
        self.attempt.forget_failures()
        left = run(statements.UNUSED_CODES, {"whose": account.person_id}).scalar() or 0
        activity.record(account.id, activity.RECOVERY_CODE_USED, here, left=left)
        return left
