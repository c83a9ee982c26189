"""What the mails about the second step say: one function a message.

Each is made of two templates, ``mfa/mail/NAME.txt`` and ``mfa/mail/NAME.html``. Of its reader each knows the
``name`` and whether they have a password: ``has_password``, by default True.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mfa import times
from mfa.i18n import LazyString, lazy_gettext as _
from mfa.lifetimes import CONFIRM_LINK_SECONDS, HELP_SECONDS, NUMBER_SECONDS, REVOKE_LINK_SECONDS
from mfa.notices import recovery_link
from mfa.notices.office import Message, office
from mfa.notices.revoke_link import RevokeLink
from mfa.notices.writing import seen, write

# Mails that carry a link or a number: sent at once, never stored


def enrollment_number(recipient: str, *, number: str, token: str, **reader: Any) -> Message:
    return _write(
        "enrollment_number",
        recipient,
        _("Your %(product)s authentication number"),
        number=number,
        link=office().url("enrollment_link", token=token),
        minutes=NUMBER_SECONDS // 60,
        **reader,
    )


def proof_number(recipient: str, *, number: str, **reader: Any) -> Message:
    return _write(
        "proof_number",
        recipient,
        _("Your %(product)s authentication number"),
        number=number,
        minutes=NUMBER_SECONDS // 60,
        **reader,
    )


def confirm_second_step(recipient: str, *, token: str, **reader: Any) -> Message:
    return _write(
        "confirm_second_step",
        recipient,
        _("Confirm that you are signing in to %(product)s"),
        link=office().url("confirm_second_step", token=token),
        minutes=CONFIRM_LINK_SECONDS // 60,
        **reader,
    )


# Mails that tell the owner what happened: they go through the outbox, so they are given nothing secret: the
# token of a link is made when the mail is. None names an authenticator: who has stolen a session could have
# us write what they like.

_ADDED = {
    "app": _("An authenticator app was added to your account"),
    "passkey": _("A passkey was added to your account"),
}
_RENAMED = {
    "app": _("An authenticator app was renamed"),
    "passkey": _("A passkey was renamed"),
}
_REMOVED = {
    "app": _("An authenticator app was removed from your account"),
    "passkey": _("A passkey was removed from your account"),
}


def two_step_on(recipient: str, **reader: Any) -> Message:
    return _write("two_step_on", recipient, _("2-step verification is on"), **reader)


def two_step_off(recipient: str, **reader: Any) -> Message:
    return _write("two_step_off", recipient, _("2-step verification is off"), **reader)


def authenticator_moved(recipient: str, **reader: Any) -> Message:
    return _write("authenticator_moved", recipient, _("Your authenticator app was changed"), **reader)


def authenticator_added(recipient: str, *, kind: str, **reader: Any) -> Message:
    return _write("authenticator_added", recipient, _ADDED[kind], kind=kind, **reader)


def authenticator_renamed(recipient: str, *, kind: str, **reader: Any) -> Message:
    return _write("authenticator_renamed", recipient, _RENAMED[kind], kind=kind, **reader)


def authenticator_removed(recipient: str, *, kind: str, **reader: Any) -> Message:
    return _write("authenticator_removed", recipient, _REMOVED[kind], kind=kind, **reader)


def recovery_codes_reissued(
    recipient: str,
    *,
    revokes: tuple[str, str, str] | None = None,
    limited_until: str | None = None,
    **reader: Any,
) -> Message:
    """
    :param revokes: what the link revokes: the id of the person, the name of the set of codes, and when it was
        made; None in a mail that an earlier release has written.
    :param limited_until: until when they open sign-in only; None if they open everything.
    """
    return _write(
        "recovery_codes_reissued",
        recipient,
        _("Your recovery codes were reissued"),
        limited_until=times.moment(datetime.fromisoformat(limited_until)) if limited_until else "",
        link=_revoke_link(*revokes) if revokes else "",
        days=REVOKE_LINK_SECONDS // (24 * 3600),
        **reader,
    )


def _revoke_link(person: str, codes: str, at: str) -> str:
    token = RevokeLink(person, codes).token(datetime.fromisoformat(at))
    return office().url("revoke_codes", token=token)


def recovery_codes_revoked(recipient: str, **reader: Any) -> Message:
    return _write("recovery_codes_revoked", recipient, _("Your new recovery codes no longer work"), **reader)


def recovery_code_used(recipient: str, *, codes_left: int, **reader: Any) -> Message:
    return _write(
        "recovery_code_used",
        recipient,
        _("A recovery code was used"),
        codes_left=codes_left,
        **reader,
    )


def browser_remembered(
    recipient: str, *, days: int, at: str, device: str, network: str, **reader: Any
) -> Message:
    return _write(
        "browser_remembered",
        recipient,
        _("A browser is remembered for your account"),
        days=days,
        **seen(at, device, network),
        **reader,
    )


def sign_in_unfinished(recipient: str, *, at: str, device: str, network: str, **reader: Any) -> Message:
    return _write(
        "sign_in_unfinished",
        recipient,
        _("Somebody entered your %(product)s password")
        if reader.get("has_password", True)
        else _("Somebody began to sign in to your %(product)s account"),
        **seen(at, device, network),
        **reader,
    )


def second_step_guessed(recipient: str, *, at: str, device: str, network: str, **reader: Any) -> Message:
    return _write(
        "second_step_guessed",
        recipient,
        _("Wrong codes were entered for your %(product)s account"),
        **seen(at, device, network),
        **reader,
    )


def passkey_copied(recipient: str, *, at: str, device: str, network: str, **reader: Any) -> Message:
    return _write(
        "passkey_copied",
        recipient,
        _("A security key of your %(product)s account was refused"),
        **seen(at, device, network),
        **reader,
    )


def two_step_reset(recipient: str, *, reason: str, **reader: Any) -> Message:
    return _write(
        "two_step_reset", recipient, _("%(product)s support worked on your account"), reason=reason, **reader
    )


# Of a recovery. A copy goes to an address that the person had until lately: it opens nothing.


def recovery_help(recipient: str, *, recovery: int, begun: str, reason: str, **reader: Any) -> Message:
    """The link by which somebody who was helped gets back; it proves the mailbox, so it goes nowhere else."""
    made = datetime.fromisoformat(begun)
    return _write(
        "recovery_help",
        recipient,
        _("Set up 2-step verification again"),
        link=office().url("recover", token=recovery_link.token(recovery_link.BACK, recovery, made)),
        stop_link=_stop_link(recovery, made),
        reason=reason,
        hours=HELP_SECONDS // 3600,
        by_mail_alone=True,
        **reader,
    )


def recovery_begun(
    recipient: str, *, recovery: int, begun: str, copied: bool = False, **reader: Any
) -> Message:
    """
    :param copied: it goes to another address than the person's.
    """
    return _write(
        "recovery_begun",
        recipient,
        _("Somebody is being helped into your %(product)s account"),
        stop_link=_stop_link(recovery, datetime.fromisoformat(begun)),
        by_mail_alone=copied,
        **reader,
    )


def recovery_waits(
    recipient: str,
    *,
    recovery: int,
    begun: str,
    ready: str,
    phase: str,
    device: str,
    network: str,
    sent: str = "",
    copied: bool = False,
    **reader: Any,
) -> Message:
    """
    :param ready: when somebody can get in if nobody stops it.
    :param sent: when the mail was written: its link is good for as long as any wait goes on after that.
    :param phase: ``begun``, ``middle`` or ``near``.
    """
    return _write(
        "recovery_waits",
        recipient,
        _WAITS[phase],
        phase=phase,
        until=times.moment(datetime.fromisoformat(ready)),
        stop_link=_stop_link(recovery, datetime.fromisoformat(sent or begun)),
        by_mail_alone=copied,
        **seen(begun, device, network),
        **reader,
    )


_WAITS = {
    "begun": _("Somebody wants into your %(product)s account without its second step"),
    "middle": _("Somebody is still waiting to get into your %(product)s account"),
    "near": _("Tomorrow your %(product)s account opens without its second step"),
}


def recovery_ready(recipient: str, *, recovery: int, sent: str, ends: str, **reader: Any) -> Message:
    """The link by which somebody who has waited gets back; it proves the mailbox, so it goes nowhere else."""
    made = datetime.fromisoformat(sent)
    return _write(
        "recovery_ready",
        recipient,
        _("The wait is over: set up 2-step verification again"),
        link=office().url("recover", token=recovery_link.token(recovery_link.BACK, recovery, made)),
        stop_link=_stop_link(recovery, made),
        hours=HELP_SECONDS // 3600,
        until=times.moment(datetime.fromisoformat(ends)),
        by_mail_alone=True,
        **reader,
    )


def recovery_stopped(recipient: str, *, by: str, copied: bool = False, **reader: Any) -> Message:
    """
    :param by: who stopped it: see :mod:`mfa.people.recoveries`.
    """
    return _write(
        "recovery_stopped",
        recipient,
        _("The way into your account was closed"),
        by=by,
        by_mail_alone=copied,
        **reader,
    )


def recovery_finished(
    recipient: str, *, at: str, device: str, network: str, copied: bool = False, **reader: Any
) -> Message:
    return _write(
        "recovery_finished",
        recipient,
        _("Your second step was turned off"),
        by_mail_alone=copied,
        **seen(at, device, network),
        **reader,
    )


def _stop_link(recovery: int, made: datetime) -> str:
    return office().url("stop_recovery", token=recovery_link.token(recovery_link.STOP, recovery, made))


NOTICES = (
    two_step_on,
    two_step_off,
    two_step_reset,
    authenticator_added,
    authenticator_renamed,
    authenticator_removed,
    authenticator_moved,
    recovery_codes_reissued,
    recovery_codes_revoked,
    recovery_code_used,
    browser_remembered,
    sign_in_unfinished,
    second_step_guessed,
    passkey_copied,
    recovery_help,
    recovery_begun,
    recovery_waits,
    recovery_ready,
    recovery_stopped,
    recovery_finished,
)
"""Those that wait in the outbox."""


def _write(template: str, recipient: str, subject: LazyString, **context: Any) -> Message:
    return write(f"mfa/mail/{template}", recipient, subject, **context)
