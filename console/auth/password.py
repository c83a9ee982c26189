"""The password: proved at sign-in and inside the account, changed, and replaced when it is forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _

from console import languages
from console.accounts import addresses, rules
from console.accounts.addresses import Address
from console.accounts.models import Account
from console.accounts.rules import LinkEnded
from console.activity import events
from console.auth.statements import ACCOUNT_AND_STAND_IN
from console.extensions import db
from console.mail import messages
from console.passwords import rules as passwords
from console.policy import rules as policy
from console.policy.rules import Policy
from console.sessions import rules as sessions
from console.sessions.models import AccountSession
from console.toolbox import toolbox
from mfa.activity import log, rules as activity
from mfa.attempts import hashing, rules as attempts
from mfa.crypto import keys, links
from mfa.database import transaction
from mfa.devices import Device
from mfa.errors import Refusal
from mfa.here import Here
from mfa.notices import outbox
from mfa.people import rules as people
from mfa.people.rules import Changed


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
    number = int.from_bytes(toolbox().ring.keyed_hash("somebody", address.key.encode())[:8]) >> 1
    asked = {"email_key": address.key, "number": number}
    account, stand_in, epoch, *settings = db.session.execute(ACCOUNT_AND_STAND_IN, asked).one()
    policy.note(Policy(*settings))
    if account:
        people.note_epoch(account.person_id, epoch)
    return Sought(address, account, stand_in)


@dataclass(frozen=True)
class Right:
    """A right password, which is to be noted in the transaction of what it opens.

    :param failures: how many wrong ones came before.
    :param fresh: its hash as hashes are made today, if the kept one is older or another system's.
    """

    account: Account
    subject: str
    failures: int
    fresh: str | None


def check_at_sign_in(sought: Sought, password: str, *, here: Here) -> Right:
    """Check the password, the first step of sign-in.

    A known and an unknown address cost the same: one look, one count, one hash of a kind that is in use.

    :raises WrongCredentials: no such account, or not its password.
    :raises attempts.Throttled: too many wrong passwords for this address.
    :raises sessions.Locked: the right password of an account that an operator has locked, or that has come to
        the moment of its deletion.
    :raises hashing.Busy: too many hash at this moment; this is not counted.
    """
    account = sought.account
    known = _known_device(account, here.device)
    subject = _subject(account, sought.address, known)
    with hashing.place(here.device, known=known is not None):
        tried = attempts.count(subject, attempts.PASSWORD, here.now)
        right = toolbox().hasher.verify(account.password_hash if account else sought.stand_in, password)
        fresh = _fresh_hash(account, password) if account and right and not account.locked_at else None
    if account is None or not right:
        _refused(account, tried, here)
        raise WrongCredentials
    sessions.check_open(account, here.now)
    return Right(account, subject, tried - 1, fresh)


def note(right: Right, now: datetime) -> None:
    """Note a right password, as part of the caller's transaction.

    :raises attempts.Throttled: too many right ones.
    """
    # First, as whatever changes the account does, so that everybody waits for rows in the same order.
    people.wait_for(right.account.person_id)
    sessions.lock_row(right.account.id)
    attempts.count_success(right.subject, attempts.SIGN_INS, now)
    attempts.reset((right.subject, attempts.PASSWORD))
    if right.fresh:
        # No change that is counted: what is under way elsewhere goes on.
        rules.update(right.account, password_hash=right.fresh)


def prove(account: Account, password: str, here: Here) -> None:
    """Check the password of somebody who is signed in, with the same count as at sign-in.

    :raises WrongPassword: it is not.
    :raises attempts.Throttled: too many wrong ones, or too many right ones, of which each is for a change.
    :raises hashing.Busy: too many hash at this moment; this is not counted.
    """
    known = _known_device(account, here.device)
    subject = _subject(account, rules.address_of(account), known)
    with hashing.place(here.device, known=known is not None):
        tried = attempts.count(subject, attempts.PASSWORD, here.now)
        right = toolbox().hasher.verify(account.password_hash, password)
    if not right:
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
    :raises hashing.Busy: too many hash at this moment; nothing is counted.
    """
    check(new, account.email)
    with hashing.place(here.device, known=_known_device(account, here.device) is not None):
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
    # Asked for both, so that both take the same time.
    is_closed = policy.is_sign_up_closed()
    with languages.speaking(account.language if account else None):
        message = (
            messages.reset_password(account.email, name=account.name, token=token)
            if account
            else messages.no_account(address.text, signs_up=not is_closed)
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


def reset(token: str, *, password: str, here: Here) -> Account:
    """Set a new password by link. Every session ends; the second step stays and is asked for.

    :raises LinkEnded: see :func:`read_reset_link`; also for the second of two at once.
    :raises passwords.BadPassword: not acceptable as a password.
    :raises sessions.Locked: an operator has locked the account, or it has come to the moment of its deletion.
    :raises hashing.Busy: too many hash at this moment; the link stays good.
    """
    account = read_reset_link(token, here.now)
    sessions.check_open(account, here.now)
    check(password, account.email)
    address = rules.address_of(account)
    known = _known_device(account, here.device)
    own, every = _subject(account, address, known), rules.address_subject(address)
    with hashing.place(here.device, known=known is not None):
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
    db.session.refresh(account, ["generation", "password_hash"])
    return account


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
    rules.advance(account, forget_devices=True, password_hash=hashed)


def _known_device(account: Account | None, device: Device) -> str | None:
    """The id of the device if it is known to the account."""
    return device.known_to(account.id, people.epoch(account.person_id)) if account and device.mark else None


def _subject(account: Account | None, address: Address, known: str | None) -> str:
    """Whose count it is: the device's own where it is known, else the address's, account or not."""
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
