"""What may happen to an account: it begins, its owner proves the password, changes it, or resets it."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from mfa.accounts import addresses
from mfa.accounts.addresses import Address
from mfa.accounts.models import NAME_LENGTH, Account
from mfa.attempts import rules as attempts
from mfa.crypto import links, passwords
from mfa.database import affected, insert_if_absent, transaction
from mfa.errors import Refusal
from mfa.extensions import db
from mfa.mail import delivery, messages, outbox
from mfa.sessions import rules as sessions
from mfa.sessions.devices import Device
from mfa.sessions.models import AccountSession
from mfa.toolbox import toolbox


class WrongCredentials(Refusal):
    """No account has this address and this password; which of the two is wrong is not said."""


class WrongPassword(Refusal):
    """Not the password of this account."""


class BadName(Refusal):
    """Not a name that can be shown."""


class LinkEnded(Refusal):
    """An e-mailed link that is expired, used, or not genuine."""


class Changed(Refusal):
    """Password or second step were changed elsewhere while this was being done."""


# Sign-up


def request_sign_up(email: str, now: datetime) -> Address:
    """Mail a link that opens an account; or, where there is one, a mail that says so.

    :raises addresses.BadAddress: not an address.
    :raises attempts.Throttled: too many such mails to this address.
    :raises delivery.MailNotSent: the mail server does not take it.
    """
    address = addresses.parse(email)
    account = find(address)
    if account:
        message = messages.already_signed_up(account.email, name=account.name)
    else:
        token = toolbox().sign_up_links.make({"email": address.text}, now.timestamp())
        message = messages.sign_up(address.text, token=token)
    _send_link(address, message, now)
    return address


def read_sign_up_link(token: str, now: datetime) -> Address:
    """The address that a sign-up link proves.

    :raises LinkEnded: not good, or its account exists already.
    """
    try:
        address = addresses.parse(str(toolbox().sign_up_links.read(token, now.timestamp())["email"]))
    except (links.BadToken, KeyError, addresses.BadAddress) as error:
        raise LinkEnded from error
    if find(address):
        raise LinkEnded
    return address


def create_account(token: str, *, name: str, password: str, now: datetime, device: Device) -> sessions.Entry:
    """Open the account that a sign-up link allows, and sign its owner in.

    :raises LinkEnded: the link is not good (any more).
    :raises BadName: see :func:`clean_name`.
    :raises passwords.BadPassword: not acceptable as a password.
    """
    address = read_sign_up_link(token, now)
    name = clean_name(name)
    check_password(password, address.text)
    hashed = toolbox().hasher.hash(password)
    with transaction():
        created = insert_if_absent(
            Account,
            email=address.text,
            email_key=address.key,
            name=name,
            password_hash=hashed,
            generation=0,
            created_at=now,
        )
        if not created:
            raise LinkEnded
        account = find(address)
        assert account is not None
        attempts.reset(address_subject(address), attempts.LINK_SENDING)
        return sessions.enter(account.id, now, device)


# Sign-in


def sign_in(email: str, password: str, *, now: datetime, device: Device) -> sessions.Entry:
    """The first step of sign-in.

    A known and an unknown address cost the same: one count, one hash.

    :raises WrongCredentials: no such account, or not its password.
    :raises attempts.Throttled: too many wrong passwords for this address.
    """
    try:
        address = addresses.parse(email)
    except addresses.BadAddress as error:
        raise WrongCredentials from error
    subject = address_subject(address)
    attempts.count(subject, attempts.PASSWORD, now)
    account = find(address)
    if not toolbox().hasher.verify(account.password_hash if account else None, password):
        raise WrongCredentials
    assert account is not None
    with transaction():
        if not hold(account):
            raise WrongCredentials
        attempts.reset(subject, attempts.PASSWORD)
        _rehash(account, password)
        return sessions.enter(account.id, now, device)


def prove_password(account: Account, password: str, now: datetime) -> None:
    """Check the password of somebody who is signed in, with the same count as at sign-in.

    :raises WrongPassword: it is not.
    :raises attempts.Throttled: too many wrong ones.
    """
    subject = address_subject(addresses.parse(account.email))
    attempts.count(subject, attempts.PASSWORD, now)
    if not toolbox().hasher.verify(account.password_hash, password):
        raise WrongPassword
    with transaction():
        attempts.reset(subject, attempts.PASSWORD)


# Forgotten password


def request_reset(email: str, now: datetime) -> Address:
    """Mail a link that sets a new password; to an unknown address, a mail that there is no account.

    Both ways one mail leaves: so neither the answer nor its time says whether there is an account.

    :raises addresses.BadAddress: not an address.
    :raises attempts.Throttled: too many such mails to this address.
    :raises delivery.MailNotSent: the mail server does not take it.
    """
    address = addresses.parse(email)
    account = find(address)
    if account:
        payload = {"account": account.id, "state": _password_state(account)}
        token = toolbox().reset_links.make(payload, now.timestamp())
        message = messages.reset_password(account.email, name=account.name, token=token)
    else:
        message = messages.no_account(address.text)
    _send_link(address, message, now)
    return address


def read_reset_link(token: str, now: datetime) -> Account:
    """The account whose password a reset link may set.

    :raises LinkEnded: expired, used, not genuine, or the password was changed since.
    """
    try:
        payload = toolbox().reset_links.read(token, now.timestamp())
        account = db.session.get(Account, int(payload["account"]))
        state = str(payload["state"])
    except (links.BadToken, KeyError, TypeError, ValueError) as error:
        raise LinkEnded from error
    if account is None or state != _password_state(account):
        raise LinkEnded
    return account


def reset_password(token: str, *, password: str, now: datetime, device: Device) -> sessions.Entry:
    """Set a new password by link. Every session ends; the second step stays and is asked for.

    :raises LinkEnded: see :func:`read_reset_link`; also for the second of two at once.
    :raises passwords.BadPassword: not acceptable as a password.
    """
    account = read_reset_link(token, now)
    check_password(password, account.email)
    with transaction():
        try:
            _set_password(account, password, now)
        except Changed as error:
            raise LinkEnded from error
        sessions.end_all(account.id)
        subject = address_subject(addresses.parse(account.email))
        attempts.reset(subject, attempts.PASSWORD)
        attempts.reset(subject, attempts.LINK_SENDING)
        return sessions.enter(account.id, now, device)


# Profile and password of somebody who is signed in


def change_name(account: Account, name: str) -> None:
    """Change the name that the account shows.

    :raises BadName: see :func:`clean_name`.
    """
    name = clean_name(name)
    with transaction():
        account.name = name


def change_password(
    account: Account, session: AccountSession, *, current: str, new: str, now: datetime
) -> str:
    """Change the password. The other sessions end; this one goes on under the new token returned.

    :raises WrongPassword: *current* is not the password.
    :raises attempts.Throttled: too many wrong ones.
    :raises passwords.BadPassword: *new* is not acceptable.
    :raises Changed: it was changed elsewhere at the same moment.
    """
    check_password(new, account.email)
    prove_password(account, current, now)
    with transaction():
        _set_password(account, new, now)
        sessions.end_all(account.id, but=session.id)
        return sessions.renew(session, now, proved=True)


# What the above share


def find(address: Address) -> Account | None:
    """The account of an address."""
    return db.session.scalar(select(Account).where(Account.email_key == address.key))


def address_subject(address: Address) -> str:
    """By what attempts on an address are counted: the same for addresses with and without an account."""
    return toolbox().ring.keyed_hash("throttle-subject", address.key.encode()).hex()


def clean_name(name: str) -> str:
    """The name in NFC, with single spaces.

    :raises BadName: empty, longer than :data:`NAME_LENGTH` characters, or not printable.
    """
    cleaned = " ".join(unicodedata.normalize("NFC", name).split())
    if not cleaned or len(cleaned) > NAME_LENGTH or not cleaned.isprintable():
        raise BadName
    return cleaned


def check_password(password: str, email: str) -> None:
    """Refuse what can't be the password of this account.

    :raises passwords.BadPassword: one of its kinds.
    """
    box = toolbox()
    local_part, _, domain = email.partition("@")
    words = (box.product_name, email, local_part, domain, domain.partition(".")[0])
    passwords.check(password, minimum=box.password_minimum, words=words)


def hold(account: Account) -> bool:
    """Lock the account's row for the rest of the transaction, if nothing was changed since it was read."""
    return _update(account, generation=account.generation)


def advance(account: Account) -> None:
    """Count a change of password or second step, so that whatever was begun before it can't be ended.

    :raises Changed: another such change came first.
    """
    if not _update(account, generation=account.generation + 1):
        raise Changed


def _set_password(account: Account, password: str, now: datetime) -> None:
    hashed = toolbox().hasher.hash(password)
    if not _update(account, generation=account.generation + 1, password_hash=hashed):
        raise Changed
    outbox.post(messages.password_changed, account.email, now, name=account.name)


def _rehash(account: Account, password: str) -> None:
    if toolbox().hasher.outdated(account.password_hash):
        _update(account, password_hash=toolbox().hasher.hash(password))


def _update(account: Account, **values: Any) -> bool:
    unchanged = (Account.id == account.id, Account.generation == account.generation)
    return affected(update(Account).where(*unchanged).values(**values)) == 1


def _password_state(account: Account) -> str:
    return toolbox().ring.keyed_hash("password-state", account.password_hash.encode()).hex()[:32]


def _send_link(address: Address, message: messages.Message, now: datetime) -> None:
    subject = address_subject(address)
    attempts.count(subject, attempts.LINK_SENDING, now)
    with attempts.returned_on(delivery.MailNotSent, subject, attempts.LINK_SENDING):
        delivery.send(message)
