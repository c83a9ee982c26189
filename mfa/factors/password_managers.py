"""What browsers tell the password managers of a person, so that none offers a passkey that opens nothing.

The Signal API of WebAuthn L3 (§5.1.10). A page carries each signal to ``passkeys.js``, which sends it where
the browser can.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mfa.accounts import Person
from mfa.crypto import webauthn
from mfa.factors import ceremonies

Signal = dict[str, Any]
"""The name of a method of ``PublicKeyCredential``, and its options in JSON."""


def accepted(handle: bytes, credential_ids: Iterable[bytes]) -> list[Signal]:
    """Return what has them forget every passkey of the person with that handle but these."""
    return _signal(
        "signalAllAcceptedCredentials",
        userId=webauthn.encode(handle),
        allAcceptedCredentialIds=[webauthn.encode(one) for one in credential_ids],
    )


def called(handle: bytes, person: Person) -> list[Signal]:
    """Return what has them call the person's passkeys as the person is called now."""
    return _signal(
        "signalCurrentUserDetails",
        userId=webauthn.encode(handle),
        name=person.label,
        displayName=person.name or person.label,
    )


def unknown(credential_id: bytes) -> list[Signal]:
    """Return what has them forget the passkey with that id."""
    return _signal("signalUnknownCredential", credentialId=webauthn.encode(credential_id))


def _signal(method: str, **options: Any) -> list[Signal]:
    if not ceremonies.are_possible():
        return []
    return [{"method": method, "options": {"rpId": ceremonies.relying_party().id, **options}}]
