"""Members in words."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext, lazy_gettext as _
from flask_babel.speaklater import LazyString

from console.accounts.roles import NAMES
from console.organization.members.acts import Action
from console.organization.members.listing import Member, Sort, State

STATES = {
    State.ALL: _("Everybody"),
    State.WITHOUT_TWO_STEP: _("Without 2-step verification"),
    State.LOCKED: _("Locked"),
}
SORTS = {Sort.NAME: _("Name"), Sort.LAST_SIGN_IN: _("Last sign-in"), Sort.JOINED: _("Joined")}
ROLES: dict[str, LazyString] = {"": _("Every role"), **{role.value: name for role, name in NAMES.items()}}


@dataclass(frozen=True)
class Texts:
    """
    :param lead: what it does, before it is done; None if that depends on the settings.
    :param done: what was done; likewise.
    """

    title: LazyString
    lead: LazyString | None
    done: LazyString | None
    is_dangerous: bool = False


ACTIONS = {
    Action.REMIND: Texts(
        _("Remind"),
        _("We mail them how to turn 2-step verification on: once a day at most."),
        _("The mail is on its way."),
    ),
    Action.CHANGE_ROLE: Texts(
        _("Change role"),
        _(
            "Administrators and owners see and change what is in this dialog. Only owners make and change"
            " owners."
        ),
        _("The role is changed."),
    ),
    Action.SIGN_OUT: Texts(
        _("Sign out everywhere"),
        _("Every session ends and no browser is remembered. They can sign in again at once."),
        _("They are signed out everywhere."),
    ),
    Action.LOCK: Texts(
        _("Lock"),
        _("They are signed out everywhere, and nobody can sign in to the account until it is unlocked."),
        _("The account is locked."),
        is_dangerous=True,
    ),
    Action.UNLOCK: Texts(_("Unlock"), _("They can sign in again, as before."), _("The account is unlocked.")),
    # What it does and did stands in console.organization.help.words.
    Action.RESET: Texts(_("Reset 2-step verification"), None, None, is_dangerous=True),
    Action.REMOVE: Texts(
        _("Remove from organization"),
        _(
            "The account is locked, signed out everywhere and taken off this list. Nothing of it is deleted,"
            " and its address stays taken. Only the people who run this service can bring it back."
        ),
        _("The account is removed from the organization."),
        is_dangerous=True,
    ),
}


def kinds(member: Member) -> str:
    """Return with which kinds of authenticator 2-step verification is on, or that it is off."""
    if member.has_app and member.has_passkey:
        return gettext("App and passkey")
    if member.has_passkey:
        return gettext("Passkey")
    return gettext("App") if member.account.two_step_on else gettext("Off")
