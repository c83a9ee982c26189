"""The password: proved at sign-in and inside the account, changed, and set anew when it is forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _

from console import languages
from console.accounts import addresses, rules
from console.accounts.addresses import Address
from console.accounts.models import Account
from console.accounts.rules import Changed, LinkEnded
from console.activity import events
from console.auth.statements import ACCOUNT_AND_STAND_IN
from console.extensions import db
from console.mail import messages
from console.passwords import rules as passwords
from console.sessions import rules as sessions
from console.sessions.models import AccountSession
from console.toolbox import toolbox
from mfa.activity import log, rules as activity
from mfa.attempts import rules as attempts
from mfa.crypto import keys, links
from mfa.database import transaction
from mfa.devices import Device
from mfa.errors import Refusal
from mfa.here import Here
from mfa.notices import outbox


class WrongCredentials(Refusal):
    """No account has this address and this password; which of the two is wrong is not said."""

    says = _("The e-mail address or the password is not right.")


class WrongPassword(Refusal):
    """Not the password of this account."""

    says = _("That is not your current password.")


# Sign-in


@dataclass(frozen=True)
class Sought:
    """Whom a sign-in form names.

    :param account: None for an unknown address.
    :param stand_in: the hash with which the password typed for an unknown address is compared, in vain.
    """

    address: Address
    account: Account | None
    stand_in: str | None


def seek(email: str) -> Sought:
    """Look an address up for sign-in: one statement, whether there is an account or not.

    The stand-in is the hash of some account, for one address the same each time: hashes that were imported
    take another time than ours, so unknown addresses take each time as often as known ones do. How far its
    id is from the first one is the end of a keyed hash of the address (its last bit, its last two …), the
    longest that does not lead past the last one: when accounts are added few addresses get another (linear
    hashing). Where nobody has that id, the next one stands in.

    :raises WrongCredentials: not an address.
    """
    try:
        address = addresses.parse(email)
    except addresses.BadAddress as error:
        raise WrongCredentials from error
    number = int.from_bytes(toolbox().ring.keyed_hash("somebody", address.key.encode())[:4])
    asked = {"email_key": address.key, "number": number}
    account, stand_in = db.session.execute(ACCOUNT_AND_STAND_IN, asked).one()
    return Sought(address, account, stand_in)


def sign_in(sought: Sought, password: str, *, here: Here) -> sessions.Entry:
    """The first step of sign-in.

    A known and an unknown address cost the same: one look, one count, one hash of a kind that is in use.

    :raises WrongCredentials: no such account, or not its password.
    :raises attempts.Throttled: too many wrong passwords for this address, or too many right ones.
    :raises sessions.Locked: the right password of an account that an operator has locked.
    :raises Changed: the right password, of an account that was changed elsewhere at the same moment.
    """
    account = sought.account
    subject = _subject(account, sought.address, here.device)
    tried = attempts.count(subject, attempts.PASSWORD, here.now)
    right = toolbox().hasher.verify(account.password_hash if account else sought.stand_in, password)
    if account is None or not right:
        _refused(account, tried, here)
        raise WrongCredentials
    fresh = _fresh_hash(account, password)
    with transaction():
        attempts.count_success(subject, attempts.SIGN_INS, here.now)
        entry = sessions.enter(account, here, generation=account.generation, failures=tried - 1)
        attempts.reset((subject, attempts.PASSWORD))
        if fresh:
            # No change that is counted: what is under way elsewhere goes on.
            rules.update(account, password_hash=fresh)
        return entry


def prove(account: Account, password: str, here: Here) -> None:
    """Check the password of somebody who is signed in, with the same count as at sign-in.

    :raises WrongPassword: it is not.
    :raises attempts.Throttled: too many wrong ones, or too many right ones, of which each is for a change.
    """
    subject = _subject(account, rules.address_of(account), here.device)
    tried = attempts.count(subject, attempts.PASSWORD, here.now)
    if not toolbox().hasher.verify(account.password_hash, password):
        _refused(account, tried, here)
        raise WrongPassword
    with transaction():
        attempts.count_success(subject, attempts.PROOFS, here.now)
        attempts.reset((subject, attempts.PASSWORD))


# Change


def change(account: Account, session: AccountSession, *, current: str, new: str, here: Here) -> str:
    """Change the password. The other sessions end; this one goes on under the new token returned.

    :raises WrongPassword: *current* is not the password.
    :raises attempts.Throttled: too many wrong ones.
    :raises passwords.BadPassword: *new* is not acceptable.
    :raises Changed: it was changed elsewhere at the same moment.
    """
    check(new, account.email)
    prove(account, current, here)
    hashed = toolbox().hasher.hash(new)
    with transaction():
        _set(account, hashed)
        activity.record(account.id, events.PASSWORD_CHANGED, here)
        outbox.post(messages.password_changed, account, here.now)
        sessions.end_all(account.id, but=session.id)
        return sessions.renew(session, here.now, proved=True)


# Forgotten


def request_reset(email: str, now: datetime) -> Address:
    """Mail a link that sets a new password; to an unknown address, a mail that there is no account.

    Both ways one mail leaves: so neither the answer nor its time says whether there is an account.

    :raises addresses.BadAddress: not an address.
    :raises attempts.Throttled: too many such mails to this address.
    :raises delivery.MailNotSent: the mail server does not take it.
    """
    address = addresses.parse(email)
    rules.count_mail(address, attempts.RESET_SENDING, now)
    account = rules.find(address)
    token = make_reset_token(account, now)
    with languages.speaking(account.language if account else None):
        message = (
            messages.reset_password(account.email, name=account.name, token=token)
            if account
            else messages.no_account(address.text)
        )
    rules.send_counted(address, attempts.RESET_SENDING, message)
    return address


def make_reset_token(account: Account | None, now: datetime) -> str:
    """The token of a link that sets a new password; for nobody one that is worth nothing."""
    key = toolbox().ring.current
    payload = {
        "account": account.id if account else 0,
        "state": _state(account, key),
        "key": key,
    }
    return toolbox().reset_links.make(payload, now.timestamp())


def read_reset_link(token: str, now: datetime) -> Account:
    """The account whose password a reset link may set.

    :raises LinkEnded: expired, used, not genuine, or password or address were changed since.
    """
    try:
        payload = toolbox().reset_links.read(token, now.timestamp())
        account = db.session.get(Account, int(payload["account"]))
        if account is None or payload["state"] != _state(account, str(payload["key"])):
            raise LinkEnded
    except (links.BadToken, keys.UnknownKey, KeyError, TypeError, ValueError) as error:
        raise LinkEnded from error
    return account


def reset(token: str, *, password: str, here: Here) -> sessions.Entry:
    """Set a new password by link. Every session ends; the second step stays and is asked for.

    :raises LinkEnded: see :func:`read_reset_link`; also for the second of two at once.
    :raises passwords.BadPassword: not acceptable as a password.
    :raises sessions.Locked: an operator has locked the account.
    """
    account = read_reset_link(token, here.now)
    if account.locked_at:
        raise sessions.Locked
    check(password, account.email)
    address = rules.address_of(account)
    own, every = _subject(account, address, here.device), rules.address_subject(address)
    hashed = toolbox().hasher.hash(password)
    with transaction():
        try:
            _set(account, hashed)
        except Changed as error:
            raise LinkEnded from error
        sessions.end_all(account.id)
        attempts.reset((own, attempts.PASSWORD), (every, attempts.PASSWORD), (every, attempts.RESET_SENDING))
        activity.record(account.id, events.PASSWORD_RESET, here)
        outbox.post(messages.password_changed, account, here.now)
        return sessions.enter(account, here, generation=account.generation + 1, announce=False)


def nobodys_hash() -> str:
    """The hash of a password that nobody knows."""
    return toolbox().hasher.nobodys()


def take_away(account: Account, hashed: str) -> None:
    """Put :func:`nobodys_hash` in place of the account's own, as part of the caller's transaction.

    :raises Changed: it was changed elsewhere at the same moment.
    """
    _set(account, hashed)


# What the above share


def check(password: str, email: str) -> None:
    """Refuse what can't be the password of this account.

    :raises passwords.BadPassword: one of its kinds.
    """
    box = toolbox()
    local_part, _, domain = email.partition("@")
    words = (box.product_name, email, local_part, domain, domain.partition(".")[0])
    passwords.check(password, minimum=box.password_minimum, words=words)


def _set(account: Account, hashed: str) -> None:
    """Whoever knew the old one may have signed in: every device is a new one after this.

    :param hashed: made before the transaction begins, as that takes long.
    """
    rules.advance(account, password_hash=hashed)
    sessions.forget_devices(account)


def _subject(account: Account | None, address: Address, device: Device) -> str:
    """Whose count it is: the device's own where it is known, else the address's, account or not."""
    known = device.known_to(account.id, account.device_epoch) if account else None
    if account and known:
        return attempts.account_subject(account.id, known)
    return rules.address_subject(address)


def _refused(account: Account | None, tried: int, here: Here) -> None:
    """Write a wrong password down: the same, and at the same cost, whether there is an account or not."""
    account_id = account.id if account else None
    log.write("password_refused", here, outcome="refused", account=account_id)
    if attempts.begins_to_wait(tried, attempts.PASSWORD):
        with transaction():
            activity.record(account_id, activity.THROTTLED, here, what="password")


def _fresh_hash(account: Account, password: str) -> str | None:
    """A hash as they are made today in the place of an older one, or another system's; else None."""
    hasher = toolbox().hasher
    return hasher.hash(password) if hasher.outdated(account.password_hash) else None


def _state(account: Account | None, key_id: str) -> str:
    """What a reset link names of the account: with another password, or another address, it is dead."""
    state = f"{account.password_hash}\0{account.email_key}" if account else ""
    return toolbox().ring.keyed_hash("password-state", state.encode(), key_id=key_id).hex()[:32]
