"""What may be pending, and what each purpose needs: said here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from console.mail import messages
from mfa.activity import rules as activity
from mfa.notices.office import Message

EMAIL, VERIFY, SCAN, CODE, RECOVERY = "email", "verify", "scan", "code", "recovery"
WIZARD = (EMAIL, SCAN, CODE, RECOVERY)
"""The steps that the wizard shows; VERIFY, a code of what protects the account now, comes before them."""

_QUARTER_HOUR = 15 * 60
_FIVE_MINUTES = 5 * 60


@dataclass(frozen=True)
class Needs:
    """What a purpose needs.

    :param title: the heading of the page that asks for the password.
    :param lead: what that page says below it.
    :param steps: what the person does after the password, in this order.
    :param lifetime: seconds in which it must be completed.
    :param event: what Activity says of it once it is completed.
    :param mail: what the owner is told of it by mail.
    """

    title: LazyString
    lead: LazyString
    steps: tuple[str, ...]
    lifetime: int
    event: str
    mail: Callable[..., Message]


class Purpose(Enum):
    """What a pending thing is for."""

    ACTIVATE = "activate"
    MOVE = "move"
    REISSUE = "reissue"
    DISABLE = "disable"

    @property
    def needs(self) -> Needs:
        return _NEEDS[self]


_NEEDS = {
    Purpose.ACTIVATE: Needs(
        title=_("Confirm it is you"),
        lead=_("It has been a while since you typed your password."),
        steps=(EMAIL, SCAN, CODE, RECOVERY),
        lifetime=_QUARTER_HOUR,
        event=activity.TWO_STEP_ON,
        mail=messages.two_step_on,
    ),
    Purpose.MOVE: Needs(
        title=_("Move to a new phone"),
        lead=_("Enter your password. Your old app and codes keep working until you complete."),
        steps=(VERIFY, SCAN, CODE, RECOVERY),
        lifetime=_QUARTER_HOUR,
        event=activity.TWO_STEP_MOVED,
        mail=messages.authenticator_moved,
    ),
    Purpose.REISSUE: Needs(
        title=_("Reissue Recovery Code"),
        lead=_("Enter your password to get ten new recovery codes. The old ones work until you complete."),
        steps=(RECOVERY,),
        lifetime=_FIVE_MINUTES,
        event=activity.RECOVERY_CODES_REISSUED,
        mail=messages.recovery_codes_reissued,
    ),
    Purpose.DISABLE: Needs(
        title=_("Disable 2-Step Verification"),
        lead=_("Enter your password. After the next step, a password alone opens your account again."),
        steps=(VERIFY,),
        lifetime=_FIVE_MINUTES,
        event=activity.TWO_STEP_OFF,
        mail=messages.two_step_off,
    ),
}
