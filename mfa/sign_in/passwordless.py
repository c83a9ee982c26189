"""Sign-in by a passkey alone: it checks who uses it, by PIN or biometrics, so it is two factors."""

from __future__ import annotations

from datetime import datetime

from mfa.accounts import find
from mfa.attempts import rules as attempts
from mfa.crypto import webauthn
from mfa.database import run, transaction
from mfa.factors import ceremonies, kinds as factors, passkey as passkeys, statements
from mfa.factors.ceremonies import Ceremony
from mfa.factors.passkey import CopiedPasskey, NotVerified, WrongPasskey
from mfa.here import Here
from mfa.i18n import lazy_gettext as _
from mfa.people import rules as people
from mfa.people.rules import Changed, Owner
from mfa.settings import settings
from mfa.sign_in import challenges
from mfa.sign_in.challenges import Live
from mfa.sign_in.rules import Passed


class UnknownPasskey(WrongPasskey):
    """Nobody's passkey, or not any more.

    :param credential_id: by which its password manager can forget it.
    """

    says = _("This passkey is not known here, or was removed. Sign in another way.")

    def __init__(self, credential_id: bytes) -> None:
        super().__init__("unknown passkey")
        self.credential_id = credential_id


def is_offered() -> bool:
    """Return True if people may sign in like this."""
    return settings().passkey_sign_in and ceremonies.are_possible()


def ask(place: str, now: datetime) -> Ceremony:
    """Return what asks for any passkey of this site.

    :param place: names the session of the browser in which nobody is signed in.
    """
    return ceremonies.request(place, now, verification="required")


def verify(typed: str, place: str, *, here: Here, before: Live | None) -> tuple[Owner, Passed]:
    """Return who signs in by the answer of a browser, which is used up by this.

    Nothing is counted by person: a signature can't be guessed, and somebody who knows the id of a passkey
    could make its owner wait.

    :param before: a challenge of this browser that waits for the second step; it is answered by this, too.
    :raises ceremonies.Unreadable, ceremonies.Ended: no answer to a challenge of this place.
    :raises UnknownPasskey: it is nobody's.
    :raises WrongPasskey: it does not open the account.
    :raises attempts.Throttled: too many sign-ins.
    """
    answer = ceremonies.read(typed, place, here.now)
    try:
        assertion = webauthn.read_assertion(answer.response)
    except webauthn.BadResponse as error:
        raise ceremonies.Unreadable from error
    kept = factors.made_of(run(statements.PASSKEY, {"credential": assertion.credential_id}).all())
    if kept is None:
        raise UnknownPasskey(assertion.credential_id)
    # After the counter was read: the same answer, sent twice, is no copy of the key.
    if answer.is_spent():
        raise ceremonies.Ended
    person = find(kept.second_step.person_id)
    # What is found by its id alone must say itself whose it is (§7.2, step 6).
    if person is None or assertion.user_handle is None:
        raise WrongPasskey
    owner = people.owner(person)
    try:
        passkey, used = passkeys.verify(kept, answer, assertion, "required")
    except webauthn.NotVerified as error:
        raise NotVerified from error
    except webauthn.CounterWentBack as error:
        passkeys.tell_copied(owner, answer, here)
        raise CopiedPasskey from error
    except webauthn.BadResponse as error:
        raise WrongPasskey from error
    subject = attempts.account_subject(owner.id, owner.known(here.device))
    with transaction():
        _hold(owner)
        passkeys.use_up(owner.id, passkey.id, answer, used.sign_count, here)
        attempts.count_success(subject, attempts.SIGN_INS, here.now)
        if before and before.owner.id == owner.id:
            challenges.finish(before)
    return owner, Passed(passkeys.Passkey.name, failures=0)


def _hold(owner: Owner) -> None:
    try:
        people.hold(owner)
    except Changed as error:
        raise ceremonies.Ended from error
