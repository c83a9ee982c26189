"""What may be pending, and what each purpose needs: said here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from mfa.activity import rules as activity
from mfa.i18n import LazyString, lazy_gettext as _
from mfa.notices import messages
from mfa.notices.office import Message

EMAIL, VERIFY, SCAN, CODE = "email", "verify", "scan", "code"
PASSKEY, NAME, RECOVERY = "passkey", "name", "recovery"
WIZARD = (EMAIL, SCAN, CODE, PASSKEY, NAME, RECOVERY)
"""The steps that the wizard shows; VERIFY, a code of what protects the account now, comes before them."""

_QUARTER_HOUR = 15 * 60
_FIVE_MINUTES = 5 * 60


@dataclass(frozen=True)
class Needs:
    """What a purpose needs.

    :param title: the heading of the page that asks for the password.
    :param lead: what that page says below it.
    :param lead_by_mail: what it says where a mailed number is asked for instead.
    :param steps: what the person does after the password, in this order.
    :param lifetime: seconds in which it must be completed.
    :param event: what Activity says of it once it is completed; empty for what changes nothing.
    :param mail: what the owner is told of it by mail, if anything.
    """

    title: LazyString
    lead: LazyString
    steps: tuple[str, ...]
    lifetime: int
    event: str = ""
    mail: Callable[..., Message] | None = None
    lead_by_mail: LazyString | None = None


class Purpose(Enum):
    """What a pending thing is for."""

    ACTIVATE = "activate"
    ADD = "add"
    MOVE = "move"
    REMOVE = "remove"
    REISSUE = "reissue"
    DISABLE = "disable"
    PROVE = "prove"
    """By a mailed number, where there is no password."""

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
    Purpose.ADD: Needs(
        title=_("Confirm it is you"),
        lead=_("It has been a while since you typed your password."),
        lead_by_mail=_("We mail you a number first."),
        steps=(VERIFY, SCAN, CODE, NAME),
        lifetime=_QUARTER_HOUR,
        event=activity.AUTHENTICATOR_ADDED,
        mail=messages.authenticator_added,
    ),
    Purpose.REMOVE: Needs(
        title=_("Remove an authenticator"),
        lead=_("Enter your password. Nothing is removed before the next step."),
        lead_by_mail=_("We mail you a number first. Nothing is removed before the next step."),
        steps=(VERIFY,),
        lifetime=_FIVE_MINUTES,
        event=activity.AUTHENTICATOR_REMOVED,
        mail=messages.authenticator_removed,
    ),
    Purpose.MOVE: Needs(
        title=_("Move to a new phone"),
        lead=_("Enter your password. Your old app and codes keep working until you complete."),
        lead_by_mail=_("We mail you a number first. Your old app and codes keep working until you complete."),
        steps=(VERIFY, SCAN, CODE, RECOVERY),
        lifetime=_QUARTER_HOUR,
        event=activity.TWO_STEP_MOVED,
        mail=messages.authenticator_moved,
    ),
    Purpose.REISSUE: Needs(
        title=_("Reissue Recovery Code"),
        lead=_("Enter your password to get ten new recovery codes. The old ones work until you complete."),
        lead_by_mail=_("We mail you a number first. The old recovery codes work until you complete."),
        steps=(RECOVERY,),
        lifetime=_FIVE_MINUTES,
        event=activity.RECOVERY_CODES_REISSUED,
        mail=messages.recovery_codes_reissued,
    ),
    Purpose.DISABLE: Needs(
        title=_("Disable 2-Step Verification"),
        lead=_("Enter your password. After the next step, a password alone opens your account again."),
        lead_by_mail=_("We mail you a number first. After the next step, signing in takes no code any more."),
        steps=(VERIFY,),
        lifetime=_FIVE_MINUTES,
        event=activity.TWO_STEP_OFF,
        mail=messages.two_step_off,
    ),
    Purpose.PROVE: Needs(
        title=_("Confirm it is you"),
        lead=_("Before you go on, confirm once more."),
        steps=(EMAIL,),
        lifetime=_QUARTER_HOUR,
    ),
}
