"""What an event says to the owner of the account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext, lazy_gettext as _, ngettext
from flask_babel.speaklater import LazyString

from console.activity import events
from mfa import words
from mfa.activity import rules
from mfa.activity.models import ActivityEvent

_SIGNED_IN = {
    "code": _("Signed in with a code from your app"),
    "recovery_code": _("Signed in with a recovery code"),
}
_SIGNED_IN_NEWLY = {
    "code": _("Signed in with a code from your app on a new device"),
    "recovery_code": _("Signed in with a recovery code on a new device"),
}
_WRONG = {
    "code": _("Wrong authentication code entered"),
    "recovery_code": _("Wrong recovery code entered"),
}
_THROTTLED = {
    "password": _("Too many wrong passwords: further ones have to wait"),
    "second_step": _("Too many wrong codes: further ones have to wait"),
}


def _signed_in(details: dict[str, Any]) -> str:
    by, failures = details.get("by", ""), details.get("failures", 0)
    if details.get("new_device"):
        said = _SIGNED_IN_NEWLY.get(by, _("Signed in on a new device"))
    else:
        said = _SIGNED_IN.get(by, _("Signed in"))
    if not failures:
        return str(said)
    return ngettext(
        "%(signed_in)s, after %(num)d failed attempt",
        "%(signed_in)s, after %(num)d failed attempts",
        failures,
        signed_in=said,
    )


def _session_ended(details: dict[str, Any]) -> str:
    device = words.device(details.get("ended", ""))
    return gettext("Signed out another device: %(device)s", device=device)


def _second_step_failed(details: dict[str, Any]) -> str:
    return str(_WRONG.get(details.get("factor", ""), _("Wrong code entered")))


def _throttled(details: dict[str, Any]) -> str:
    return str(
        _THROTTLED.get(details.get("what", ""), _("Too many wrong attempts: further ones have to wait"))
    )


def _recovery_code_used(details: dict[str, Any]) -> str:
    return gettext("Recovery code used, %(left)s left", left=details.get("left", ""))


def _by_support(what: LazyString) -> Callable[[dict[str, Any]], str]:
    return lambda details: f"{what}: {details.get('reason', '')}"


_SENTENCES: dict[str, LazyString | Callable[[dict[str, Any]], str]] = {
    events.ACCOUNT_CREATED: _("Account created"),
    events.ACCOUNT_IMPORTED: _("Account imported"),
    events.SIGNED_IN: _signed_in,
    events.SIGNED_OUT: _("Signed out"),
    events.SESSION_ENDED: _session_ended,
    events.OTHER_SESSIONS_ENDED: _("Signed out every other device"),
    rules.SECOND_STEP_FAILED: _second_step_failed,
    rules.SECOND_STEP_CONFIRMED: _("Confirmed by mail that codes may be tried again"),
    rules.THROTTLED: _throttled,
    rules.TWO_STEP_ON: _("2-step verification turned on"),
    rules.TWO_STEP_OFF: _("2-step verification turned off"),
    rules.TWO_STEP_MOVED: _("Moved to a new authenticator app"),
    rules.RECOVERY_CODES_REISSUED: _("Recovery codes reissued"),
    rules.RECOVERY_CODE_USED: _recovery_code_used,
    events.NAME_CHANGED: _("Name changed"),
    events.PASSWORD_CHANGED: _("Password changed"),
    events.PASSWORD_RESET: _("New password set by an e-mailed link"),
    events.EMAIL_CHANGE_ASKED: _("Change of email asked for"),
    events.EMAIL_CHANGED: _("Email changed"),
    events.EMAIL_CHANGE_UNDONE: _("Change of email undone"),
    events.SUPPORT_LOOKED: _by_support(_("Support looked at your account")),
    events.SUPPORT_DISABLED: _by_support(_("Support turned 2-step verification off")),
    events.SUPPORT_SIGNED_OUT: _by_support(_("Support signed you out everywhere")),
    events.SUPPORT_LOCKED: _by_support(_("Support locked your account")),
    events.SUPPORT_UNLOCKED: _by_support(_("Support unlocked your account")),
}
_TROUBLE = {*rules.REFUSED, events.SUPPORT_LOCKED}


def sentence(event: ActivityEvent) -> str:
    """The event in one line.

    :raises KeyError: an event that nobody has put into words: a bug.
    """
    said = _SENTENCES[event.event]
    return str(said) if isinstance(said, LazyString) else said(event.details)


def is_trouble(event: ActivityEvent) -> bool:
    """Whether it is something that the owner should look at."""
    return event.event in _TROUBLE
