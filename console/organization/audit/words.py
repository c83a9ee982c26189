"""What an event of the organization is called on the screen."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext, lazy_gettext as _, ngettext
from flask_babel.speaklater import LazyString

from console.organization.audit.events import Event
from console.organization.audit.listing import Entry

WORDS: dict[Event, LazyString] = {
    Event.SETTINGS_CHANGED: _("Security settings changed"),
    Event.REQUIREMENT_ON: _("2-step verification required"),
    Event.REQUIREMENT_OFF: _("2-step verification no longer required"),
    Event.ROLE_CHANGED: _("Role changed"),
    Event.OWNER_MADE: _("Made an owner"),
    Event.MEMBER_REMINDED: _("Reminded of 2-step verification"),
    Event.MEMBER_SIGNED_OUT: _("Signed out everywhere"),
    Event.MEMBER_LOCKED: _("Account locked"),
    Event.MEMBER_UNLOCKED: _("Account unlocked"),
    Event.INVITATION_SENT: _("Invited"),
    Event.INVITATION_SENT_AGAIN: _("Invitation sent again"),
    Event.INVITATION_WITHDRAWN: _("Invitation withdrawn"),
    Event.INVITATION_ACCEPTED: _("Invitation accepted"),
    Event.MEMBER_REMOVED: _("Removed from the organization"),
    Event.TWO_STEP_RESET: _("2-step verification reset"),
    Event.RESET_ASKED: _("Reset of 2-step verification requested"),
    Event.RESET_APPROVED: _("Reset of 2-step verification approved, link mailed"),
    Event.RESET_WITHDRAWN: _("Reset of 2-step verification withdrawn"),
    Event.RESET_STOPPED: _("Reset of 2-step verification stopped by the member"),
    Event.RESET_FINISHED: _("2-step verification reset by the mailed link"),
    Event.RESET_ENDED: _("Reset of 2-step verification ended"),
    Event.DELETION_ASKED: _("Deletion of the account requested"),
    Event.DELETION_TAKEN_BACK: _("Deletion of the account taken back"),
    Event.ACCOUNT_DELETED: _("Account deleted"),
    Event.MEMBERS_EXPORTED: _("Members exported"),
    Event.ACTIVITY_EXPORTED: _("Activity exported"),
    Event.ACCOUNTS_IMPORTED: _("Accounts imported"),
    Event.ACCOUNTS_EXPORTED: _("Accounts exported"),
    Event.KEYS_ROTATED: _("Keys replaced"),
    Event.BACKUP_RESTORED: _("Back-up restored"),
}


def sentence(entry: Entry) -> str:
    """Return the event in one line; one that this version doesn't know, as it is stored."""
    event = entry.row.event
    said = str(WORDS[Event(event)]) if event in set(Event) else event
    details = [_detail(name, value) for name, value in entry.details.items()]
    return ": ".join(filter(None, [said, ", ".join(filter(None, details))]))


def is_by_itself(entry: Entry) -> bool:
    """Return True for what nobody did, because its time was over."""
    return entry.row.event in _BY_ITSELF


def is_trouble(entry: Entry) -> bool:
    """Return True for what an owner should have a look at."""
    return entry.row.event in _TROUBLE


def _detail(name: str, value: str) -> str:
    said = _VALUES.get((name, value))
    if said is not None:
        return str(said)
    if name in _COUNTED and value.isascii() and value.isdigit() and len(value) < 10:
        return _COUNTED[name](int(value))
    if name == "event" and value in set(Event):
        return f"“{WORDS[Event(value)]}”"
    if name in _WITH_VALUE:
        return _WITH_VALUE[name](value)
    return f"{name} {value}"


_BY_ITSELF = {Event.RESET_ENDED}
_TROUBLE = {Event.MEMBER_LOCKED, Event.REQUIREMENT_OFF, Event.RESET_STOPPED}
_WITH_VALUE: dict[str, Callable[[str], str]] = {
    "invitation": lambda value: gettext("invitation number %(value)s", value=value),
    "person": lambda value: gettext("account number %(value)s", value=value),
    "since": lambda value: gettext("from %(value)s on", value=value),
    "until": lambda value: gettext("until %(value)s", value=value),
}
_COUNTED: dict[str, Callable[[int], str]] = {
    "accounts": lambda number: ngettext("%(num)d account", "%(num)d accounts", number),
    "grace_days": lambda number: ngettext(
        "grace period of %(num)d day", "grace period of %(num)d days", number
    ),
}
_VALUES: dict[tuple[str, str], LazyString | str] = {
    ("role", "owner"): _("Owner"),
    ("role", "administrator"): _("Administrator"),
    ("role", "member"): _("Member"),
    ("scope", "everybody"): _("Everybody"),
    ("scope", "managers"): _("Owners and administrators only"),
    ("grace_days", "0"): _("no grace period"),
    ("passkeys", "true"): _("passkeys only for administrators"),
    ("passkeys", "false"): _("every authenticator for administrators"),
    ("remembers_browsers", "true"): _("remembered browsers allowed"),
    ("remembers_browsers", "false"): _("no remembered browsers"),
    ("sign_up_closed", "true"): _("only invited people can create an account"),
    ("sign_up_closed", "false"): _("everybody can create an account"),
    ("approves_resets", "true"): _("a second administrator approves a reset"),
    ("approves_resets", "false"): _("one administrator alone resets"),
    ("by", "one"): _("without a second administrator"),
    ("stage", "waiting"): _("before it was approved"),
    ("stage", "out"): _("with the link"),
    ("why", "not_approved"): _("nobody approved it in time"),
    ("why", "link_unused"): _("the link was not used in time"),
    ("why", "link_ended"): _("the link became invalid"),
    ("why", "void"): _("it became void"),
    ("state", "without-2sv"): _("without 2-step verification"),
    ("state", "locked"): _("locked"),
    ("secrets", "with"): _("with password hashes and secrets of authenticator apps"),
    ("secrets", "without"): _("without secrets"),
    ("format", "csv"): "CSV",
    ("format", "jsonl"): "JSON lines",
}
"""What a detail and its value are called; others are shown as they are stored."""
