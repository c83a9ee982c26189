"""Passkeys and security keys: what a browser is asked for, and how its answers are verified.

Web Authentication Level 3 (https://www.w3.org/TR/webauthn-3/), the part of the relying party. The library
``fido2`` reads CBOR and keys, verifies signatures and attestations; what it leaves to its caller is checked
here. It is imported inside functions: a process that serves no passkey doesn't load it.

Whatever a browser sends, what is raised is a :class:`BadResponse`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeVar, cast

from cryptography.exceptions import InvalidSignature

if TYPE_CHECKING:
    from fido2.cose import CoseKey
    from fido2.webauthn import AttestationObject, AuthenticatorData

CHALLENGE_BYTES = 32
USER_HANDLE_BYTES = 32
LIFETIME = 300
"""Seconds for which a ceremony may take; browsers are told the same."""
MOST_CHARACTERS = 32 * 1024
"""Of a browser's answer; one with the longest ids, keys and chains of certificates has fewer than half."""
LEAST_ID, MOST_ID = 16, 1023
"""Bytes of a credential's id (§4, "Credential ID")."""
MOST_HANDLE = 64
"""Bytes of a user handle (§5.4.3)."""
TRANSPORTS = ("usb", "nfc", "ble", "smart-card", "hybrid", "internal")
"""§5.8.4; others are dropped."""

ES256, EDDSA, RS256 = -7, -8, -257
ALGORITHMS = (ES256, EDDSA, RS256)
"""As COSE numbers them, the most wanted first."""
_FIXED = {ES256: {1: 2, -1: 1}, EDDSA: {1: 1, -1: 6}, RS256: {1: 3}}
"""The key's type and curve that an algorithm asks for (§5.8.5, RFC 9053 §7)."""
_MEMBERS = {
    ES256: {-2: (32, 32), -3: (32, 32)},
    EDDSA: {-2: (32, 32)},
    RS256: {-1: (256, 512), -2: (1, 4)},
}
"""The members of a key with the least and the most bytes of each. RSA has 2048 to 4096 bits."""

Verification = Literal["required", "preferred"]
_T = TypeVar("_T")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


class BadResponse(ValueError):
    """What the browser sent does not register or verify a passkey.

    :cvar cause: why, in a word for logs.
    """

    cause: ClassVar[str]

    def __init__(self, why: str = "") -> None:
        super().__init__(why or self.cause)


class Malformed(BadResponse):
    """Not an answer of a browser: something is missing, too long, of the wrong type or badly encoded."""

    cause = "malformed"


class OtherCeremony(BadResponse):
    """A registration where a sign-in was asked for, or the other way round."""

    cause = "other_ceremony"


class OtherChallenge(BadResponse):
    """The answer to another challenge."""

    cause = "other_challenge"


class OtherOrigin(BadResponse):
    """Made on another site, or in a frame of one."""

    cause = "other_origin"


class OtherRelyingParty(BadResponse):
    """Made for another relying party."""

    cause = "other_relying_party"


class NotPresent(BadResponse):
    """Nobody touched the authenticator."""

    cause = "not_present"


class NotVerified(BadResponse):
    """The authenticator did not verify who used it, by PIN or biometrics, where that is required."""

    cause = "not_verified"


class WrongBackup(BadResponse):
    """Backed up without being made for it, or not of the kind that was registered (§6.1.3)."""

    cause = "wrong_backup"


class OtherCredential(BadResponse):
    """An answer by another credential than the one that it names, or than the one that was asked for."""

    cause = "other_credential"


class UnknownKey(BadResponse):
    """A key of an algorithm that was not offered, or not of the shape that its algorithm asks for."""

    cause = "unknown_key"


class WrongSignature(BadResponse):
    """Not signed with the credential's key."""

    cause = "wrong_signature"


class CounterWentBack(BadResponse):
    """The counter is not higher than at the last use: there may be a copy of the key (§6.1.1).

    :param stored: the last one.
    :param sent: the one that came.
    """

    cause = "counter_went_back"

    def __init__(self, stored: int, sent: int) -> None:
        super().__init__(f"{sent} after {stored}")
        self.stored, self.sent = stored, sent


class NotAllowed(BadResponse):
    """An authenticator of a kind that is not allowed here, or that can't prove its kind."""

    cause = "not_allowed"


class Policy(Protocol):
    """Which kinds of authenticator are allowed (:mod:`mfa.crypto.attestation`)."""

    def check(self, attested: AttestationObject, client_data_hash: bytes) -> None:
        """Refuse an authenticator that is of no allowed kind, or can't prove it.

        :param client_data_hash: SHA-256 of what the browser said of the page.
        :raises NotAllowed: see above.
        """


@dataclass(frozen=True)
class RelyingParty:
    """The site that passkeys are made for.

    :param id: a domain: that of the site, or one above it.
    :param name: what the browser calls the site.
    :param origins: where the pages may be, exactly, like ``https://shop.example:8443``.
    """

    id: str
    name: str
    origins: Collection[str]


@dataclass(frozen=True)
class User:
    """Whom a passkey is made for.

    :param handle: :data:`USER_HANDLE_BYTES` random ones, which say nothing of the person (§14.6.1).
    :param name: how they sign in: their address.
    :param display_name: what they are called.
    """

    handle: bytes
    name: str
    display_name: str


@dataclass(frozen=True)
class Credential:
    """What is stored of a passkey.

    :param public_key: as :class:`Registered` gave it.
    :param is_synced: as it was registered (flag BE).
    """

    id: bytes
    public_key: bytes
    sign_count: int
    is_synced: bool


@dataclass(frozen=True)
class Registered:
    """A new passkey, verified.

    :param public_key: a COSE key (RFC 9052 §7), encoded as CBOR.
    :param sign_count: 0 for authenticators that don't count.
    :param aaguid: of the kind of authenticator, 16 bytes; zeros if it doesn't tell.
    :param is_synced: it may be copied to other devices (flag BE).
    :param transports: how a browser may reach it, of :data:`TRANSPORTS`.
    :param user_verified: by PIN or biometrics.
    """

    credential_id: bytes
    public_key: bytes
    sign_count: int
    aaguid: bytes
    is_synced: bool
    transports: tuple[str, ...]
    user_verified: bool


@dataclass(frozen=True)
class Verified:
    """A passkey was used.

    :param sign_count: to be stored.
    :param user_verified: by PIN or biometrics: then it counts as two factors.
    """

    sign_count: int
    user_verified: bool


@dataclass(frozen=True)
class Assertion:
    """A browser's answer to :func:`request_options`, read and not verified.

    :param credential_id: of the passkey that was used, to be looked up.
    :param user_handle: whose it says it is; None if it doesn't say.
    """

    credential_id: bytes
    user_handle: bytes | None
    client_data: bytes = field(repr=False)
    authenticator_data: bytes = field(repr=False)
    signature: bytes = field(repr=False)


def creation_options(
    party: RelyingParty,
    user: User,
    challenge: bytes,
    *,
    exclude: Sequence[tuple[bytes, Sequence[str]]] = (),
    attestation: Literal["none", "direct"] = "none",
) -> dict[str, Any]:
    """Return what ``PublicKeyCredential.parseCreationOptionsFromJSON`` reads (§5.1.8, §5.4).

    :param challenge: :data:`CHALLENGE_BYTES` random ones.
    :param exclude: the ids and transports of the person's passkeys, none of which is registered again.
    """
    return {
        "rp": {"id": party.id, "name": party.name},
        "user": {"id": encode(user.handle), "name": user.name, "displayName": user.display_name},
        "challenge": encode(challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in ALGORITHMS],
        "timeout": LIFETIME * 1000,
        "excludeCredentials": _descriptors(exclude),
        "authenticatorSelection": {
            "residentKey": "preferred",
            "requireResidentKey": False,
            "userVerification": "preferred",
        },
        "hints": [],
        "attestation": attestation,
    }


def request_options(
    party: RelyingParty,
    challenge: bytes,
    *,
    allow: Sequence[tuple[bytes, Sequence[str]]] = (),
    verification: Verification,
) -> dict[str, Any]:
    """Return what ``PublicKeyCredential.parseRequestOptionsFromJSON`` reads (§5.1.9, §5.5).

    :param allow: the ids and transports of the person's passkeys; none if it is not known who signs in.
    :param verification: of the user by the authenticator: required where no password comes before it.
    """
    return {
        "challenge": encode(challenge),
        "timeout": LIFETIME * 1000,
        "rpId": party.id,
        "allowCredentials": _descriptors(allow),
        "userVerification": verification,
        "hints": [],
    }


def register(
    response: str, challenge: bytes, party: RelyingParty, *, policy: Policy | None = None
) -> Registered:
    """Return the new passkey that a browser answered with (§7.1).

    :param response: the JSON of ``PublicKeyCredential.toJSON()``.
    :param policy: the kinds of authenticator that are allowed; if None all are, and no attestation is read.
    :raises BadResponse: it is none, or of another site, challenge or ceremony.
    """
    credential = _credential(response)
    answer = _member(credential, "response", dict)
    client_data = _bytes(answer, "clientDataJSON")
    _check_client_data(client_data, "webauthn.create", challenge, party)
    attested = _attestation_object(_bytes(answer, "attestationObject"))
    data = attested.auth_data
    _check_authenticator_data(data, party, "preferred")
    made = data.credential_data
    if made is None:
        raise Malformed("no credential")
    if made.credential_id != _bytes(credential, "rawId"):
        raise OtherCredential
    if not LEAST_ID <= len(made.credential_id) <= MOST_ID:
        raise Malformed("credential id")
    public_key = _stored(made.public_key)
    if policy is not None:
        policy.check(attested, hashlib.sha256(client_data).digest())
    return Registered(
        credential_id=bytes(made.credential_id),
        public_key=public_key,
        sign_count=data.counter,
        aaguid=bytes(made.aaguid),
        is_synced=data.is_backup_eligible(),
        transports=_transports(answer),
        user_verified=data.is_user_verified(),
    )


def read_assertion(response: str) -> Assertion:
    """Read a browser's answer to :func:`request_options`; nothing is verified by this.

    :param response: the JSON of ``PublicKeyCredential.toJSON()``.
    :raises BadResponse: it is none.
    """
    credential = _credential(response)
    answer = _member(credential, "response", dict)
    handle = None if answer.get("userHandle") is None else _bytes(answer, "userHandle")
    credential_id = _bytes(credential, "rawId")
    if not 0 < len(credential_id) <= MOST_ID:
        raise Malformed("rawId")
    if handle is not None and not 0 < len(handle) <= MOST_HANDLE:
        raise Malformed("userHandle")
    return Assertion(
        credential_id,
        handle,
        client_data=_bytes(answer, "clientDataJSON"),
        authenticator_data=_bytes(answer, "authenticatorData"),
        signature=_bytes(answer, "signature"),
    )


def verify(
    assertion: Assertion,
    credential: Credential,
    challenge: bytes,
    party: RelyingParty,
    *,
    verification: Verification,
) -> Verified:
    """Return what using a passkey has shown (§7.2).

    :param verification: as it was asked for in :func:`request_options`.
    :raises CounterWentBack: all else is right, but there may be a copy of the key.
    :raises BadResponse: it shows nothing.
    """
    if not hmac.compare_digest(assertion.credential_id, credential.id):
        raise OtherCredential
    _check_client_data(assertion.client_data, "webauthn.get", challenge, party)
    data = _authenticator_data(assertion.authenticator_data)
    _check_authenticator_data(data, party, verification)
    if data.is_backup_eligible() != credential.is_synced:
        raise WrongBackup
    _check_signature(credential.public_key, assertion)
    _check_counter(credential, data.counter)
    return Verified(data.counter, data.is_user_verified())


def encode(data: bytes) -> str:
    """Return *data* as base64url without padding (RFC 4648 §5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Return the bytes of base64url without padding.

    :raises Malformed: it is not.
    """
    if not _BASE64URL.fullmatch(text):
        raise Malformed("not base64url")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise Malformed("not base64url") from error


def _descriptors(credentials: Sequence[tuple[bytes, Sequence[str]]]) -> list[dict[str, Any]]:
    return [
        {"type": "public-key", "id": encode(credential_id), "transports": list(transports)}
        for credential_id, transports in credentials
    ]


def _credential(response: str) -> dict[str, Any]:
    if len(response) > MOST_CHARACTERS:
        raise Malformed("too long")
    credential = _json_object(response)
    if credential.get("type") != "public-key":
        raise Malformed("type")
    if _member(credential, "id", str) != _member(credential, "rawId", str):
        raise Malformed("id")
    return credential


def _json_object(text: str) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed("not JSON") from error
    if not isinstance(read, dict):
        raise Malformed("not a JSON object")
    return read


def _member(of: Mapping[str, Any], name: str, kind: type[_T]) -> _T:
    value = of.get(name)
    if not isinstance(value, kind):
        raise Malformed(name)
    return value


def _bytes(of: Mapping[str, Any], name: str) -> bytes:
    return decode(_member(of, name, str))


def _transports(answer: Mapping[str, Any]) -> tuple[str, ...]:
    named = answer.get("transports")
    if named is None:
        return ()
    if not isinstance(named, list) or not all(isinstance(each, str) for each in named):
        raise Malformed("transports")
    return tuple(each for each in TRANSPORTS if each in named)


def _check_client_data(client_data: bytes, ceremony: str, challenge: bytes, party: RelyingParty) -> None:
    """Check what the browser says of the page (§5.8.1; §7.1 and §7.2, the steps on C)."""
    try:
        said = _json_object(client_data.decode())
    except UnicodeDecodeError as error:
        raise Malformed("clientDataJSON") from error
    if _member(said, "type", str) != ceremony:
        raise OtherCeremony
    if not hmac.compare_digest(_bytes(said, "challenge"), challenge):
        raise OtherChallenge
    if _member(said, "origin", str) not in party.origins:
        raise OtherOrigin
    # No page of ours is made for a frame of another site.
    if said.get("crossOrigin") not in (None, False) or said.get("topOrigin") is not None:
        raise OtherOrigin("in a frame of another site")


def _check_authenticator_data(
    data: AuthenticatorData, party: RelyingParty, verification: Verification
) -> None:
    """Check what the authenticator says of the site and of its user (§6.1)."""
    if not hmac.compare_digest(data.rp_id_hash, hashlib.sha256(party.id.encode()).digest()):
        raise OtherRelyingParty
    if not data.is_user_present():
        raise NotPresent
    if verification == "required" and not data.is_user_verified():
        raise NotVerified
    if data.is_backed_up() and not data.is_backup_eligible():
        raise WrongBackup


def _check_signature(public_key: bytes, assertion: Assertion) -> None:
    from fido2 import cbor  # noqa: PLC0415 (see the module's text)
    from fido2.cose import CoseKey  # noqa: PLC0415 (likewise)

    signed = assertion.authenticator_data + hashlib.sha256(assertion.client_data).digest()
    try:
        # The key was checked when it was registered; its members are read as they were stored.
        CoseKey.parse(cast("dict[int, Any]", cbor.decode(public_key))).verify(signed, assertion.signature)
    except (InvalidSignature, ValueError) as error:
        raise WrongSignature from error


def _check_counter(credential: Credential, sent: int) -> None:
    if sent == 0 and (credential.is_synced or credential.sign_count == 0):
        # Copies on several devices have no common counter.
        return
    if sent <= credential.sign_count:
        raise CounterWentBack(credential.sign_count, sent)


def _stored(key: CoseKey) -> bytes:
    """Return a key as it is stored.

    :raises UnknownKey: of an algorithm that was not offered, or not as its algorithm wants it.
    """
    from fido2 import cbor  # noqa: PLC0415 (see the module's text)

    algorithm = key.get(3)
    if algorithm not in ALGORITHMS:
        raise UnknownKey("algorithm")
    fixed, members = _FIXED[algorithm], _MEMBERS[algorithm]
    if set(key) != {3, *fixed, *members} or any(key[name] != value for name, value in fixed.items()):
        raise UnknownKey("members")
    for name, (least, most) in members.items():
        if not isinstance(key[name], bytes) or not least <= len(key[name]) <= most:
            raise UnknownKey(f"member {name}")
    try:
        # The library reads a key when it verifies: a good one says that this is not its signature.
        with suppress(InvalidSignature):
            key.verify(b"", bytes(64))
    except Exception as error:
        raise UnknownKey("not a key") from error
    return cbor.encode({3: algorithm, **fixed, **{name: key[name] for name in members}})


def _attestation_object(data: bytes) -> AttestationObject:
    from fido2.webauthn import AttestationObject  # noqa: PLC0415 (see the module's text)

    try:
        return AttestationObject(data)
    except Exception as error:
        # The library's reader of CBOR fails in many ways: IndexError, KeyError, TypeError, RecursionError …
        raise Malformed("attestationObject") from error


def _authenticator_data(data: bytes) -> AuthenticatorData:
    from fido2.webauthn import AuthenticatorData  # noqa: PLC0415 (see the module's text)

    try:
        return AuthenticatorData(data)
    except Exception as error:
        raise Malformed("authenticatorData") from error
