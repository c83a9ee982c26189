"""The change of an address: asked for with fresh proof, confirmed at the new one, told to the old one.

Nothing is kept of a change before it is confirmed: its link carries all of it. The link does not sign anyone
in and moves nothing for a stranger: it is confirmed by somebody who is signed in, so that a mistyped address
gives the account to nobody.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import delete, exists, select, update
from sqlalchemy.exc import IntegrityError

from console import languages
from console.accounts import addresses, reserved, rules as accounts
from console.accounts.addresses import Address
from console.accounts.models import Account, EmailChange
from console.accounts.rules import LinkEnded
from console.activity import events
from console.auth import password as passwords
from console.extensions import db
from console.mail import messages
from console.sessions import rules as sessions
from console.sessions.models import AccountSession
from console.toolbox import UNDO_LINK_SECONDS, toolbox
from console.two_step import factors
from mfa.activity import rules as activity
from mfa.attempts import rules as attempts
from mfa.crypto import links
from mfa.database import affected, transaction
from mfa.errors import Refusal
from mfa.here import Here
from mfa.notices import outbox


class SameAddress(Refusal):
    """The account has this address already."""

    says = _("This is your address already.")


class Taken(Refusal):
    """The address has become another account's, or is reserved for the one that left it."""


def request(
    account: Account,
    email: str,
    *,
    password: str,
    factor: str,
    typed: str | None,
    here: Here,
) -> Address:
    """Mail a link to the new address that confirms the change; the address it went to.

    An address that has an account gets a mail that says so. The answer is the same.

    :param factor: with 2-step verification on, :data:`factors.CODE` or :data:`factors.RECOVERY_CODE`.
    :param typed: the code; None while 2-step verification is off.
    :raises addresses.BadAddress: not an address.
    :raises SameAddress: the account's own.
    :raises passwords.WrongPassword: not the password.
    :raises attempts.Throttled: too many wrong passwords or codes, or too many mails to this address.
    :raises Refusal: see :func:`factors.check`.
    :raises accounts.Changed: the account was changed elsewhere at the same moment.
    :raises delivery.MailNotSent: the mail server does not take it.
    """
    address = addresses.parse(email)
    if address.key == account.email_key:
        raise SameAddress
    passwords.prove(account, password, here)
    # Asked of the database and not of the form: who sends no code has none, and is told so.
    attempt = factors.Attempt(account, here)
    right = factors.check(factor, attempt, typed or "") if factors.is_on(account.person_id) else None
    # Before the code is used up: a mail that may not be sent shall cost none.
    accounts.count_mail(address, attempts.EMAIL_CHANGE_SENDING, here.now)
    with transaction():
        if not accounts.hold(account):
            raise accounts.Changed
        left = right.use_up() if right else None
        if left is not None:
            factors.tell_used(account, left, here.now)
        activity.record(account.id, events.EMAIL_CHANGE_ASKED, here)
    token = toolbox().email_change_links.make(
        {"account": account.id, "generation": account.generation, "email": address.text}, here.now.timestamp()
    )
    owner = accounts.find(address)
    left = reserved.is_reserved(address, here.now, but=account.id)
    with languages.speaking(owner.language if owner else account.language):
        if owner:
            message = messages.email_taken(address.text)
        elif left:
            message = messages.address_reserved(address.text)
        else:
            message = messages.confirm_email(address.text, token=token)
    accounts.send_counted(address, attempts.EMAIL_CHANGE_SENDING, message)
    return address


def read_link(account: Account, token: str, now: datetime) -> Address:
    """The new address that a link confirms for *account*.

    :raises LinkEnded: expired, used, not genuine, another account's, or password, second step or address were
        changed since.
    """
    try:
        payload = toolbox().email_change_links.read(token, now.timestamp())
        if (payload["account"], payload["generation"]) != (account.id, account.generation):
            raise LinkEnded
        return addresses.parse(str(payload["email"]))
    except (links.BadToken, KeyError, addresses.BadAddress) as error:
        raise LinkEnded from error


def confirm(account: Account, session: AccountSession, token: str, here: Here) -> str:
    """Give the account its new address. Its other sessions end; the new token of this one is returned.

    Both addresses are told; the old one gets a link that undoes the change. Not so an address that came by a
    change that can still be undone: it could be its thief's. Then the address from before that change is told
    again, with its link.

    :raises LinkEnded: see :func:`read_link`; also for the second of two at once.
    :raises Taken: somebody opened an account with the new address meanwhile.
    :raises sessions.SessionEnded: the session was ended meanwhile.
    """
    address = read_link(account, token, here.now)
    old, old_key = account.email, account.email_key
    try:
        with transaction():
            _move(account, address, here.now)
            earlier = _open_change(account, here.now)
            change = earlier or _keep(account, old, old_key, here.now)
            activity.record(account.id, events.EMAIL_CHANGED, here)
            for recipient in {old, change.old_email} - {address.text}:
                outbox.post(
                    messages.email_changed,
                    account,
                    here.now,
                    to=recipient,
                    always=True,
                    new_email=address.text,
                    change=change.id if recipient == change.old_email else None,
                    at=change.changed_at.isoformat(),
                )
            outbox.post(messages.email_is_new, account, here.now, to=address.text)
            sessions.end_all(account.id, but=session.id)
            renewed = sessions.renew(session, here.now, proved=False)
    except accounts.Changed as error:
        raise LinkEnded from error
    db.session.refresh(account)
    return renewed


# Undo


def read_undo_link(token: str, now: datetime) -> EmailChange:
    """The change that a link undoes.

    :raises LinkEnded: expired, used, or not genuine.
    """
    try:
        change = db.session.get(EmailChange, int(toolbox().undo_links.read(token, now.timestamp())["change"]))
    except (links.BadToken, KeyError, TypeError, ValueError) as error:
        raise LinkEnded from error
    if change is None or change.undone_at:
        raise LinkEnded
    return change


def undo(token: str, here: Here) -> str:
    """Give the account its old address back; the token of a link that sets a new password is returned.

    Whoever changed the address had the password: so it opens nothing any more, every session ends, and no
    device is known. The second step stays as it is.

    :raises LinkEnded: see :func:`read_undo_link`; also for the second of two at once.
    :raises sessions.Locked: an operator has locked the account.
    :raises Taken: the old address has become another account's.
    """
    change = read_undo_link(token, here.now)
    account = db.session.get_one(Account, change.account_id, populate_existing=True)
    if account.locked_at:
        raise sessions.Locked
    other, hashed = account.email, passwords.nobodys_hash()
    try:
        with transaction():
            undone = update(EmailChange).where(EmailChange.undone_at.is_(None))
            if not affected(undone.where(EmailChange.id == change.id).values(undone_at=here.now)):
                raise LinkEnded
            passwords.take_away(account, hashed)
            db.session.refresh(account)
            _move(account, Address(change.old_email, change.old_email_key), here.now)
            activity.record(account.id, events.EMAIL_CHANGE_UNDONE, here)
            for recipient in (change.old_email, other):
                outbox.post(messages.email_change_undone, account, here.now, to=recipient)
            sessions.end_all(account.id)
    except accounts.Changed as error:
        raise LinkEnded from error
    db.session.refresh(account)
    return passwords.make_reset_token(account, here.now)


def _open_change(account: Account, now: datetime) -> EmailChange | None:
    """The change of the account that can still be undone; older ones are forgotten."""
    own = EmailChange.account_id == account.id
    oldest = now - timedelta(seconds=UNDO_LINK_SECONDS)
    affected(delete(EmailChange).where(own, EmailChange.changed_at < oldest))
    return db.session.scalar(select(EmailChange).where(own, EmailChange.undone_at.is_(None)))


def _keep(account: Account, old: str, old_key: str, now: datetime) -> EmailChange:
    change = EmailChange(account_id=account.id, old_email=old, old_email_key=old_key, changed_at=now)
    db.session.add(change)
    db.session.flush()
    return change


def _move(account: Account, address: Address, now: datetime) -> None:
    others = Account.email_key == address.key, Account.id != account.id
    if db.session.scalar(select(exists().where(*others))) or reserved.is_reserved(
        address, now, but=account.id
    ):
        raise Taken
    try:
        accounts.advance(account, email=address.text, email_key=address.key)
    except IntegrityError as error:
        # Taken between the look and the change.
        raise Taken from error
