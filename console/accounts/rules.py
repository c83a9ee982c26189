"""What everything about an account shares: how it is found, held, and changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _

from console import languages
from console.accounts import names, search, statements
from console.accounts.addresses import Address
from console.accounts.models import Account
from console.activity import events
from console.extensions import db, two_step
from console.toolbox import toolbox
from mfa.activity import rules as activity
from mfa.attempts import rules as attempts
from mfa.attempts.policy import Policy
from mfa.database import affected, transaction
from mfa.errors import Refusal
from mfa.here import Here
from mfa.notices import delivery
from mfa.notices.office import Message
from mfa.people import rules as people
from mfa.people.rules import Changed


class BadLanguage(Refusal):
    """Not one of the languages that are offered."""

    says = _("Choose one of these languages.")


class LinkEnded(Refusal):
    """An e-mailed link that is expired, used, or not genuine."""


def change_profile(account: Account, *, name: str, language: str, here: Here) -> None:
    """Change the name that the account shows, and the language in which its owner is spoken to.

    :raises names.BadName: see :func:`names.clean`.
    :raises BadLanguage: not the code of a language that is offered.
    :raises attempts.Throttled: too many such changes.
    """
    name = names.clean(name)
    if languages.known(language) is None:
        raise BadLanguage
    if (name, language) == (account.name, account.language):
        return
    subject = attempts.account_subject(
        account.id, here.device.known_to(account.id, people.epoch(account.person_id))
    )
    attempts.count(subject, attempts.PROFILE_CHANGES, here.now)
    with transaction():
        if name != account.name:
            activity.record(account.id, events.NAME_CHANGED, here)
        account.name, account.language = name, language
        account.search_key = search.key(name, account.email_key)


def find(address: Address) -> Account | None:
    """The account of an address."""
    return db.session.scalar(statements.ACCOUNT_OF_ADDRESS, {"email_key": address.key})


def address_of(account: Account) -> Address:
    """Return the account's address, as it was parsed when the account got it."""
    return Address(account.email, account.email_key)


def address_subject(address: Address) -> str:
    """By what attempts on an address are counted: the same for addresses with and without an account."""
    return toolbox().ring.keyed_hash("throttle-subject", address.key.encode()).hex()


def hold(account: Account) -> bool:
    """Lock the account's row for the rest of the transaction, if nothing was changed since it was read."""
    return update(account, generation=account.generation)


def advance(account: Account, *, forget_devices: bool = False, **values: Any) -> None:
    """Count a change of password or address: whatever was begun before it can't be ended.

    :param forget_devices: make every device a new one to the account, too.
    :param values: columns that change with it.
    :raises Changed: another such change came first.
    """
    two_step.account_changed(account, session=db.session(), forget_devices=forget_devices)
    count_change(account, **values)


def count_change(account: Account, **values: Any) -> None:
    """Count a change of the account that the extension knows of.

    :raises Changed: another such change came first.
    """
    if not update(account, generation=account.generation + 1, **values):
        raise Changed


def update(account: Account, **values: Any) -> bool:
    """Change columns of the account, if no other change was counted since it was read; whether it was so."""
    read = {"account_id": account.id, "read_generation": account.generation}
    return affected(statements.update_unchanged(*values), {**read, **values}) == 1


def count_mail(address: Address, policy: Policy, now: datetime) -> None:
    """Count a mail with a link to an address.

    :raises attempts.Throttled: too many of that kind.
    """
    attempts.count(address_subject(address), policy, now)


def send_counted(address: Address, policy: Policy, message: Message) -> None:
    """Send the mail that was counted.

    :raises delivery.MailNotSent: the mail server does not take it; it is not counted after all.
    """
    with attempts.returned_on(delivery.MailNotSent, address_subject(address), policy):
        delivery.send(message)
