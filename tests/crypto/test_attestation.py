"""Allowed kinds of authenticator: proven by certificates of a test's own makers."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from mfa.crypto import webauthn
from mfa.crypto.attestation import Policy
from tests.crypto.test_webauthn import CHALLENGE, ORIGIN, PARTY, USER
from tests.support.software_authenticator import SoftwareAuthenticator

AAGUID = "fa2b99dc-9e39-4257-8f92-4a30d23c4118"
KIND = bytes.fromhex(AAGUID.replace("-", ""))
OTHER_KIND = b"o" * 16
MADE = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def named(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "SE"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Maker"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Authenticator Attestation"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


class Maker:
    """A maker of authenticators, with a root of its own and one kind of certificate under it."""

    def __init__(self, name: str = "Maker", *, is_authority: bool = True) -> None:
        self.root_key, self.middle_key, self.key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
        root, middle = named(f"{name} Root"), named(f"{name} Middle")
        self.root = self._issue(root, self.root_key, root, self.root_key, is_authority=True)
        self.middle = self._issue(middle, self.middle_key, root, self.root_key, is_authority=is_authority)
        self.leaf = self._issue(named(name), self.key, middle, self.middle_key, is_authority=False)

    @staticmethod
    def _issue(
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        issuer: x509.Name,
        signer: ec.EllipticCurvePrivateKey,
        *,
        is_authority: bool,
    ) -> x509.Certificate:
        return (
            x509.CertificateBuilder(
                issuer, subject, key.public_key(), x509.random_serial_number(), MADE, MADE
            )
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .sign(signer, SHA256())
        )

    def packed(self, data: bytes, client_data_hash: bytes) -> tuple[str, dict[str, Any]]:
        chain = [each.public_bytes(Encoding.DER) for each in (self.leaf, self.middle)]
        signature = self.key.sign(data + client_data_hash, ec.ECDSA(SHA256()))
        return "packed", {"alg": -7, "sig": signature, "x5c": chain}


MAKER, STRANGER, NO_AUTHORITY = Maker(), Maker("Stranger"), Maker("Odd", is_authority=False)


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    for name, maker in (("maker", MAKER), ("odd", NO_AUTHORITY)):
        (tmp_path / f"{name}.pem").write_bytes(maker.root.public_bytes(Encoding.PEM))
    return Policy.read([AAGUID], tmp_path)


def register(
    policy: Policy,
    attest: Callable[[bytes, bytes], tuple[str, dict[str, Any]]] | None,
    aaguid: bytes = KIND,
) -> webauthn.Registered:
    options = webauthn.creation_options(PARTY, USER, CHALLENGE, attestation="direct")
    answer = SoftwareAuthenticator(ORIGIN, aaguid=aaguid).create(options, attest=attest)
    return webauthn.register(json.dumps(answer), CHALLENGE, PARTY, policy=policy)


def test_attested_authenticator_of_an_allowed_kind_is_registered(policy: Policy) -> None:
    assert register(policy, MAKER.packed).aaguid == KIND


def of_another_key(data: bytes, client_data_hash: bytes) -> tuple[str, dict[str, Any]]:
    return MAKER.packed(data, client_data_hash[::-1])


def by_itself(data: bytes, client_data_hash: bytes) -> tuple[str, dict[str, Any]]:
    kind, statement = MAKER.packed(data, client_data_hash)
    return kind, {name: value for name, value in statement.items() if name != "x5c"}


def changed(**members: Any) -> Callable[[bytes, bytes], tuple[str, dict[str, Any]]]:
    def attest(data: bytes, client_data_hash: bytes) -> tuple[str, dict[str, Any]]:
        kind, statement = MAKER.packed(data, client_data_hash)
        return members.pop("fmt", kind), {**statement, **members}

    return attest


@pytest.mark.parametrize(
    "attest",
    [
        None,
        STRANGER.packed,
        NO_AUTHORITY.packed,
        of_another_key,
        by_itself,
        changed(x5c=[]),
        changed(x5c=7),
        changed(x5c=[b"no certificate"]),
        changed(x5c=[MAKER.root.public_bytes(Encoding.DER)]),
        changed(sig=b""),
        changed(sig="text"),
        changed(alg=-999),
        changed(fmt="none"),
        changed(fmt="tpm"),
        changed(fmt="apple"),
        changed(fmt="fido-u2f"),
        changed(fmt="android-safetynet"),
        changed(fmt=7),
    ],
)
def test_unproven_kind_is_refused(
    policy: Policy, attest: Callable[[bytes, bytes], tuple[str, dict[str, Any]]] | None
) -> None:
    with pytest.raises(webauthn.NotAllowed):
        register(policy, attest)


def test_other_kind_is_refused_though_it_is_proven(policy: Policy) -> None:
    with pytest.raises(webauthn.NotAllowed):
        register(policy, MAKER.packed, aaguid=OTHER_KIND)


def test_policy_needs_aaguids_and_certificates(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no certificate"):
        Policy.read([AAGUID], tmp_path)
    (tmp_path / "root.pem").write_text("no certificate")
    with pytest.raises(ValueError, match="PEM"):
        Policy.read([AAGUID], tmp_path)
    (tmp_path / "root.pem").write_bytes(MAKER.root.public_bytes(Encoding.PEM))
    with pytest.raises(ValueError, match="UUID"):
        Policy.read(["YubiKey"], tmp_path)
