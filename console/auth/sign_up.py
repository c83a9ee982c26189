"""Sign-up: an e-mailed link proves the address, and opens the account."""

from __future__ import annotations

import hashlib
from datetime import datetime

from console import languages
from console.accounts import addresses, names, reserved, rules
from console.accounts.addresses import Address
from console.accounts.models import Account
from console.accounts.rules import LinkEnded
from console.activity import events
from console.auth.password import check
from console.mail import messages
from console.sessions import rules as sessions
from console.toolbox import toolbox
from mfa.activity import rules as activity
from mfa.attempts import rules as attempts
from mfa.crypto import links
from mfa.database import insert_if_absent, transaction
from mfa.here import Here

_LINK = "sign-up link"


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

    :raises LinkEnded: not good, its account exists already, or the address is reserved for one that left it.
    """
    try:
        address = addresses.parse(str(toolbox().sign_up_links.read(token, now.timestamp())["email"]))
    except (links.BadToken, KeyError, addresses.BadAddress) as error:
        raise LinkEnded from error
    if rules.find(address) or reserved.is_reserved(address, now):
        raise LinkEnded
    return address


def create_account(token: str, *, name: str, password: str, here: Here) -> sessions.Entry:
    """Open the account that a sign-up link allows, and sign its owner in.

    :raises LinkEnded: the link is not good (any more).
    :raises names.BadName: see :func:`names.clean`.
    :raises passwords.BadPassword: not acceptable as a password.
    """
    address = read_link(token, here.now)
    name = names.clean(name)
    check(password, address.text)
    hashed = toolbox().hasher.hash(password)
    with transaction():
        created = insert_if_absent(
            Account,
            email=address.text,
            email_key=address.key,
            name=name,
            password_hash=hashed,
            generation=0,
            language=languages.current(),
            created_at=here.now,
        )
        # Asked again: an account may have left the address since.
        if not created or reserved.is_reserved(address, here.now):
            raise LinkEnded
        try:
            # Not again either, when the address is free once more because the account has moved to another.
            attempts.spend(_LINK, hashlib.sha256(token.encode()).hexdigest(), here.now)
        except attempts.AlreadySpent as error:
            raise LinkEnded from error
        account = rules.find(address)
        assert account is not None
        attempts.reset((rules.address_subject(address), attempts.SIGN_UP_SENDING))
        activity.record(account.id, events.ACCOUNT_CREATED, here)
        return sessions.enter(account, here, generation=account.generation, announce=False)
