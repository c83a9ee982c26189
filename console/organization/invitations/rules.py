"""How people are invited, and how they come in.

The link names the invitation and the number of its mail; it is signed, so the database holds
nothing that opens an account. The row decides: one conditional statement uses it, sends it again or withdraws
it, so of two at once exactly one finds it open.

The sender of an invitation answers for it. Their rights are checked again when it is used: if they may no
longer give the role, the invitation has ended until somebody who may sends it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _

from console.accounts import addresses, reserved, rules as accounts
from console.accounts.addresses import Address
from console.accounts.models import Account, Invitation, Role
from console.accounts.rules import LinkEnded
from console.activity import events
from console.auth import sign_up
from console.extensions import db
from console.mail import messages
from console.operator import rules as operator
from console.organization import audit
from console.organization.invitations import statements
from console.organization.members import acts
from console.organization.rights import NotAllowed
from console.toolbox import INVITATION_LINK_SECONDS, toolbox
from mfa.activity import rules as activity
from mfa.attempts import rules as attempts
from mfa.attempts.policy import Policy
from mfa.crypto import links
from mfa.database import affected, in_batches, insert_absent, insert_if_absent, run, transaction
from mfa.errors import Refusal
from mfa.here import Here
from mfa.notices import outbox
from mfa.people import rules as people
from mfa.people.models import PersonState

LASTS = timedelta(seconds=INVITATION_LINK_SECONDS)
BETWEEN = timedelta(minutes=5)
"""Between two mails of one invitation."""
KEPT = timedelta(days=30)
"""How long an invitation stays in the list after it is over."""
TO_ONE = Policy("invitation_sending", forget_after=3600)
"""Mails to one address, from all accounts together."""
BY_ONE = Policy("invitations", free=100, first_wait=60, forget_after=24 * 3600)
"""Mails by one account."""


class HasAccount(Refusal):
    """The address is that of a member."""

    says = _("There is an account with this address already.")


class InvitedAlready(Refusal):
    """An invitation to the address is open."""

    says = _("This address is invited already. You can send the invitation again.")


class IsReserved(Refusal):
    """An account has left the address, and can take it back."""

    says = _("An account has left this address lately and can take it back for a week. Invite it after that.")


class Over(Refusal):
    """The invitation was used, withdrawn or deleted."""

    says = _("This invitation was used or withdrawn already.")
    status = 409


class SentLately(Refusal):
    """It was sent less than :data:`BETWEEN` ago."""

    says = _("This invitation was sent a few minutes ago. Wait a little before you send it again.")


class AccountExists(Refusal):
    """The invited address has an account by now. The link opens a page that says so."""


@dataclass(frozen=True)
class Invited:
    """What a valid link invites to.

    :param account: of somebody who was removed from the organization; None where one is to be opened.
    """

    id: int
    sent: int
    address: Address
    role: Role
    invited_by: int
    account: Account | None


# Those who invite


def invite(actor: Account, email: str, role: Role, now: datetime) -> Address:
    """Mail an invitation.

    :raises addresses.BadAddress: not one address.
    :raises NotAllowed: the actor may not give that role, or does not manage any longer.
    :raises HasAccount, InvitedAlready, IsReserved: the address can't be invited now.
    :raises attempts.Throttled: too many mails, to that address or by the actor.
    """
    address = addresses.parse(email)
    with transaction():
        _hold(actor, role)
        removed = _removed(address)
        if reserved.is_reserved(address, now, but=removed.id if removed else None):
            raise IsReserved
        affected(statements.FORGET_EXPIRED, {"of": address.key, "now": now})
        rows = insert_absent(
            Invitation,
            [
                {
                    "email": address.text,
                    "email_key": address.key,
                    "role": role,
                    "invited_by": actor.id,
                    "invited_at": now,
                    "sent": 1,
                    "sent_at": now,
                    "expires_at": now + LASTS,
                    "forget_at": now + LASTS + KEPT,
                }
            ],
            *(Invitation.__table__.c[name] for name in ("id", "email", "email_key", "role", "sent")),
        )
        if not rows:
            raise InvitedAlready
        _mail(actor, rows[0], now)
        _write_down(audit.Event.INVITATION_SENT, rows[0], actor.id, now, removed)
    return address


def send_again(actor: Account, invitation_id: int, now: datetime) -> None:
    """Mail another link, good for seven days: the one before it ends. The actor answers for it from now on.

    :raises Over, SentLately: it can't be sent.
    :raises NotAllowed: see :func:`invite`.
    :raises HasAccount: the address has an account by now.
    :raises attempts.Throttled: too many mails, to that address or by the actor.
    """
    given = {
        "invitation_id": invitation_id,
        "latest": now - BETWEEN,
        "now": now,
        "until": now + LASTS,
        "kept_until": now + LASTS + KEPT,
        "actor_id": actor.id,
    }
    with transaction():
        held = _hold(actor)
        row = run(statements.SEND_AGAIN, given).first()
        if row is None:
            found = _stored(invitation_id)
            raise Over if found is None or found.used_at or found.withdrawn_at else SentLately
        _may_give(held, row.role)
        removed = _removed(Address(row.email, row.email_key))
        _take_mails_back(row.email)
        _mail(actor, row, now)
        _write_down(audit.Event.INVITATION_SENT_AGAIN, row, actor.id, now, removed)


def withdraw(actor: Account, invitation_id: int, now: datetime) -> None:
    """End an invitation: its link opens nothing any more, and a mail that has not left stays here.

    :raises Over: it was used or withdrawn.
    :raises NotAllowed: see :func:`invite`.
    """
    with transaction():
        held = _hold(actor)
        given = {"invitation_id": invitation_id, "now": now, "kept_until": now + KEPT}
        row = run(statements.WITHDRAW, given).first()
        if row is None:
            raise Over
        _may_give(held, row.role)
        _take_mails_back(row.email)
        _write_down(audit.Event.INVITATION_WITHDRAWN, row, actor.id, now)


def may_give(who: Any, role: Role) -> bool:
    """Return True if somebody may invite to a role: an account, or what was read of one; None for nobody."""
    is_here = who is not None and not (who.locked_at or who.removed_at or who.delete_at)
    return is_here and who.role.manages and role in acts.roles(who)


# Those who are invited


def read_link(token: str, now: datetime) -> Invited:
    """Return what a link invites to.

    :raises LinkEnded: not genuine, or the invitation is over, or its sender may not give the role now.
    :raises AccountExists: the address has an account.
    """
    try:
        payload = toolbox().invitation_links.read(token, now.timestamp())
        invitation_id, sent = int(payload["invitation"]), int(payload["sent"])
    except (links.BadToken, KeyError, TypeError, ValueError) as error:
        raise LinkEnded from error
    found = _stored(invitation_id)
    is_over = found is None or found.used_at or found.withdrawn_at or found.expires_at <= now
    if found is None or is_over or found.sent != sent or found.invited_by is None:
        raise LinkEnded
    address = Address(found.email, found.email_key)
    account = accounts.find(address)
    if account and not account.removed_at:
        raise AccountExists
    if not may_give(db.session.get(Account, found.invited_by), found.role):
        raise LinkEnded
    if account is None and reserved.is_reserved(address, now):
        raise LinkEnded
    return Invited(found.id, sent, address, found.role, found.invited_by, account)


def accept(token: str, *, name: str, password: str, here: Here) -> Account:
    """Open the account that a link invites to.

    :raises LinkEnded, AccountExists: see :func:`read_link`.
    :raises names.BadName: see :func:`names.clean`.
    :raises passwords.BadPassword: not acceptable as a password.
    :raises hashing.Busy: too many passwords are being hashed now; the link stays valid.
    """
    invited = read_link(token, here.now)
    if invited.account:
        raise LinkEnded
    newcomer = sign_up.prepare(invited.address, name=name, password=password, here=here)
    with transaction():
        _use(invited, [invited.invited_by], here.now)
        account = sign_up.open_account(newcomer, here, invited.role)
        _note_accepted(invited, account, here.now)
    return account


def come_back(token: str, here: Here) -> None:
    """Take somebody who was removed back into the organization, with the role that they are invited to.

    Nobody is signed in: password and second step of the account stay as they were, and are asked for.

    :raises LinkEnded, AccountExists: see :func:`read_link`.
    :raises people.Changed: the account was changed at the same moment.
    """
    invited = read_link(token, here.now)
    account = invited.account
    if account is None:
        raise LinkEnded
    with transaction():
        # These rows are held in the order of :func:`console.organization.rights.held`.
        insert_if_absent(PersonState, person_id=account.person_id, generation=0, device_epoch=0)
        people.wait_for(account.person_id)
        _use(invited, sorted([account.id, invited.invited_by]), here.now)
        operator.let_in(account, here.now, role=invited.role)
        activity.record(account.id, events.CAME_BACK, here)
        _note_let_in(invited, account, here.now)
        _note_accepted(invited, account, here.now)


# In the background


def forget(now: datetime) -> Iterator[int]:
    """Delete, batch by batch, the invitations that have been over for :data:`KEPT`."""
    return in_batches(statements.FORGET, {"now": now})


# What these share


def _hold(actor: Account, role: Role = Role.MEMBER) -> Any:
    """Hold the actor's row and return it: what is done to them at this moment comes before or after.

    :raises NotAllowed: they may not give that role.
    """
    held = run(statements.HOLD, {"account_id": actor.id}).first()
    _may_give(held, role)
    return held


def _may_give(held: Any, role: Role) -> None:
    if not may_give(held, role):
        raise NotAllowed


def _use(invited: Invited, account_ids: list[int], now: datetime) -> None:
    """Use the invitation up, as part of the caller's transaction.

    :param account_ids: the accounts to hold, in this order; the sender of the invitation is among them.
    :raises LinkEnded: it is over, or they may not give the role.
    """
    held = {one: run(statements.HOLD, {"account_id": one}).first() for one in account_ids}
    if not may_give(held[invited.invited_by], invited.role):
        raise LinkEnded
    given = {"invitation_id": invited.id, "seen": invited.sent, "now": now, "kept_until": now + KEPT}
    if not affected(statements.USE, given):
        raise LinkEnded


def _stored(invitation_id: int) -> Invitation | None:
    found: Invitation | None = db.session.scalar(
        statements.INVITATION,
        {"invitation_id": invitation_id},
        execution_options={"populate_existing": True},
    )
    return found


def _removed(address: Address) -> Account | None:
    """Return the account of an address that was removed from the organization; None if there is none.

    :raises HasAccount: there is one that was not.
    """
    account = accounts.find(address)
    if account and not account.removed_at:
        raise HasAccount
    return account


def _mail(actor: Account, row: Any, now: datetime) -> None:
    """Count and write the mail, as part of the caller's transaction: in the language of who invites."""
    address = Address(row.email, row.email_key)
    attempts.count_success(accounts.address_subject(address), TO_ONE, now)
    attempts.count_success(attempts.account_subject(actor.id), BY_ONE, now)
    outbox.post(
        messages.invitation,
        actor,
        now,
        to=row.email,
        always=True,
        email=actor.email,
        invitation=row.id,
        sent=row.sent,
        at=now.isoformat(),
    )


def _take_mails_back(email: str) -> None:
    affected(statements.FORGET_MAILS, {"kind": messages.invitation.__name__, "to": email})


def _note_let_in(invited: Invited, account: Account, now: datetime) -> None:
    """Write down what has changed of the account: webhooks tell other systems of it."""
    changes: list[tuple[audit.Event, dict[str, str]]] = [(audit.Event.MEMBER_UNLOCKED, {})]
    if invited.role is not Role.MEMBER:
        changes.append((audit.Event.ROLE_CHANGED, {"role": invited.role.value}))
    for event, detail in changes:
        audit.write_down(event, actor=invited.invited_by, subject=account.id, detail=detail, now=now)


def _note_accepted(invited: Invited, account: Account, now: datetime) -> None:
    audit.write_down(
        audit.Event.INVITATION_ACCEPTED,
        actor=account.id,
        subject=account.id,
        detail=_detail(invited.id, invited.role),
        now=now,
    )


def _write_down(
    event: audit.Event, row: Any, actor_id: int, now: datetime, removed: Account | None = None
) -> None:
    subject = removed.id if removed else None
    audit.write_down(event, actor=actor_id, subject=subject, detail=_detail(row.id, row.role), now=now)


def _detail(invitation_id: int, role: Role) -> dict[str, str]:
    return {"role": role.value, "invitation": str(invitation_id)}
