"""The key ring: every key that the application uses, derived from the master keys of the configuration.

One master key never does two jobs: each purpose gets a key of its own by HKDF (RFC 5869). Old master
keys stay on the ring for reading, so that a key can be changed without anyone being locked out.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MASTER_KEY_BYTES = 32
KEY_ID_LENGTH = 8
_NONCE_BYTES = 12


class UnknownKey(LookupError):
    """Something was made with a key that is not on the ring."""


class Unreadable(ValueError):
    """Sealed bytes that were changed, or that belong to something else."""


class KeyRing:
    """The current master key and the older ones that may still be read.

    :param masters: the master keys as bytes, at least :data:`MASTER_KEY_BYTES` each, the current first.
    :raises ValueError: no key, or one that is too short.
    """

    def __init__(self, masters: Sequence[bytes]) -> None:
        if not masters or any(len(master) < MASTER_KEY_BYTES for master in masters):
            raise ValueError(f"a master key has at least {MASTER_KEY_BYTES} bytes")
        self._masters = {_key_id(master): master for master in masters}
        self.current = _key_id(masters[0])

    def derive(
        self, purpose: str, context: bytes = b"", *, length: int = 32, key_id: str | None = None
    ) -> bytes:
        """*length* bytes that only this ring can make for *purpose* and *context* (HKDF-SHA-256).

        :param key_id: the master key to use; the current one when None.
        :raises UnknownKey: that key is not on the ring.
        """
        master = self._master(key_id or self.current)
        return _expand(master, purpose, context, length)

    @property
    def ids(self) -> list[str]:
        """The ids of all master keys, the current one first."""
        return list(self._masters)

    def has(self, key_id: str) -> bool:
        """Whether the master key with that id is on the ring."""
        return key_id in self._masters

    def keyed_hash(self, purpose: str, data: bytes, *, key_id: str | None = None) -> bytes:
        """HMAC-SHA-256 of *data* under the key of *purpose*: 32 bytes."""
        return hmac.digest(self.derive(purpose, key_id=key_id), data, hashlib.sha256)

    def seal(self, purpose: str, plaintext: bytes, associated: bytes) -> bytes:
        """Encrypt and authenticate *plaintext* (AES-256-GCM), bound to *associated*.

        Returns the key id (8 ASCII bytes), the nonce (12 bytes), the ciphertext and its tag.
        """
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(self.derive(purpose)).encrypt(nonce, plaintext, associated)
        return self.current.encode() + nonce + sealed

    def open(self, purpose: str, sealed: bytes, associated: bytes) -> bytes:
        """What :meth:`seal` was given.

        :raises UnknownKey: sealed with a key that is not on the ring.
        :raises Unreadable: changed, cut short, or bound to something other than *associated*.
        """
        key_id = sealed[:KEY_ID_LENGTH].decode("ascii", "replace")
        nonce = sealed[KEY_ID_LENGTH : KEY_ID_LENGTH + _NONCE_BYTES]
        ciphertext = sealed[KEY_ID_LENGTH + _NONCE_BYTES :]
        cipher = AESGCM(self.derive(purpose, key_id=key_id))
        try:
            return cipher.decrypt(nonce, ciphertext, associated)
        except (InvalidTag, ValueError) as error:
            raise Unreadable("sealed bytes do not open") from error

    def signing_keys(self, purpose: str) -> list[bytes]:
        """Keys for itsdangerous, oldest first as it wants them; it signs with the last."""
        others = [key_id for key_id in self._masters if key_id != self.current]
        return [self.derive(purpose, key_id=key_id) for key_id in [*others, self.current]]

    def _master(self, key_id: str) -> bytes:
        try:
            return self._masters[key_id]
        except KeyError:
            raise UnknownKey(f"no key {key_id!r} on the ring") from None


def _key_id(master: bytes) -> str:
    return hmac.digest(master, b"twostep key id", hashlib.sha256).hex()[:KEY_ID_LENGTH]


@lru_cache(maxsize=64)
def _purpose_key(master: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"twostep:" + purpose.encode()).derive(master)


def _expand(master: bytes, purpose: str, context: bytes, length: int) -> bytes:
    if not context and length == MASTER_KEY_BYTES:
        return _purpose_key(master, purpose)
    return HKDF(SHA256(), length, salt=None, info=context).derive(_purpose_key(master, purpose))
