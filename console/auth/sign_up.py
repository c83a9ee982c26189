"""Sign-up: an e-mailed link proves the address, and opens the account."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _

from console import languages
from console.accounts import addresses, names, reserved, roles, rules, search
from console.accounts.addresses import Address
from console.accounts.models import Account, Role
from console.accounts.rules import LinkEnded
from console.activity import events
from console.auth.password import check
from console.mail import messages
from console.policy import rules as policy
from console.toolbox import toolbox
from mfa.activity import rules as activity
from mfa.attempts import hashing, rules as attempts
from mfa.crypto import links
from mfa.database import insert_if_absent, transaction
from mfa.errors import Refusal
from mfa.here import Here

_LINK = "sign-up link"


class SignUpClosed(Refusal):
    """Only invited people can create an account, links that were mailed before included."""

    says = _("Ask an administrator for an invitation.")
    status = 403


@dataclass(frozen=True)
class Newcomer:
    """Somebody whose account can be opened: the name is clean, the password hashed."""

    address: Address
    name: str
    password_hash: str


def must_be_open() -> None:
    """Refuse everybody alike where only invited people can create an account.

    :raises SignUpClosed: that is so.
    """
    if policy.is_sign_up_closed():
        raise SignUpClosed


def request(email: str, now: datetime) -> Address:
    """Mail a link that opens an account; or, where none can be opened, a mail that says why.

    :raises addresses.BadAddress: not an address.
    :raises attempts.Throttled: too many such mails to this address.
    :raises delivery.MailNotSent: the mail server does not take it.
    """
    address = addresses.parse(email)
    rules.count_mail(address, attempts.SIGN_UP_SENDING, now)
    account = rules.find(address)
    # Made for both, so that both take the same time.
    token = toolbox().sign_up_links.make({"email": address.text}, now.timestamp())
    left = reserved.is_reserved(address, now)
    with languages.speaking(account.language if account else None):
        if account:
            message = messages.already_signed_up(account.email, name=account.name)
        elif left:
            message = messages.address_reserved(address.text)
        else:
            message = messages.sign_up(address.text, token=token)
    rules.send_counted(address, attempts.SIGN_UP_SENDING, message)
    return address


def read_link(token: str, now: datetime) -> Address:
    """The address that a sign-up link proves.

    :raises SignUpClosed: no link opens an account now.
    :raises LinkEnded: not good, its account exists already, or the address is reserved for one that left it.
    """
    must_be_open()
    try:
        address = addresses.parse(str(toolbox().sign_up_links.read(token, now.timestamp())["email"]))
    except (links.BadToken, KeyError, addresses.BadAddress) as error:
        raise LinkEnded from error
    if rules.find(address) or reserved.is_reserved(address, now):
        raise LinkEnded
    return address


def create_account(token: str, *, name: str, password: str, here: Here) -> Account:
    """Open the account that a sign-up link allows.

    :raises SignUpClosed: no link opens an account now.
    :raises LinkEnded: the link is not good (any more).
    :raises names.BadName: see :func:`names.clean`.
    :raises passwords.BadPassword: not acceptable as a password.
    :raises hashing.Busy: too many hash at this moment; the link stays good.
    """
    newcomer = prepare(read_link(token, here.now), name=name, password=password, here=here)
    with transaction():
        # Asked again, as the hash took its time. Before there is an account: the first one is always opened.
        must_be_open()
        account = open_account(newcomer, here)
        try:
            # Not again either, when the address is free once more because the account has moved to another.
            attempts.spend(_LINK, hashlib.sha256(token.encode()).hexdigest(), here.now)
        except attempts.AlreadySpent as error:
            raise LinkEnded from error
        attempts.reset((rules.address_subject(newcomer.address), attempts.SIGN_UP_SENDING))
    return account


def prepare(address: Address, *, name: str, password: str, here: Here) -> Newcomer:
    """Check what somebody has typed, and hash the password: outside of a transaction, as it takes long.

    :raises names.BadName: see :func:`names.clean`.
    :raises passwords.BadPassword: not acceptable as a password.
    :raises hashing.Busy: too many hash at this moment.
    """
    name = names.clean(name)
    check(password, address.text)
    with hashing.place(here.device, known=False):
        return Newcomer(address, name, toolbox().hasher.hash(password))


def open_account(newcomer: Newcomer, here: Here, role: Role = Role.MEMBER) -> Account:
    """Open the account, as part of the caller's transaction.

    The first account of a fresh installation owns it, whatever its *role*.

    :raises LinkEnded: the address has an account, or is reserved for one that has left it.
    """
    address = newcomer.address
    created = insert_if_absent(
        Account,
        email=address.text,
        email_key=address.key,
        name=newcomer.name,
        search_key=search.key(newcomer.name, address.key),
        password_hash=newcomer.password_hash,
        generation=0,
        role=role,
        language=languages.current(),
        created_at=here.now,
    )
    # Asked again: an account may have left the address since.
    if not created or reserved.is_reserved(address, here.now):
        raise LinkEnded
    account = rules.find(address)
    assert account is not None
    roles.found(account, here.now)
    activity.record(account.id, events.ACCOUNT_CREATED, here)
    return account
