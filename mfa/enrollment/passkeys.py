"""A new passkey: what the browser is asked for, and what an enrollment keeps of its answer."""

from __future__ import annotations

from datetime import datetime

from mfa.crypto import webauthn
from mfa.database import run
from mfa.enrollment.pending import Pending
from mfa.errors import Refusal
from mfa.factors import ceremonies, kinds as factors, statements
from mfa.factors.ceremonies import Ceremony
from mfa.i18n import lazy_gettext as _
from mfa.people.rules import Owner
from mfa.ring import ring
from mfa.settings import settings


class AlreadyRegistered(Refusal):
    """The passkey is somebody's already."""

    says = _("This passkey is registered already. Use another phone, computer or security key.")


class NotAllowed(Refusal):
    """A kind of authenticator that may not be used here."""

    says = _("This kind of passkey or security key can’t be used here. Ask which ones can.")


def user_handle(owner: Owner, enrollment: Pending) -> bytes:
    """Return what a new passkey of the owner is to know them by."""
    kept = factors.kept(owner.id)
    return (kept and kept.second_step.user_handle) or enrollment.user_handle(ring())


def ask(owner: Owner, enrollment: Pending, now: datetime) -> Ceremony:
    """Return what asks the browser for a new passkey."""
    kept = factors.kept(owner.id)
    return ceremonies.creation(
        _creation(enrollment),
        now,
        owner.person,
        user_handle(owner, enrollment),
        exclude=kept.passkeys if kept else (),
    )


def register(enrollment: Pending, typed: str, now: datetime) -> Pending:
    """Return the enrollment with the passkey that the browser has made.

    Nothing is stored: the challenge is one of this enrollment, which can be completed once.

    :raises ceremonies.Ended, ceremonies.Unreadable: no answer to a challenge of this enrollment.
    :raises NotAllowed: of a kind that may not be used.
    :raises AlreadyRegistered: somebody has it.
    """
    answer = ceremonies.read(typed, _creation(enrollment), now)
    try:
        made = webauthn.register(
            answer.response,
            answer.challenge,
            ceremonies.relying_party(),
            policy=settings().passkey_policy,
        )
    except webauthn.NotAllowed as error:
        raise NotAllowed from error
    except webauthn.BadResponse as error:
        raise ceremonies.Unreadable from error
    if is_registered(made.credential_id):
        raise AlreadyRegistered
    return enrollment.with_passkey(made)


def is_registered(credential_id: bytes) -> bool:
    """Return True if somebody has the passkey with that id."""
    return run(statements.PASSKEY, {"credential": credential_id}).first() is not None


def _creation(enrollment: Pending) -> str:
    return f"create {enrollment.place}"
