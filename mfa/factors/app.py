"""The code of the authenticator app."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from mfa import words
from mfa.crypto import digits, totp
from mfa.database import affected
from mfa.factors import drifts, sealing, statements
from mfa.factors.base import Attempt, Factor, Kept, Refused
from mfa.factors.models import Authenticator
from mfa.i18n import gettext, lazy_gettext as _


class NotSixDigits(Refused):
    """What was typed can't be a code of the app."""

    says = _("Enter the 6 digits.")


class OtherDigits(NotSixDigits):
    """Six digits, but not all of them 0 to 9."""

    says = _(
        "Enter the digits as 0 to 9. These are full-width digits, or of another script: switch your keyboard"
        " first."
    )


class WrongCode(Refused):
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


class UsedCode(Refused):
    """The code is right, and was used already."""

    says = _("This code was used already. Wait for the next one in your app.")


@dataclass(frozen=True)
class AppCode(Factor):
    """A right code of one of the owner's apps.

    :param app: the id of that app.
    :param step: its time step.
    """

    name = "code"

    app: int
    step: int

    @classmethod
    def check(cls, kept: Kept, attempt: Attempt, typed: str) -> Self:
        """Return the factor that *typed* is, counted before it is checked.

        Of a code for another time only the past is told: that a code will be right in seven minutes would be
        a gift to somebody who guesses.

        :raises NotSixDigits: not the shape of one; this is not counted.
        :raises WrongCode, UsedCode: not a code for now.
        """
        code = six_digits(typed)
        tried = attempt.count()
        try:
            app, step = _match_one(kept.apps, code, attempt.here.now)
        except UsedCode:
            attempt.refuse_second_post()
            attempt.record_failure(cls.name, tried)
            raise
        except WrongCode as error:
            attempt.record_failure(cls.name, tried)
            past = error.drift is not None and error.drift < 0
            raise WrongCode(error.drift if past else None) from error
        return cls(attempt, tried - 1, app.id, step)

    def use_up(self) -> None:
        """Use up its time step and all before it.

        :raises UsedCode: it was used since it was checked.
        """
        owner, here = self.attempt.owner, self.attempt.here
        given = {"whose": owner.id, "authenticator": self.app, "step": self.step, "now": here.now}
        if not affected(statements.USE_TIME_STEP, given):
            raise UsedCode
        self.attempt.forget_failures()


def six_digits(typed: str) -> str:
    """Return the code or number that was typed.

    :raises NotSixDigits: not the shape of one.
    """
    code = digits.normalize(typed)
    if code is None:
        raise OtherDigits if digits.are_of_another_kind(typed) else NotSixDigits
    return code


def _match_one(apps: tuple[Authenticator, ...], code: str, now: datetime) -> tuple[Authenticator, int]:
    """Return the app whose code it is, and its time step: which of them the person has at hand nobody asks.

    :raises UsedCode, WrongCode: of the app that comes nearest; of several, the first.
    """
    nearest: UsedCode | WrongCode = WrongCode()
    for app in apps:
        try:
            assert app.used_step is not None
            secret = sealing.open_secret(app)
            return app, match_code(app.person_id, secret, code, now, used_step=app.used_step)
        except UsedCode as error:
            nearest = error
        except WrongCode as error:
            if isinstance(nearest, WrongCode) and nearest.drift is None:
                nearest = error
    raise nearest


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
