"""The deletion of an account: its owner asks for it, and has some days to take it back by signing in.

The moment decides. Before it, a sign-in that has shown password and second step keeps the account. From it
on, nobody gets in, and the next round of housekeeping deletes the account. Both hold the account's row and
check again, so of two at once exactly one wins, even on servers whose clocks differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from console.accounts import roles, rules as accounts
from console.accounts.addresses import Address
from console.accounts.models import Account
from console.activity import events
from console.deletion import statements
from console.extensions import db, two_step
from console.mail import messages
from console.organization import audit
from console.policy import rules as policy
from console.sessions import rules as sessions
from console.toolbox import UNDO_LINK_SECONDS, toolbox
from mfa import database
from mfa.accounts import Person
from mfa.activity import log, rules as activity
from mfa.database import affected, run, transaction
from mfa.here import Here
from mfa.notices import outbox
from mfa.people import rules as people

_NEAR = timedelta(days=1)
_AT_ONCE = 50
"""Accounts whose ids are read at a time; each is deleted in a transaction of its own."""


def moment(now: datetime) -> datetime:
    """Return when an account is deleted whose owner asks for it now."""
    return now + timedelta(days=toolbox().deletion_days)


def can_be_taken_back() -> bool:
    """Return True if there is a time in which owners may change their mind."""
    return toolbox().deletion_days > 0


def request(account: Account, here: Here) -> datetime:
    """Lock the account until it is deleted, and return when that is.

    Its sessions end, its devices and remembered browsers are forgotten, and what was begun ends.

    :raises OnlyOwner: nobody else owns the organization.
    :raises Changed: it was changed elsewhere at the same moment.
    """
    at = moment(here.now)
    # A reminder that arrives together with the first mail says nothing new.
    reminded_at = here.now if at - here.now <= _NEAR else None
    with transaction():
        two_step.account_changed(account, session=db.session())
        roles.leave(account)
        accounts.count_change(account, delete_at=at, delete_reminded_at=reminded_at)
        sessions.end_all(account.id)
        activity.record(account.id, events.DELETION_ASKED, here)
        if at > here.now:
            tell(account, here.now, at)
        audit.write_down(audit.Event.DELETION_ASKED, actor=account.id, subject=account.id, now=here.now)
    return at


def tell(account: Account, now: datetime, delete_at: datetime) -> None:
    """Mail the owner when the account is deleted, as part of the caller's transaction.

    A former address that can still take the account back gets the mail, too.
    """
    asked = {"whose": account.id, "oldest": now - timedelta(seconds=UNDO_LINK_SECONDS)}
    former = set(run(statements.FORMER_ADDRESSES, asked).scalars()) - {account.email}
    for recipient in (account.email, *sorted(former)):
        outbox.post(
            messages.deletion_asked,
            account,
            now,
            to=recipient,
            always=True,
            delete_at=delete_at.isoformat(),
            former=recipient in former,
        )


# In the background


def remind(now: datetime) -> Iterator[int]:
    """Mail the owners whose accounts are deleted within a day, batch by batch."""
    asked = {"now": now, "near": now + _NEAR}
    found, pace = database.BATCH, database.Pace()
    while found >= database.BATCH:
        with pace.transaction():
            owners = run(statements.REMIND, {**asked, "at_most": database.BATCH}).all()
            for owner in owners:
                at = owner.delete_at.isoformat()
                outbox.post(messages.deletion_near, owner, now, always=True, delete_at=at)
        found = len(owners)
        yield found


def delete_due(now: datetime) -> Iterator[int]:
    """Delete the accounts whose moment has come, one in each transaction; yield 1 for each."""
    after, pace = 0, database.Pace()
    while ids := run(statements.DUE, {"now": now, "after": after, "at_most": _AT_ONCE}).scalars().all():
        for account_id in ids:
            with pace.transaction():
                is_gone = _delete(account_id, now)
            if is_gone:
                yield 1
        after = ids[-1]


def _delete(account_id: int, now: datetime) -> bool:
    """Delete an account and all that belongs to it; return False if it was taken back or locked meanwhile."""
    # First, as in every change of an account, so that everybody waits for rows in the same order.
    people.wait_for(str(account_id))
    gone = run(statements.HOLD_DUE, {"account_id": account_id, "now": now}).first()
    if gone is None:
        return False
    person = Person(str(account_id), gone.email, gone.name, gone.language)
    two_step.forget(person, session=db.session())
    # Ids of accounts are never reused, so nothing has to remember this one.
    affected(statements.DELETE_PERSON, {"whose": person.id})
    subject = accounts.address_subject(Address(gone.email, gone.email_key))
    affected(statements.DELETE_COUNTS, {"of": subject})
    # Those that it has sent remain without their sender, and are void.
    affected(statements.DELETE_INVITATIONS, {"of": gone.email_key})
    # What refers to the account goes with it: sessions and changes of address.
    affected(statements.DELETE, {"account_id": account_id})
    signs_up = not policy.is_sign_up_closed()
    outbox.post(messages.account_deleted, gone, now, always=True, signs_up=signs_up)
    log.after_commit(events.ACCOUNT_DELETED, Here(now), outcome="done", account=account_id)
    audit.write_down(audit.Event.ACCOUNT_DELETED, actor=None, subject=account_id, now=now)
    return True
