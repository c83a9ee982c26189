"""The statements that read what is stored about one account, each made once."""

from __future__ import annotations

from sqlalchemy import Integer, bindparam, select

from console.accounts.models import EmailChange, Invitation
from mfa.activity.models import ActivityEvent
from mfa.notices.models import OutboxMail
from mfa.people.models import PersonState, Recovery
from mfa.sign_in.models import RememberedBrowser

NEWEST_EVENTS = (
    select(ActivityEvent)
    .where(ActivityEvent.person_id == bindparam("whose"))
    .order_by(ActivityEvent.id.desc())
    .limit(bindparam("most", type_=Integer))
)

CHANGES_OF_ADDRESS = (
    select(EmailChange).where(EmailChange.account_id == bindparam("whose")).order_by(EmailChange.id)
)

INVITATIONS_SENT = (
    select(Invitation).where(Invitation.invited_by == bindparam("whose")).order_by(Invitation.id)
)

INVITATIONS_TO = (
    select(Invitation).where(Invitation.email_key == bindparam("email_key")).order_by(Invitation.id)
)

WAITING_MAILS = (
    select(OutboxMail)
    .where(OutboxMail.person_id == bindparam("whose"))
    .order_by(OutboxMail.id)
    .limit(bindparam("most", type_=Integer))
)

RECOVERIES = select(Recovery).where(Recovery.person_id == bindparam("whose")).order_by(Recovery.id)

REQUIRED_SINCE = select(PersonState.required_at).where(PersonState.person_id == bindparam("whose"))

REMEMBERED_UNTIL = select(RememberedBrowser.id, RememberedBrowser.expires_at).where(
    RememberedBrowser.person_id == bindparam("whose")
)
