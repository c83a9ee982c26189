"""What an event says to the owner of the account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext

from mfa.activity import rules
from mfa.activity.models import ActivityEvent

_FACTORS = {"code": "authentication code", "recovery_code": "recovery code"}
_THROTTLED = {"password": "passwords", "second_step": "codes"}


def _signed_in(details: dict[str, Any]) -> str:
    by = {"code": " with a code from your app", "recovery_code": " with a recovery code"}
    failures = details.get("failures", 0)
    said = f"Signed in{by.get(details.get('by', ''), '')}"
    if details.get("new_device"):
        said += " on a new device"
    if failures:
        said += f", after {failures} failed {'attempt' if failures == 1 else 'attempts'}"
    return said


def _by_support(what: str) -> Callable[[dict[str, Any]], str]:
    return lambda details: f"Support {what}: {details.get('reason', '')}"


_SENTENCES: dict[str, str | Callable[[dict[str, Any]], str]] = {
    rules.ACCOUNT_CREATED: "Account created",
    rules.SIGNED_IN: _signed_in,
    rules.SIGNED_OUT: "Signed out",
    rules.SESSION_ENDED: lambda details: f"Signed out another device: {details.get('ended', '')}",
    rules.OTHER_SESSIONS_ENDED: "Signed out every other device",
    rules.SECOND_STEP_FAILED: lambda details: (
        f"Wrong {_FACTORS.get(details.get('factor', ''), 'code')} entered"
    ),
    rules.SECOND_STEP_CONFIRMED: "Confirmed by mail that codes may be tried again",
    rules.THROTTLED: lambda details: (
        f"Too many wrong {_THROTTLED.get(details.get('what', ''), 'attempts')}: further ones have to wait"
    ),
    rules.TWO_STEP_ON: "2-step verification turned on",
    rules.TWO_STEP_OFF: "2-step verification turned off",
    rules.TWO_STEP_MOVED: lambda _: gettext("Moved to a new authenticator app"),
    rules.RECOVERY_CODES_REISSUED: "Recovery codes reissued",
    rules.RECOVERY_CODE_USED: lambda details: f"Recovery code used, {details.get('left', '')} left",
    rules.NAME_CHANGED: "Name changed",
    rules.PASSWORD_CHANGED: "Password changed",
    rules.PASSWORD_RESET: "New password set by an e-mailed link",
    rules.EMAIL_CHANGE_ASKED: "Change of email asked for",
    rules.EMAIL_CHANGED: "Email changed",
    rules.EMAIL_CHANGE_UNDONE: "Change of email undone",
    rules.SUPPORT_LOOKED: _by_support("looked at your account"),
    rules.SUPPORT_DISABLED: _by_support("turned 2-step verification off"),
    rules.SUPPORT_SIGNED_OUT: _by_support("signed you out everywhere"),
    rules.SUPPORT_LOCKED: _by_support("locked your account"),
    rules.SUPPORT_UNLOCKED: _by_support("unlocked your account"),
}
_TROUBLE = {*rules.REFUSED, rules.SUPPORT_LOCKED}


def sentence(event: ActivityEvent) -> str:
    """The event in one line.

    :raises KeyError: an event that nobody has put into words: a bug.
    """
    said = _SENTENCES[event.event]
    return said if isinstance(said, str) else said(event.details)


def is_trouble(event: ActivityEvent) -> bool:
    """Whether it is something that the owner should look at."""
    return event.event in _TROUBLE
