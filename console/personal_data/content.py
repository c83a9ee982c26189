"""What the file says: headings and words of the reader's language, and times in ISO 8601 with their zone.

No secret, no hash and no row id is in it, so nobody can open the account with a copy of the file.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext, lazy_gettext as _

from console import languages
from console.accounts import roles
from console.accounts.models import Account, Invitation
from console.activity import words as activity_words
from console.extensions import db
from console.organization.help import rules as help_rules
from console.personal_data import statements
from console.sessions import rules as sessions
from console.sessions.models import AccountSession
from console.toolbox import toolbox
from mfa import accounts as adapters, devices, words
from mfa.crypto import recovery_codes
from mfa.database import run
from mfa.enrollment import rules as enrollment
from mfa.factors import kinds as factors
from mfa.factors.models import PASSKEY, Authenticator
from mfa.here import Here
from mfa.notices.models import OutboxMail
from mfa.notices.office import office
from mfa.people import rules as people
from mfa.sign_in import remembered

MOST_EVENTS, MOST_MAILS = 10_000, 100
"""So that the file is a few megabytes at most: of the events, the newest."""
_KINDS = {"app": _("Authenticator app"), "passkey": _("Passkey or security key")}

Part = dict[str, Any]


def of(account: Account, session: AccountSession, here: Here) -> Part:
    """Return all that is stored about *account*, as its owner reads it.

    :param session: the one that asks.
    """
    return {
        gettext("About this file"): _about(here.now),
        gettext("Profile"): _profile(account),
        gettext("Earlier e-mail addresses"): _earlier_addresses(account),
        gettext("Invitations to you"): _invitations_to(account),
        gettext("Invitations that you sent"): _invitations_sent(account),
        gettext("2-step verification"): _second_step(account, here.now),
        gettext("Ways back without the second step"): _recoveries(account),
        gettext("Remembered browsers"): _browsers(account, here.now),
        gettext("Sessions"): _sessions(account, session, here.now),
        gettext("Activity"): _activity(account),
        gettext("Mails that wait to be sent"): _mails(account),
    }


def _about(now: datetime) -> Part:
    notes = [
        gettext("All times are in UTC."),
        gettext(
            "Your password, the keys of your authenticators and your recovery codes are not in this file:"
            " with them, somebody could sign in as you."
        ),
        gettext("We keep no copy of a mail that was sent. Activity lists what the mails told you of."),
    ]
    return {
        gettext("Made by"): toolbox().product_name,
        gettext("Date"): _time(now),
        gettext("Notes"): notes,
    }


def _profile(account: Account) -> Part:
    language = languages.offered().get(account.language or "")
    return {
        gettext("Name"): account.name,
        gettext("Email"): account.email,
        gettext("Language"): language or gettext("Whatever your browser asks for"),
        gettext("Role in the organization"): str(roles.NAMES[account.role]),
        gettext("Account created"): _time(account.created_at),
        gettext("Last sign-in"): _time(account.last_signed_in_at),
    }


def _earlier_addresses(account: Account) -> list[Part]:
    """Return the addresses that the account was moved from; those that can't come back are deleted."""
    changes = db.session.scalars(statements.CHANGES_OF_ADDRESS, {"whose": account.id})
    return [
        {
            gettext("Email"): change.old_email,
            gettext("Changed at"): _time(change.changed_at),
            **({gettext("Change undone at"): _time(change.undone_at)} if change.undone_at else {}),
        }
        for change in changes
    ]


def _invitations_to(account: Account) -> list[Part]:
    found = db.session.scalars(statements.INVITATIONS_TO, {"email_key": account.email_key})
    return [_invitation(one) for one in found]


def _invitations_sent(account: Account) -> list[Part]:
    found = db.session.scalars(statements.INVITATIONS_SENT, {"whose": account.id})
    return [{gettext("Email"): one.email, **_invitation(one)} for one in found]


def _invitation(one: Invitation) -> Part:
    return {
        gettext("Role"): str(roles.NAMES[one.role]),
        gettext("Invited at"): _time(one.invited_at),
        gettext("Good until"): _time(one.expires_at),
        **({gettext("Accepted at"): _time(one.used_at)} if one.used_at else {}),
        **({gettext("Withdrawn at"): _time(one.withdrawn_at)} if one.withdrawn_at else {}),
    }


def _second_step(account: Account, now: datetime) -> Part:
    state = enrollment.state(account.person_id)
    required = run(statements.REQUIRED_SINCE, {"whose": account.person_id}).scalar()
    told: Part = {gettext("Told that it is required"): _time(required)} if required else {}
    if not state.on:
        return {gettext("State"): gettext("Off"), **told}
    limit = state.limit(now)
    request = help_rules.of(account.id, now)
    reset: Part = {gettext("Reset by an administrator"): _reset(request)} if request else {}
    return {
        gettext("State"): gettext("On"),
        gettext("On since"): _time(state.since),
        **told,
        gettext("Authenticators"): [_authenticator(one) for one in factors.authenticators(account.person_id)],
        gettext("Recovery codes left"): gettext(
            "%(left)s of %(total)s", left=state.codes_left, total=recovery_codes.COUNT
        ),
        gettext("Recovery code last used"): _time(state.code_used_at),
        **({gettext("Recovery codes open sign-in only until"): _time(limit)} if limit else {}),
        **reset,
    }


def _reset(request: help_rules.Shown) -> Part:
    """Return what owners and administrators see of the request, without their names."""
    return {
        gettext("Asked at"): _time(request.asked_at),
        gettext("Reason"): request.reason,
        **({gettext("Approved at"): _time(request.approved_at)} if request.approved_at else {}),
        **({gettext("Stopped at"): _time(request.stopped_at)} if request.stopped_at else {}),
        gettext("Ends at"): _time(request.ends_at),
    }


def _recoveries(account: Account) -> list[Part]:
    return [
        {
            gettext("Begun"): _time(one.begun_at),
            gettext("Ends at the latest"): _time(one.ends_at),
            gettext("Reason"): one.reason or None,
            gettext("Stopped"): _time(one.stopped_at),
            gettext("Used"): _time(one.finished_at),
            gettext("Device"): words.device(one.device) if one.device else None,
            gettext("Network"): one.network or None,
        }
        for one in db.session.scalars(statements.RECOVERIES, {"whose": account.person_id})
    ]


def _authenticator(one: Authenticator) -> Part:
    told = {
        gettext("Kind"): str(_KINDS[one.kind]),
        gettext("Name"): one.name or None,
        gettext("Added"): _time(one.added_at),
        gettext("Last used"): _time(one.last_used_at),
    }
    if one.kind == PASSKEY:
        told[gettext("Where it works")] = gettext("Synced") if one.is_synced else gettext("This device only")
    return told


def _browsers(account: Account, now: datetime) -> list[Part]:
    owner = people.owner(adapters.identify(account))
    until = dict(iter(run(statements.REMEMBERED_UNTIL, {"whose": owner.id})))
    return [
        {
            gettext("Device"): words.device(browser.name),
            gettext("Remembered since"): _time(browser.since),
            gettext("Last used"): _time(browser.last_used_at),
            gettext("Remembered until"): _time(until.get(browser.id)),
        }
        for browser in remembered.of(owner, now)
    ]


def _sessions(account: Account, here: AccountSession, now: datetime) -> list[Part]:
    return [
        {
            gettext("Device"): words.device(devices.name(session.user_agent)),
            gettext("What the browser calls itself"): session.user_agent,
            gettext("Network"): session.address or None,
            gettext("Signed in"): _time(session.created_at),
            gettext("Password last typed"): _time(session.proved_at),
            gettext("Last seen"): _time(session.seen_at),
            gettext("Ends at the latest"): _time(session.expires_at),
            gettext("This session"): gettext("Yes") if session.id == here.id else gettext("No"),
        }
        for session in sessions.live(account.id, now)
    ]


def _activity(account: Account) -> list[Part]:
    asked = {"whose": account.person_id, "most": MOST_EVENTS}
    return [
        {
            gettext("What"): activity_words.sentence(event),
            gettext("When"): _time(event.happened_at),
            gettext("Device"): words.device(event.device) if event.device else None,
            gettext("Network"): event.address or None,
        }
        for event in db.session.scalars(statements.NEWEST_EVENTS, asked)
    ]


def _mails(account: Account) -> list[Part]:
    asked = {"whose": account.person_id, "most": MOST_MAILS}
    waiting = db.session.scalars(statements.WAITING_MAILS, asked)
    return [
        {
            gettext("Subject"): _subject(mail),
            gettext("To"): mail.recipient,
            gettext("Written"): _time(mail.created_at),
        }
        for mail in waiting
    ]


def _subject(mail: OutboxMail) -> str:
    return office().notices[mail.message](mail.recipient, **mail.details).subject


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
