"""What the console's own mails say: one function a message. Those about the second step are the extension's.

Each renders its two templates, ``mail/NAME.txt`` and ``mail/NAME.html``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext, lazy_gettext as _, ngettext
from flask_babel.speaklater import LazyString

from console.activity import events
from console.toolbox import (
    EMAIL_CHANGE_LINK_SECONDS,
    INVITATION_LINK_SECONDS,
    RESET_LINK_SECONDS,
    SIGN_UP_LINK_SECONDS,
    UNDO_LINK_SECONDS,
    toolbox,
)
from mfa import times
from mfa.notices import messages as second_step
from mfa.notices.messages import (
    authenticator_added,
    authenticator_moved,
    authenticator_removed,
    authenticator_renamed,
    confirm_second_step,
    enrollment_number,
    recovery_code_used,
    recovery_codes_reissued,
    recovery_codes_revoked,
    second_step_guessed,
    sign_in_unfinished,
    two_step_off,
    two_step_on,
)
from mfa.notices.office import Message
from mfa.notices.writing import seen, write
from mfa.site import absolute

__all__ = [
    "NOTICES",
    "Message",
    "absolute",
    "account_deleted",
    "address_reserved",
    "already_signed_up",
    "authenticator_added",
    "authenticator_moved",
    "authenticator_removed",
    "authenticator_renamed",
    "by_support",
    "confirm_email",
    "confirm_second_step",
    "data_downloaded",
    "deletion_asked",
    "deletion_near",
    "deletion_taken_back",
    "email_change_undone",
    "email_changed",
    "email_is_new",
    "email_taken",
    "enrollment_number",
    "invitation",
    "new_sign_in",
    "no_account",
    "password_changed",
    "recovery_code_used",
    "recovery_codes_reissued",
    "recovery_codes_revoked",
    "reset_decided",
    "reset_password",
    "reset_stopped",
    "reset_waits",
    "second_step_guessed",
    "sign_in_unfinished",
    "sign_up",
    "turn_on_two_step",
    "two_step_off",
    "two_step_on",
    "two_step_required",
]

# Mails that carry a link: sent at once, never kept


def sign_up(recipient: str, *, token: str) -> Message:
    return _render(
        "sign_up",
        recipient,
        _("Create your %(product)s account"),
        link=absolute("accounts.create_account", token=token),
        minutes=SIGN_UP_LINK_SECONDS // 60,
    )


def already_signed_up(recipient: str, *, name: str) -> Message:
    return _render("already_signed_up", recipient, _("You already have a %(product)s account"), name=name)


def address_reserved(recipient: str) -> Message:
    return _render(
        "address_reserved",
        recipient,
        _("No %(product)s account can have this address yet"),
        days=UNDO_LINK_SECONDS // 86400,
    )


def reset_password(recipient: str, *, name: str, token: str) -> Message:
    return _render(
        "reset_password",
        recipient,
        _("Set a new password for %(product)s"),
        name=name,
        link=absolute("accounts.reset_password", token=token),
        minutes=RESET_LINK_SECONDS // 60,
    )


def no_account(recipient: str, *, signs_up: bool) -> Message:
    """
    :param signs_up: False if only invited people can create an account.
    """
    return _render("no_account", recipient, _("No %(product)s account with this address"), signs_up=signs_up)


def confirm_email(recipient: str, *, token: str) -> Message:
    """Without a name: it goes to an address that may be a stranger's, and a name can be any text."""
    return _render(
        "confirm_email",
        recipient,
        _("Confirm your new %(product)s address"),
        link=absolute("email_change.confirm", token=token),
        minutes=EMAIL_CHANGE_LINK_SECONDS // 60,
    )


def email_taken(recipient: str) -> Message:
    return _render("email_taken", recipient, _("Your %(product)s address was entered for another account"))


# Mails that tell the owner what happened: they go through the outbox, so they are given nothing secret. The
# token of a link is made when the mail is.


def password_changed(recipient: str, *, name: str) -> Message:
    return _render("password_changed", recipient, _("Your password was changed"), name=name)


def new_sign_in(
    recipient: str, *, name: str, at: str, device: str, network: str, failures: int, new_device: bool
) -> Message:
    return _render(
        "new_sign_in",
        recipient,
        _("New sign-in to %(product)s"),
        name=name,
        what=_signed_in(failures, new_device),
        **seen(at, device, network),
    )


def email_changed(recipient: str, *, name: str, new_email: str, change: int | None, at: str) -> Message:
    """To the old address.

    :param change: the id of the change, which the link undoes; None if only an earlier one can be undone.
    """
    link = None
    if change is not None:
        token = toolbox().undo_links.make({"change": change}, datetime.fromisoformat(at).timestamp())
        link = absolute("email_change.undo", token=token)
    return _render(
        "email_changed",
        recipient,
        _("Your %(product)s address was changed"),
        name=name,
        new_email=new_email,
        link=link,
        days=UNDO_LINK_SECONDS // (24 * 3600),
    )


def email_is_new(recipient: str, *, name: str) -> Message:
    """To the new address."""
    return _render("email_is_new", recipient, _("This is your %(product)s address now"), name=name)


def email_change_undone(recipient: str, *, name: str) -> Message:
    return _render(
        "email_change_undone", recipient, _("The change of your %(product)s address was undone"), name=name
    )


def invitation(recipient: str, *, name: str, email: str, invitation: int, sent: int, at: str) -> Message:
    """To somebody without an account, or who was removed from the organization.

    :param name: of who invites, and *email* their address.
    :param sent: the number of this mail of the invitation: only the link of the last one is good.
    :param at: when it was written, in ISO 8601.
    """
    written = datetime.fromisoformat(at)
    token = toolbox().invitation_links.make({"invitation": invitation, "sent": sent}, written.timestamp())
    return _render(
        "invitation",
        recipient,
        _("You are invited to %(product)s"),
        inviter=name,
        email=email,
        link=absolute("invitation.show", token=token),
        until=times.moment(written + timedelta(seconds=INVITATION_LINK_SECONDS)),
    )


def data_downloaded(recipient: str, *, name: str, at: str, device: str, network: str) -> Message:
    return _render(
        "data_downloaded",
        recipient,
        _("Your %(product)s data was downloaded"),
        name=name,
        **seen(at, device, network),
    )


def two_step_required(recipient: str, *, name: str, grace_days: int) -> Message:
    """Their organization has switched the requirement on."""
    return _render(
        "two_step_required",
        recipient,
        _("Turn on 2-step verification for %(product)s"),
        name=name,
        grace_days=grace_days,
        link=absolute("two_step.manage.tab"),
    )


def deletion_asked(recipient: str, *, name: str, delete_at: str, former: bool) -> Message:
    """
    :param delete_at: the moment of the deletion, in ISO 8601.
    :param former: True in the mail to an address that the account has left, and that can take it back.
    """
    return _render(
        "deletion_asked",
        recipient,
        _("Your %(product)s account will be deleted"),
        name=name,
        delete_at=_moment(delete_at),
        former=former,
    )


def deletion_near(recipient: str, *, name: str, delete_at: str) -> Message:
    return _render(
        "deletion_near",
        recipient,
        _("Your %(product)s account will be deleted soon"),
        name=name,
        delete_at=_moment(delete_at),
    )


def deletion_taken_back(recipient: str, *, name: str, at: str, device: str, network: str) -> Message:
    return _render(
        "deletion_taken_back",
        recipient,
        _("Your %(product)s account is not deleted"),
        name=name,
        **seen(at, device, network),
    )


def account_deleted(recipient: str, *, name: str, signs_up: bool = True) -> Message:
    """
    :param signs_up: False if only invited people can create an account.
    """
    return _render(
        "account_deleted",
        recipient,
        _("Your %(product)s account was deleted"),
        name=name,
        signs_up=signs_up,
    )


def by_support(recipient: str, *, name: str, what: str, reason: str, by: str = "support") -> Message:
    """What an operator did, or an owner or administrator.

    :param what: the event in the tab Activity.
    :param by: ``support``, or :data:`events.By.ORGANIZATION`.
    """
    is_support = by != events.By.ORGANIZATION
    return _render(
        "by_support",
        recipient,
        _("%(product)s support worked on your account")
        if is_support
        else _("An administrator worked on your %(product)s account"),
        name=name,
        is_support=is_support,
        what=(_BY_SUPPORT if is_support else _BY_ADMINISTRATOR)[what],
        reason=reason,
    )


def turn_on_two_step(recipient: str, *, name: str) -> Message:
    """What an owner or administrator reminds a member of."""
    return _render(
        "turn_on_two_step",
        recipient,
        _("Turn on 2-step verification for %(product)s"),
        name=name,
        link=absolute("two_step.manage.tab"),
    )


def reset_waits(
    recipient: str,
    *,
    name: str,
    member: str,
    member_email: str,
    account: int,
    asker: str,
    reason: str,
    ends_at: str,
) -> Message:
    """To those who may approve that somebody's 2-step verification is reset.

    :param account: the id of the member's.
    """
    return _render(
        "reset_waits",
        recipient,
        _("A reset of 2-step verification waits for you"),
        name=name,
        member=member,
        member_email=member_email,
        asker=asker,
        reason=reason,
        ends_at=_moment(ends_at),
        link=absolute("organization.members.one", account_id=account),
    )


def reset_decided(
    recipient: str,
    *,
    name: str,
    member: str,
    member_email: str,
    account: int,
    decider: str,
    approved: bool,
    reason: str,
) -> Message:
    """To who has asked for a reset: somebody else has approved or withdrawn it.

    :param decider: the name of who did.
    """
    return _render(
        "reset_decided",
        recipient,
        _("Your request for a reset of 2-step verification was approved")
        if approved
        else _("Your request for a reset of 2-step verification was withdrawn"),
        name=name,
        member=member,
        member_email=member_email,
        decider=decider,
        approved=approved,
        reason=reason,
        link=absolute("organization.members.one", account_id=account),
    )


def reset_stopped(
    recipient: str,
    *,
    name: str,
    member: str,
    member_email: str,
    account: int,
    asker: str,
    approver: str,
    reason: str,
    stopped_at: str,
    was_waiting: bool = False,
) -> Message:
    """To all who manage: a member says that it was not they who are locked out.

    :param asker: the name of who asked for the reset; empty if their account is gone.
    :param approver: likewise of who approved it.
    :param was_waiting: nobody had approved it yet.
    """
    return _render(
        "reset_stopped",
        recipient,
        _("A member has stopped a reset of their 2-step verification"),
        name=name,
        member=member,
        member_email=member_email,
        asker=asker,
        approver=approver if approver != asker else "",
        reason=reason,
        stopped_at=_moment(stopped_at),
        was_waiting=was_waiting,
        link=absolute("organization.members.one", account_id=account),
    )


NOTICES = (
    *second_step.NOTICES,
    password_changed,
    new_sign_in,
    email_changed,
    email_is_new,
    email_change_undone,
    data_downloaded,
    deletion_asked,
    deletion_near,
    deletion_taken_back,
    account_deleted,
    by_support,
    invitation,
    two_step_required,
    turn_on_two_step,
    reset_waits,
    reset_decided,
    reset_stopped,
)


_BY_SUPPORT = {
    events.SUPPORT_LOOKED: _("Support looked at the settings of your account."),
    events.SUPPORT_DISABLED: _("Support turned 2-step verification off for your account."),
    events.SUPPORT_SIGNED_OUT: _("Support signed you out on every device."),
    events.SUPPORT_LOCKED: _("Support locked your account."),
    events.SUPPORT_UNLOCKED: _("Support unlocked your account."),
    events.SUPPORT_MADE_OWNER: _("Support made you an owner of the organization."),
    events.SUPPORT_MADE_ADMINISTRATOR: _("Support made you an administrator of the organization."),
    events.SUPPORT_MADE_MEMBER: _("Support made you a member of the organization, without further rights."),
    events.SUPPORT_REMOVED: _(
        "Support removed you from the organization, so nobody can sign in to your account."
    ),
}
_BY_ADMINISTRATOR = {
    events.SUPPORT_DISABLED: _(
        "An administrator of your organization turned 2-step verification off for your account."
    ),
    events.SUPPORT_SIGNED_OUT: _("An administrator of your organization signed you out on every device."),
    events.SUPPORT_LOCKED: _("An administrator of your organization locked your account."),
    events.SUPPORT_UNLOCKED: _("An administrator of your organization unlocked your account."),
    events.SUPPORT_MADE_OWNER: _("An owner of your organization made you an owner, too."),
    events.SUPPORT_MADE_ADMINISTRATOR: _("You are an administrator of your organization now."),
    events.SUPPORT_MADE_MEMBER: _("You are a member of your organization now, without further rights."),
    events.SUPPORT_RESET_ASKED: _(
        "An administrator of your organization asked to reset your 2-step verification. Nothing has changed"
        " yet: a second administrator has to approve it. Then we mail you a link. If you know nothing of it,"
        " sign in and stop it under 2-Step Verification."
    ),
    events.SUPPORT_RESET_WITHDRAWN: _(
        "The request to reset your 2-step verification was withdrawn. Your 2-step verification stays as it"
        " is."
    ),
    events.SUPPORT_REMOVED: _(
        "An administrator removed you from your organization, so nobody can sign in to your account."
    ),
}


def _moment(text: str) -> str:
    return times.moment(datetime.fromisoformat(text))


def _signed_in(failures: int, new_device: bool) -> str:
    if not failures:
        if new_device:
            return gettext(
                "Somebody signed in to your account on a device that had not signed in to it before:"
            )
        return gettext("Somebody signed in to your account:")
    if new_device:
        return ngettext(
            "Somebody signed in to your account on a device that had not signed in to it before, after"
            " %(num)d failed attempt:",
            "Somebody signed in to your account on a device that had not signed in to it before, after"
            " %(num)d failed attempts:",
            failures,
        )
    return ngettext(
        "Somebody signed in to your account, after %(num)d failed attempt:",
        "Somebody signed in to your account, after %(num)d failed attempts:",
        failures,
    )


def _render(template: str, recipient: str, subject: LazyString, **context: Any) -> Message:
    sign_in_url, sign_up_url = absolute("accounts.sign_in"), absolute("accounts.sign_up")
    return write(
        f"mail/{template}", recipient, subject, sign_in_url=sign_in_url, sign_up_url=sign_up_url, **context
    )
