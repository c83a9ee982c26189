"""The change of an address: asked for with fresh proof, confirmed at the new one, told to the old one.

Nothing is kept of a change before it is confirmed: its link carries all of it. The link does not sign anyone
in and moves nothing for a stranger: it is confirmed by somebody who is signed in, so that a mistyped address
gives the account to nobody.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy.exc import IntegrityError

from console import languages
from console.accounts import addresses, reserved, rules as accounts, search
from console.accounts.addresses import Address
from console.accounts.models import Account, EmailChange
from console.accounts.rules import LinkEnded
from console.activity import events
from console.auth import password as passwords
from console.email_change import statements
from console.extensions import db
from console.mail import messages
from console.sessions import rules as sessions
from console.sessions.models import AccountSession
from console.toolbox import UNDO_LINK_SECONDS, toolbox
from mfa.activity import rules as activity
from mfa.attempts import hashing, rules as attempts
from mfa.crypto import links
from mfa.crypto.keys import UnknownKey
from mfa.database import affected, run, transaction
from mfa.errors import Refusal
from mfa.factors import kinds as factors
from mfa.here import Here
from mfa.notices import outbox
from mfa.people import rules as people
from mfa.people.rules import Changed, Owner


class SameAddress(Refusal):
    """The account has this address already."""

    says = _("This is your address already.")


class Taken(Refusal):
    """The address has become another account's, or is reserved for the one that left it."""


def request(
    account: Account,
    owner: Owner,
    email: str,
    *,
    password: str,
    factor: str,
    typed: str | None,
    place: str,
    here: Here,
) -> Address:
    """Mail a link to the new address that confirms the change; the address it went to.

    An address that has an account gets a mail that says so. The answer is the same.

    :param factor: with 2-step verification on, the kind of factor, like :data:`factors.CODE`.
    :param typed: the code; None while 2-step verification is off.
    :param place: what a passkey's challenge is bound to.
    :raises addresses.BadAddress: not an address.
    :raises SameAddress: the account's own.
    :raises passwords.WrongPassword: not the password.
    :raises attempts.Throttled: too many wrong passwords or codes, or too many mails to this address.
    :raises hashing.Busy: too many hash at this moment; nothing is counted.
    :raises Refusal: see :func:`factors.check`.
    :raises Changed: the account was changed elsewhere at the same moment.
    :raises delivery.MailNotSent: the mail server does not take it.
    """
    address = addresses.parse(email)
    if address.key == account.email_key:
        raise SameAddress
    attempt = factors.Attempt(owner, here, place=place)
    with hashing.place(here.device, known=attempt.known is not None):
        passwords.prove(account, password, here)
        # Asked of the database and not of the form: who sends no code has none, and is told so.
        right = factors.check(factor, attempt, typed or "") if factors.is_on(account.person_id) else None
    # Before the code is used up: a mail that may not be sent shall cost none.
    accounts.count_mail(address, attempts.EMAIL_CHANGE_SENDING, here.now)
    with transaction():
        people.hold(owner)
        if not accounts.hold(account):
            raise Changed
        left = right.use_up() if right else None
        if left is not None:
            factors.tell_used(owner, left, here.now)
        activity.record(account.id, events.EMAIL_CHANGE_ASKED, here)
    token = toolbox().email_change_links.make(
        {"account": account.id, "state": _state(owner), "email": address.text}, here.now.timestamp()
    )
    other = accounts.find(address)
    left = reserved.is_reserved(address, here.now, but=account.id)
    with languages.speaking(other.language if other else account.language):
        if other:
            message = messages.email_taken(address.text)
        elif left:
            message = messages.address_reserved(address.text)
        else:
            message = messages.confirm_email(address.text, token=token)
    accounts.send_counted(address, attempts.EMAIL_CHANGE_SENDING, message)
    return address


def _state(owner: Owner) -> list[str]:
    """What a link names of the owner: it is dead once password, second step or address are changed."""
    return [toolbox().ring.current, owner.mark()]


def read_link(owner: Owner, token: str, now: datetime) -> Address:
    """The new address that a link confirms for *owner*.

    :raises LinkEnded: expired, used, not genuine, another account's, or password, second step or address were
        changed since.
    """
    try:
        payload = toolbox().email_change_links.read(token, now.timestamp())
        key, mark = payload["state"]
        if str(payload["account"]) != owner.id or not owner.is_marked(mark, key):
            raise LinkEnded
        return addresses.parse(str(payload["email"]))
    except (links.BadToken, UnknownKey, KeyError, TypeError, ValueError, addresses.BadAddress) as error:
        raise LinkEnded from error


def confirm(account: Account, owner: Owner, session: AccountSession, token: str, here: Here) -> str:
    """Give the account its new address. Its other sessions end; the new token of this one is returned.

    Both addresses are told; the old one gets a link that undoes the change. Not so an address that came by a
    change that can still be undone: it could be its thief's. Then the address from before that change is told
    again, with its link.

    :raises LinkEnded: see :func:`read_link`; also for the second of two at once.
    :raises Taken: somebody opened an account with the new address meanwhile.
    :raises sessions.SessionEnded: the session was ended meanwhile.
    """
    address = read_link(owner, token, here.now)
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
    except Changed as error:
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
    :raises sessions.Locked: an operator has locked the account, or it has come to the moment of its deletion.
    :raises Taken: the old address has become another account's.
    """
    change = read_undo_link(token, here.now)
    account = db.session.get_one(Account, change.account_id, populate_existing=True)
    sessions.check_open(account, here.now)
    other, hashed = account.email, passwords.nobodys_hash()
    try:
        with transaction():
            if not affected(statements.UNDO, {"change_id": change.id, "now": here.now}):
                raise LinkEnded
            passwords.take_away(account, hashed)
            db.session.refresh(account)
            _move(account, Address(change.old_email, change.old_email_key), here.now)
            activity.record(account.id, events.EMAIL_CHANGE_UNDONE, here)
            for recipient in (change.old_email, other):
                outbox.post(messages.email_change_undone, account, here.now, to=recipient)
            sessions.end_all(account.id)
    except Changed as error:
        raise LinkEnded from error
    db.session.refresh(account)
    return passwords.make_reset_token(account, here.now)


def _open_change(account: Account, now: datetime) -> EmailChange | None:
    """The change of the account that can still be undone; older ones are forgotten."""
    oldest = now - timedelta(seconds=UNDO_LINK_SECONDS)
    affected(statements.FORGET_OLDER, {"whose": account.id, "oldest": oldest})
    return db.session.scalar(statements.OPEN_CHANGE, {"whose": account.id})


def _keep(account: Account, old: str, old_key: str, now: datetime) -> EmailChange:
    change = EmailChange(account_id=account.id, old_email=old, old_email_key=old_key, changed_at=now)
    db.session.add(change)
    db.session.flush()
    return change


def _move(account: Account, address: Address, now: datetime) -> None:
    others = run(statements.IS_ANOTHERS, {"email_key": address.key, "whose": account.id}).scalar()
    if others or reserved.is_reserved(address, now, but=account.id):
        raise Taken
    try:
        accounts.advance(
            account,
            email=address.text,
            email_key=address.key,
            search_key=search.key(account.name, address.key),
        )
    except IntegrityError as error:
        # Taken between the look and the change.
        raise Taken from error
