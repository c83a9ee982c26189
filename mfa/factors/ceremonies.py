"""The two ceremonies of passkeys (WebAuthn L3): what a page asks the browser for, and the challenge in it.

A challenge is 32 random bytes in a signed token. The token goes to the browser with the options and comes
back in front of its answer, so nothing is stored for a ceremony that nobody ends. It is bound to a purpose, a
session and a person, good for :data:`webauthn.LIFETIME`, and used up with what it opens.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app

from mfa import hosts, site
from mfa.accounts import Person
from mfa.attempts import rules as attempts
from mfa.crypto import webauthn
from mfa.crypto.links import BadToken, Signer
from mfa.errors import BadSetting
from mfa.factors.base import Refused
from mfa.factors.models import Authenticator
from mfa.i18n import lazy_gettext as _
from mfa.ring import signer
from mfa.settings import settings

_SPENT = "passkey"


class Unreadable(Refused):
    """What came is no answer of a browser."""

    says = _("The answer of your browser can’t be read. Try again.")


class Ended(Refused):
    """The challenge is too old, was used, or was made for something else."""

    says = _("That took too long, or was sent twice. Try again.")


@dataclass(frozen=True)
class Ceremony:
    """What a page needs to ask the browser.

    :param options: in the JSON form of the standard.
    :param token: the challenge in them, signed.
    """

    options: dict[str, Any]
    token: str


@dataclass(frozen=True)
class Answer:
    """What came back: the challenge that the server made for this place, and the browser's JSON."""

    challenge: bytes
    response: str

    def is_spent(self) -> bool:
        """Return True if the challenge was used up."""
        return attempts.is_spent(_SPENT, self._reference)

    def spend(self, now: datetime) -> None:
        """Use the challenge up, as part of the caller's transaction.

        :raises Ended: it was used.
        """
        try:
            attempts.spend(_SPENT, self._reference, now)
        except attempts.AlreadySpent as error:
            raise Ended from error

    @property
    def _reference(self) -> str:
        return webauthn.encode(self.challenge)


def are_possible() -> bool:
    """Return True if passkeys can be made for this site: browsers make none for an IP address (§5.1.2)."""
    if settings().passkey_rp_id:
        return True
    try:
        return not site.host().is_address
    except BadSetting:
        return False


def relying_party() -> webauthn.RelyingParty:
    """Return the site that passkeys are made for, as the settings name it."""
    host = site.host()
    # An origin of plain http takes part only where it is the configured one; browsers offer it on localhost.
    schemes = {"https", current_app.config["PREFERRED_URL_SCHEME"] or "https"}
    own = {hosts.origin(scheme, host) for scheme in schemes}
    return webauthn.RelyingParty(
        settings().passkey_rp_id or host.name,
        settings().product_name,
        own | set(settings().passkey_origins),
    )


def request(
    place: str,
    now: datetime,
    *,
    passkeys: Sequence[Authenticator] = (),
    verification: webauthn.Verification = "preferred",
) -> Ceremony:
    """Return what asks for one of these passkeys, or, if there are none, for any that the browser finds.

    :param place: what the challenge may be used for: see :attr:`mfa.factors.base.Attempt.place`.
    """
    challenge, token = _challenge(place, now)
    options = webauthn.request_options(
        relying_party(), challenge, allow=_named(passkeys), verification=verification
    )
    return Ceremony(options, token)


def creation(
    place: str, now: datetime, person: Person, handle: bytes, *, exclude: Sequence[Authenticator] = ()
) -> Ceremony:
    """Return what asks for a new passkey.

    :param handle: what it will know the person by.
    :param exclude: the passkeys that the person has.
    """
    challenge, token = _challenge(place, now)
    user = webauthn.User(handle, person.label, person.name or person.label)
    options = webauthn.creation_options(
        relying_party(),
        user,
        challenge,
        exclude=_named(exclude),
        attestation="direct" if settings().passkey_policy else "none",
    )
    return Ceremony(options, token)


def read(typed: str, place: str, now: datetime) -> Answer:
    """Read what the form brought: a token, a space, and the JSON of the browser.

    :raises Ended: the token is of another place, or too old.
    """
    token, _space, response = typed.partition(" ")
    try:
        said = _tokens().read(token, now.timestamp())
        challenge, bound = webauthn.decode(said["challenge"]), webauthn.decode(said["place"])
    except (BadToken, KeyError, TypeError, webauthn.Malformed) as error:
        raise Ended from error
    if not hmac.compare_digest(bound, _digest(place)):
        raise Ended
    return Answer(challenge, response)


def _challenge(place: str, now: datetime) -> tuple[bytes, str]:
    challenge = os.urandom(webauthn.CHALLENGE_BYTES)
    said = {"challenge": webauthn.encode(challenge), "place": webauthn.encode(_digest(place))}
    return challenge, _tokens().make(said, now.timestamp())


def _digest(place: str) -> bytes:
    return hashlib.sha256(place.encode("utf-8", "surrogatepass")).digest()


def _tokens() -> Signer:
    return signer("passkey challenge", webauthn.LIFETIME)


def _named(passkeys: Sequence[Authenticator]) -> list[tuple[bytes, list[str]]]:
    return [
        (one.credential_id, one.transports.split(",") if one.transports else [])
        for one in passkeys
        if one.credential_id is not None
    ]
