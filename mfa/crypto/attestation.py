"""Which kinds of authenticator are allowed, and the proof that one is of its kind (WebAuthn L3 §6.5, §8)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from mfa.crypto.webauthn import NotAllowed

if TYPE_CHECKING:
    from fido2.attestation.base import Attestation
    from fido2.webauthn import AttestationObject


@dataclass(frozen=True)
class Policy:
    """The kinds of authenticator that are allowed.

    :param aaguids: of 16 bytes each.
    :param roots: the certificates of those who vouch for them.
    """

    aaguids: frozenset[bytes]
    roots: tuple[x509.Certificate, ...] = field(repr=False)

    @classmethod
    def read(cls, aaguids: Iterable[str], folder: Path) -> Policy:
        """Return the policy of a list of AAGUIDs and a folder of PEM files.

        :raises ValueError: one is no AAGUID or no certificate, or there is none.
        :raises OSError: a file can't be read.
        """
        files = sorted(folder.glob("*.pem"))
        roots = [root for file in files for root in x509.load_pem_x509_certificates(file.read_bytes())]
        if not roots:
            raise ValueError("no certificate")
        return cls(frozenset(UUID(each).bytes for each in aaguids), tuple(roots))

    def check(self, attested: AttestationObject, client_data_hash: bytes) -> None:
        """Refuse an authenticator that is of no allowed kind, or can't prove it.

        :param client_data_hash: SHA-256 of what the browser said of the page.
        :raises webauthn.NotAllowed: see above.
        """
        made = attested.auth_data.credential_data
        if made is None or bytes(made.aaguid) not in self.aaguids:
            raise NotAllowed("kind of authenticator")
        chain = _chain(attested.att_stmt)
        try:
            self._verify(attested, client_data_hash, chain)
        except NotAllowed:
            raise
        except Exception as error:
            # The library's verifiers fail in many ways where a statement is not of the expected shape.
            raise NotAllowed("attestation") from error

    def _verify(
        self, attested: AttestationObject, client_data_hash: bytes, chain: Sequence[x509.Certificate]
    ) -> None:
        verifier = _verifiers().get(attested.fmt)
        if verifier is None:
            raise NotAllowed("format of the attestation")
        verifier.verify(attested.att_stmt, attested.auth_data, client_data_hash)
        self._check_chain(chain)

    def _check_chain(self, chain: Sequence[x509.Certificate]) -> None:
        """Check that each certificate is issued by the next, and the last by a root."""
        for issued, issuer in itertools.pairwise(chain):
            issued.verify_directly_issued_by(issuer)
            if not issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
                raise NotAllowed("issuer of a certificate")
        last = chain[-1]
        if last not in self.roots and not any(_is_issued(last, root) for root in self.roots):
            raise NotAllowed("root of the certificates")


def _verifiers() -> dict[str, Attestation]:
    """Return those of the formats that a chain of certificates proves (§8)."""
    from fido2.attestation.apple import AppleAttestation  # noqa: PLC0415 (see mfa.crypto.webauthn)
    from fido2.attestation.packed import PackedAttestation  # noqa: PLC0415 (likewise)
    from fido2.attestation.tpm import TpmAttestation  # noqa: PLC0415 (likewise)
    from fido2.attestation.u2f import FidoU2FAttestation  # noqa: PLC0415 (likewise)

    kinds = (PackedAttestation, FidoU2FAttestation, TpmAttestation, AppleAttestation)
    return {kind.FORMAT: kind() for kind in kinds}


def _is_issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _chain(statement: Mapping[str, Any]) -> list[x509.Certificate]:
    try:
        chain = [x509.load_der_x509_certificate(der) for der in statement["x5c"]]
    except Exception as error:
        raise NotAllowed("certificates") from error
    if not chain:
        # The authenticator's own signature proves nothing about its kind (§6.5.4, "Self Attestation").
        raise NotAllowed("certificates")
    return chain
