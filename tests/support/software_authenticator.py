"""An authenticator and the browser before it, in software: a second implementation of WebAuthn Level 3.

Written on ``cryptography`` and ``cbor2`` alone, so that a mistake of the server's library isn't made twice.
What a dishonest browser or authenticator would do is one argument away.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

ES256, EDDSA, RS256 = -7, -8, -257
UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


class NoCredential(LookupError):
    """The authenticator has none that it is asked for: a browser says NotAllowedError."""


class Excluded(LookupError):
    """It has one already that is excluded: a browser says InvalidStateError."""


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Key:
    """One credential in the authenticator."""

    id: bytes
    private: PrivateKey = field(repr=False)
    algorithm: int
    rp_id: str
    user_handle: bytes
    is_resident: bool
    count: int = 0

    def sign(self, message: bytes) -> bytes:
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            return self.private.sign(message, ec.ECDSA(SHA256()))
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(message)
        return self.private.sign(message, padding.PKCS1v15(), SHA256())


@dataclass
class SoftwareAuthenticator:
    """A security key, or the passkeys of a phone.

    :param origin: where its browser stands.
    :param flags: what it claims at each use: presence, verification, backup.
    :param counts: whether it counts its signatures, from 1; otherwise it always says 0.
    :param algorithms: that it can, the most wanted first.
    :param is_resident: its credentials are found without their ids, and name their user.
    """

    origin: str
    flags: int = UP | UV
    counts: bool = True
    algorithms: tuple[int, ...] = (ES256, EDDSA, RS256)
    is_resident: bool = True
    aaguid: bytes = bytes(16)
    transports: tuple[str, ...] = ("internal",)
    keys: list[Key] = field(default_factory=list)

    def create(
        self,
        options: Mapping[str, Any],
        *,
        rp_id: str | None = None,
        client_data: Mapping[str, Any] | None = None,
        attest: Callable[[bytes, bytes], tuple[str, dict[str, Any]]] | None = None,
        cose: Mapping[int, Any] | None = None,
        credential_id: bytes | None = None,
    ) -> dict[str, Any]:
        """Answer creation options as ``PublicKeyCredential.toJSON()`` does (§5.1.8).

        :param rp_id: that it hashes; the one that is asked for if None.
        :param client_data: members that the browser says otherwise; None leaves one out.
        :param attest: makes the format and the statement, from the authenticator data and the hash.
        :param cose: the members of the public key that it says otherwise.
        :param credential_id: instead of a random one.
        :raises Excluded: it has one of the excluded credentials.
        """
        excluded = {unb64(each["id"]) for each in options["excludeCredentials"]}
        if any(key.id in excluded for key in self.keys):
            raise Excluded
        asked = [each["alg"] for each in options["pubKeyCredParams"]]
        key = Key(
            os.urandom(32) if credential_id is None else credential_id,
            _new_key(algorithm := next(each for each in self.algorithms if each in asked)),
            algorithm,
            options["rp"]["id"],
            unb64(options["user"]["id"]),
            self.is_resident,
        )
        self.keys.append(key)
        public = {**_cose(key), **(cose or {})}
        attested = self.aaguid + struct.pack(">H", len(key.id)) + key.id + cbor2.dumps(public)
        said = self._client_data("webauthn.create", options["challenge"], client_data)
        data = self._authenticator_data(rp_id or key.rp_id, self.flags | AT, 0) + attested
        kind, statement = attest(data, hashlib.sha256(said).digest()) if attest else ("none", {})
        return {
            **_named(key.id),
            "response": {
                "clientDataJSON": b64(said),
                "attestationObject": b64(cbor2.dumps({"fmt": kind, "attStmt": statement, "authData": data})),
                "authenticatorData": b64(data),
                "publicKeyAlgorithm": key.algorithm,
                "transports": list(self.transports),
            },
        }

    def get(
        self,
        options: Mapping[str, Any],
        *,
        rp_id: str | None = None,
        client_data: Mapping[str, Any] | None = None,
        user_handle: bytes | None = None,
    ) -> dict[str, Any]:
        """Answer request options as ``PublicKeyCredential.toJSON()`` does (§5.1.4).

        :param user_handle: that it names, instead of the one that it was made for.
        :raises NoCredential: it has none for them.
        """
        key = self._found(options)
        key.count += self.counts
        data = self._authenticator_data(rp_id or key.rp_id, self.flags, key.count)
        said = self._client_data("webauthn.get", options["challenge"], client_data)
        handle = user_handle or (key.user_handle if key.is_resident else None)
        return {
            **_named(key.id),
            "response": {
                "clientDataJSON": b64(said),
                "authenticatorData": b64(data),
                "signature": b64(key.sign(data + hashlib.sha256(said).digest())),
                "userHandle": None if handle is None else b64(handle),
            },
        }

    def _found(self, options: Mapping[str, Any]) -> Key:
        allowed = {unb64(each["id"]) for each in options["allowCredentials"]}
        for key in reversed(self.keys):
            if key.rp_id == options["rpId"] and (key.id in allowed if allowed else key.is_resident):
                return key
        raise NoCredential

    def _client_data(self, ceremony: str, challenge: str, otherwise: Mapping[str, Any] | None) -> bytes:
        said = {"type": ceremony, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        said.update(otherwise or {})
        return json.dumps({name: value for name, value in said.items() if value is not None}).encode()

    @staticmethod
    def _authenticator_data(rp_id: str, flags: int, count: int) -> bytes:
        return hashlib.sha256(rp_id.encode()).digest() + struct.pack(">BI", flags, count)


def _named(credential_id: bytes) -> dict[str, Any]:
    return {
        "id": b64(credential_id),
        "rawId": b64(credential_id),
        "type": "public-key",
        "authenticatorAttachment": "platform",
        "clientExtensionResults": {},
    }


def _new_key(algorithm: int) -> PrivateKey:
    if algorithm == ES256:
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == EDDSA:
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, 2048)


def _cose(key: Key) -> dict[int, Any]:
    """Return the public key as RFC 9053 §7 and RFC 8230 §4 write it."""
    public = key.private.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        point = public.public_numbers()
        return {1: 2, 3: ES256, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
    if isinstance(public, ed25519.Ed25519PublicKey):
        return {1: 1, 3: EDDSA, -1: 6, -2: public.public_bytes_raw()}
    numbers = public.public_numbers()
    return {1: 3, 3: RS256, -1: numbers.n.to_bytes(256, "big"), -2: numbers.e.to_bytes(3, "big")}
