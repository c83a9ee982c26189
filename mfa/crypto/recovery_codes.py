"""Recovery codes: ten a set, 80 random bits each, written in Crockford's base32 in four groups of four."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata

from argon2.low_level import Type, hash_secret_raw

from mfa.crypto.cost import Cost
from mfa.typed import without_separators

COUNT = 10
CODE_LENGTH = 16
CODE_BYTES = 10
SET_BYTES = COUNT * CODE_BYTES
SALT_BYTES = 16
_MOST_TYPED = 256

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOK_ALIKES = str.maketrans("OIL", "011")
_SHAPE = re.compile(f"[{_ALPHABET}]{{{CODE_LENGTH}}}")


def make(random: bytes) -> list[str]:
    """Ten codes, each sixteen characters without separators, from :data:`SET_BYTES` random bytes."""
    if len(random) != SET_BYTES:
        raise ValueError(f"a set of recovery codes takes {SET_BYTES} bytes")
    parts = (random[start : start + CODE_BYTES] for start in range(0, SET_BYTES, CODE_BYTES))
    return [_encode(part) for part in parts]


def display(code: str) -> str:
    """A code as people read it: ``XXXX-XXXX-XXXX-XXXX``."""
    return "-".join(code[start : start + 4] for start in range(0, CODE_LENGTH, 4))


def normalize(typed: str) -> str | None:
    """The code that a person meant, or None if it can't be one.

    Any case, any separators; O is read as 0, I and L as 1 (Crockford's look-alikes).
    """
    return _read(_compact(typed))


def is_of_another_kind(typed: str) -> bool:
    """Return whether *typed* is a code in full-width letters and digits, or the like."""
    compact = _compact(typed)
    return _read(compact) is None and _read(unicodedata.normalize("NFKC", compact)) is not None


def _compact(typed: str) -> str:
    return without_separators(typed) if len(typed) <= _MOST_TYPED else ""


def _read(compact: str) -> str | None:
    # ASCII before upper(): 'ı'.upper() is 'I', and such letters are not look-alikes but other letters.
    if not compact.isascii():
        return None
    meant = compact.upper().translate(_LOOK_ALIKES)
    return meant if _SHAPE.fullmatch(meant) else None


def digest(code: str, *, salt: bytes, cost: Cost, pepper: bytes) -> bytes:
    """What is stored of a code: argon2id with the salt of its set, then a keyed hash (32 bytes).

    One salt a set, so that checking a code costs one hash; under a key, so that a stolen database
    alone is useless (OWASP ASVS 5.0, 6.5.2).

    :param pepper: the key, 32 random bytes a set, kept sealed.
    """
    slow = hash_secret_raw(
        code.encode("ascii"),
        salt,
        time_cost=cost.passes,
        memory_cost=cost.memory_kib,
        parallelism=cost.lanes,
        hash_len=32,
        type=Type.ID,
    )
    return hmac.digest(pepper, slow, hashlib.sha256)


def _encode(part: bytes) -> str:
    number = int.from_bytes(part)
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(75, -1, -5))
