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
    "passkey": _("Signed in with a passkey"),
    "remembered_browser": _("Signed in with the password in a remembered browser"),
}
_SIGNED_IN_NEWLY = {
    "code": _("Signed in with a code from your app on a new device"),
    "recovery_code": _("Signed in with a recovery code on a new device"),
    "passkey": _("Signed in with a passkey on a new device"),
    "remembered_browser": _("Signed in with the password in a remembered browser on a new device"),
}
_WRONG = {
    "code": _("Wrong authentication code entered"),
    "recovery_code": _("Wrong recovery code entered"),
    "passkey": _("Passkey refused"),
}
_ADDED = {"app": _("Authenticator app added"), "passkey": _("Passkey added")}
_RENAMED = {"app": _("Authenticator app renamed"), "passkey": _("Passkey renamed")}
_REMOVED = {"app": _("Authenticator app removed"), "passkey": _("Passkey removed")}
_THROTTLED = {
    "password": _("Too many wrong passwords: further ones have to wait"),
    "second_step": _("Too many wrong codes: further ones have to wait"),
}


_BACK = {
    "help": _("A link that leads back without the second step was mailed"),
    "wait": _("A wait began that leads back without the second step"),
}
_STOPPED = {
    "owner": _("Way back stopped: “This wasn’t me” was pressed"),
    "second_step": _("Way back stopped by a second step"),
    "host": _("Way back stopped by the people who run the service"),
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


def _by_administrator(what: LazyString) -> Callable[[dict[str, Any]], str]:
    return _by_support(what, what)


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


def _of_authenticator(said: dict[str, LazyString]) -> Callable[[dict[str, Any]], str]:
    def sentence(details: dict[str, Any]) -> str:
        return _named(said[details.get("kind", "app")], details)

    return sentence


def _moved(details: dict[str, Any]) -> str:
    return _named(_("Moved to a new authenticator app"), details)


def _named(line: LazyString, details: dict[str, Any]) -> str:
    name = details.get("name")
    return f"{line}: {name}" if name else str(line)


def _browser_remembered(details: dict[str, Any]) -> str:
    days = details.get("days", 0)
    return ngettext("Browser remembered for %(num)d day", "Browser remembered for %(num)d days", days)


def _by_support(what: LazyString, by_administrator: LazyString) -> Callable[[dict[str, Any]], str]:
    def sentence(details: dict[str, Any]) -> str:
        said = by_administrator if details.get("by") == events.By.ORGANIZATION else what
        return f"{said}: {details.get('reason', '')}"

    return sentence


_TURNED_OFF = _by_support(
    _("Support turned 2-step verification off"), _("An administrator turned 2-step verification off")
)


def _reset(details: dict[str, Any]) -> str:
    if "recovery" not in details:
        return _TURNED_OFF(details)
    return _because(_("Second step turned off by a way back, to set up a new one"), details)


def _recovery_begun(details: dict[str, Any]) -> str:
    return _because(_BACK.get(details.get("kind", ""), _BACK["help"]), details)


def _recovery_stopped(details: dict[str, Any]) -> str:
    return str(_STOPPED.get(details.get("by", ""), _STOPPED["owner"]))


def _because(said: LazyString, details: dict[str, Any]) -> str:
    reason = details.get("reason")
    return f"{said}: {reason}" if reason else str(said)


_SENTENCES: dict[str, LazyString | Callable[[dict[str, Any]], str]] = {
    events.ACCOUNT_CREATED: _("Account created"),
    events.ACCOUNT_IMPORTED: _("Account imported"),
    events.CAME_BACK: _("Came back to the organization by an invitation"),
    events.SIGNED_IN: _signed_in,
    events.SIGNED_OUT: _("Signed out"),
    events.SESSION_ENDED: _session_ended,
    events.OTHER_SESSIONS_ENDED: _("Signed out every other device"),
    rules.SECOND_STEP_FAILED: _second_step_failed,
    rules.PASSKEY_COPIED: _("Security key refused: it may have been copied"),
    rules.SECOND_STEP_CONFIRMED: _("Confirmed by mail that codes may be tried again"),
    rules.THROTTLED: _throttled,
    rules.TWO_STEP_ON: _("2-step verification turned on"),
    rules.TWO_STEP_OFF: _("2-step verification turned off"),
    rules.TWO_STEP_RESET: _reset,
    rules.RECOVERY_BEGUN: _recovery_begun,
    rules.RECOVERY_STOPPED: _recovery_stopped,
    rules.AUTHENTICATOR_ADDED: _of_authenticator(_ADDED),
    rules.AUTHENTICATOR_RENAMED: _of_authenticator(_RENAMED),
    rules.AUTHENTICATOR_REMOVED: _of_authenticator(_REMOVED),
    rules.TWO_STEP_MOVED: _moved,
    rules.RECOVERY_CODES_REISSUED: _("Recovery codes reissued"),
    rules.RECOVERY_CODES_REVOKED: _("Made the new recovery codes worthless by the link in a mail"),
    rules.RECOVERY_CODE_USED: _recovery_code_used,
    rules.BROWSER_REMEMBERED: _browser_remembered,
    rules.REMEMBERED_BROWSER_USED: _("Second step left out in a remembered browser"),
    rules.REMEMBERED_BROWSER_FORGOTTEN: _("One remembered browser forgotten"),
    rules.REMEMBERED_BROWSERS_FORGOTTEN: _("Every remembered browser forgotten"),
    events.NAME_CHANGED: _("Name changed"),
    events.PASSWORD_CHANGED: _("Password changed"),
    events.PASSWORD_RESET: _("New password set by an e-mailed link"),
    events.EMAIL_CHANGE_ASKED: _("Change of email asked for"),
    events.EMAIL_CHANGED: _("Email changed"),
    events.EMAIL_CHANGE_UNDONE: _("Change of email undone"),
    events.DELETION_ASKED: _("Deletion of the account asked for"),
    events.DELETION_TAKEN_BACK: _("Deletion of the account taken back by signing in"),
    events.ACCOUNT_DELETED: _("Account deleted"),
    events.DATA_DOWNLOADED: _("Data downloaded"),
    events.SUPPORT_LOOKED: _by_support(
        _("Support looked at your account"), _("An administrator looked at your account")
    ),
    events.SUPPORT_DISABLED: _by_support(
        _("Support turned 2-step verification off"), _("An administrator turned 2-step verification off")
    ),
    events.SUPPORT_SIGNED_OUT: _by_support(
        _("Support signed you out everywhere"), _("An administrator signed you out everywhere")
    ),
    events.SUPPORT_LOCKED: _by_support(
        _("Support locked your account"), _("An administrator locked your account")
    ),
    events.SUPPORT_UNLOCKED: _by_support(
        _("Support unlocked your account"), _("An administrator unlocked your account")
    ),
    events.SUPPORT_MADE_OWNER: _by_support(
        _("Support made you an owner of the organization"),
        _("An owner made you an owner of the organization"),
    ),
    events.SUPPORT_MADE_ADMINISTRATOR: _by_support(
        _("Support made you an administrator of the organization"),
        _("An administrator made you an administrator of the organization"),
    ),
    events.SUPPORT_MADE_MEMBER: _by_support(
        _("Support made you a member of the organization, without further rights"),
        _("An administrator made you a member of the organization, without further rights"),
    ),
    events.SUPPORT_RESET_ASKED: _by_administrator(
        _("An administrator asked for a reset of your 2-step verification, which another has to approve")
    ),
    events.SUPPORT_RESET_WITHDRAWN: _by_administrator(
        _("The request to reset your 2-step verification was withdrawn")
    ),
    events.SUPPORT_REMOVED: _by_support(
        _("Support removed you from the organization"),
        _("An administrator removed you from the organization"),
    ),
}
_TROUBLE = {*rules.REFUSED, rules.RECOVERY_BEGUN, events.SUPPORT_LOCKED, events.SUPPORT_REMOVED}


def sentence(event: ActivityEvent) -> str:
    """The event in one line.

    :raises KeyError: an event that nobody has put into words: a bug.
    """
    said = _SENTENCES[event.event]
    return str(said) if isinstance(said, LazyString) else said(event.details)


def is_trouble(event: ActivityEvent) -> bool:
    """Whether it is something that the owner should look at."""
    return event.event in _TROUBLE
