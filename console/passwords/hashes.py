"""Password hashes as they stand in databases, of our own kind and of other systems: read, weighed, compared.

Nothing here makes a hash. One that is taken over is good until its owner signs in, and is ours from then on.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass

import bcrypt
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from werkzeug.security import check_password_hash

MAX_LENGTH = 255

_PBKDF2_ROUNDS = range(5_000, 3_000_001)
_BCRYPT_COST = range(8, 15)
_BCRYPT_BYTES = 72
"""bcrypt looks at no more, and all but a few systems cut what is longer without a word."""
_SCRYPT_MEMORY = range(4 << 20, (256 << 20) + 1)
"""Bytes: 128 · n · r."""
_SCRYPT_MOST_WORK = 1 << 22
"""n · r · p."""
_ARGON2_MEMORY = range(512, (256 << 10) + 1)
"""KiB."""
_ARGON2_WORK = range(1024, (1 << 20) + 1)
"""Passes · KiB."""
_ARGON2_MOST_LANES = 64
_ARGON2_VERSIONS = (0x10, 0x12, 0x13)
"""0x12 is argon2-cffi's word for a hash that names none."""
_ARGON2_LEAST_SALT = 8
"""Bytes."""
_LEAST_BYTES = 16
"""A shorter digest is hit by guesses that are not the password."""

_SALT = "(?P<salt>[!-#%-~]{1,128})"
_ROUNDS, _N, _R, _P = (f"(?P<{name}>[1-9][0-9]{{0,9}})" for name in ("rounds", "n", "r", "p"))
_BASE64 = "(?P<digest>[A-Za-z0-9+/=]+)"
_AB64 = "(?P<digest>[A-Za-z0-9./]+)"
_BCRYPT = r"\$2[aby]\$(?P<cost>[0-9]{2})\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]"


class UnusableHash(ValueError):
    """Not a hash that can be taken."""


class UnknownKind(UnusableHash):
    """Of no kind that is read here: a fast hash like MD5, a form of its own, or not a hash."""


class TooWeak(UnusableHash):
    """So quickly tried that it hardly protects the password."""


class TooCostly(UnusableHash):
    """A sign-in would take many seconds, or very much memory."""


@dataclass(frozen=True)
class PasswordHash:
    """A hash that was read.

    :param matches: whether a password is the one of this hash, in a time that does not depend on how much
        of it is right.
    :param weak: below what is taken over.
    :param costly: above it.
    """

    matches: Callable[[str], bool]
    weak: bool = False
    costly: bool = False


def read(hashed: str) -> PasswordHash:
    """The hash that *hashed* holds.

    :raises UnknownKind: none that is known.
    """
    if len(hashed) <= MAX_LENGTH:
        for shape, reader in _KINDS:
            found = shape.fullmatch(hashed)
            if found:
                try:
                    return reader(found)
                except (binascii.Error, InvalidHashError, ValueError) as error:
                    raise UnknownKind("not a whole hash") from error
    raise UnknownKind("no known kind of hash")


def check(hashed: str) -> None:
    """Refuse what should not be taken over from another system.

    :raises UnusableHash: one of its kinds.
    """
    kept = read(hashed)
    if kept.weak:
        raise TooWeak("a hash that is too quickly tried")
    if kept.costly:
        raise TooCostly("a hash that takes too long")


# The kinds, a reader each


def _argon2(found: re.Match[str]) -> PasswordHash:
    """argon2id, argon2i and argon2d in the PHC form; Django writes its own name before it."""
    phc = found["phc"]
    cost = extract_parameters(phc)
    if (
        cost.version not in _ARGON2_VERSIONS
        or cost.parallelism < 1
        or cost.memory_cost < 8 * cost.parallelism
        or cost.salt_len < _ARGON2_LEAST_SALT
    ):
        raise ValueError("argon2 makes no such hash (RFC 9106 §3.1)")
    work = cost.memory_cost * cost.time_cost

    def matches(password: str) -> bool:
        try:
            return PasswordHasher().verify(phc, password)
        except (VerificationError, InvalidHashError):
            return False

    return PasswordHash(
        matches,
        weak=cost.memory_cost < _ARGON2_MEMORY.start
        or work < _ARGON2_WORK.start
        or cost.hash_len < _LEAST_BYTES,
        costly=cost.memory_cost >= _ARGON2_MEMORY.stop
        or work >= _ARGON2_WORK.stop
        or cost.parallelism > _ARGON2_MOST_LANES,
    )


def _bcrypt(found: re.Match[str]) -> PasswordHash:
    kept = found["bcrypt"].encode()
    return _weighed(
        lambda password: bcrypt.checkpw(password.encode()[:_BCRYPT_BYTES], kept),
        int(found["cost"]),
        _BCRYPT_COST,
    )


def _django_bcrypt_sha256(found: re.Match[str]) -> PasswordHash:
    kept = found["bcrypt"].encode()
    return _weighed(
        lambda password: bcrypt.checkpw(hashlib.sha256(password.encode()).hexdigest().encode(), kept),
        int(found["cost"]),
        _BCRYPT_COST,
    )


def _django_pbkdf2(found: re.Match[str]) -> PasswordHash:
    digest = base64.b64decode(found["digest"], validate=True)
    return _pbkdf2(found["kind"], found["salt"].encode(), int(found["rounds"]), digest)


def _passlib_pbkdf2(found: re.Match[str]) -> PasswordHash:
    kind = (found["kind"] or "-sha1").removeprefix("-")
    salt, digest = (_passlib_base64(found[part]) for part in ("salt64", "digest"))
    return _pbkdf2(kind, salt, int(found["rounds"]), digest)


def _pbkdf2(kind: str, salt: bytes, rounds: int, digest: bytes) -> PasswordHash:
    if len(digest) != hashlib.new(kind).digest_size:
        raise ValueError("a digest of another length")

    def matches(password: str) -> bool:
        return hmac.compare_digest(hashlib.pbkdf2_hmac(kind, password.encode(), salt, rounds), digest)

    return _weighed(matches, rounds, _PBKDF2_ROUNDS)


def _django_scrypt(found: re.Match[str]) -> PasswordHash:
    n, r, p = (int(found[part]) for part in "nrp")
    salt, digest = found["salt"].encode(), base64.b64decode(found["digest"], validate=True)

    def matches(password: str) -> bool:
        made = hashlib.scrypt(
            password.encode(), salt=salt, n=n, r=r, p=p, maxmem=_scrypt_room(n, r, p), dklen=64
        )
        return hmac.compare_digest(made, digest)

    if len(digest) != 64:
        raise ValueError("a digest of another length")
    return _scrypt(matches, n, r, p)


def _werkzeug_scrypt(found: re.Match[str]) -> PasswordHash:
    n, r, p = (int(found[part]) for part in "nrp")
    return _scrypt(lambda password: check_password_hash(found[0], password), n, r, p)


def _werkzeug_pbkdf2(found: re.Match[str]) -> PasswordHash:
    if len(found["digest"]) != 2 * hashlib.new(found["kind"]).digest_size:
        raise ValueError("a digest of another length")
    return _weighed(
        lambda password: check_password_hash(found[0], password), int(found["rounds"]), _PBKDF2_ROUNDS
    )


def _scrypt(matches: Callable[[str], bool], n: int, r: int, p: int) -> PasswordHash:
    if n < 2 or n & (n - 1) or n >= 1 << 16 * r:
        raise ValueError("scrypt's n is a power of two, and under 2 to the power of 16 r (RFC 7914 §2)")
    if 128 * r * (n + 2 + p) > _scrypt_room(n, r, p):
        raise ValueError("Django and Werkzeug have no room to make such a hash, nor to compare one")
    memory = 128 * n * r
    return PasswordHash(
        matches,
        weak=memory < _SCRYPT_MEMORY.start,
        costly=memory >= _SCRYPT_MEMORY.stop or n * r * p > _SCRYPT_MOST_WORK,
    )


def _scrypt_room(n: int, r: int, p: int) -> int:
    """Bytes that scrypt may take, by the rule of Django and of Werkzeug."""
    return 132 * n * r * p


def _weighed(matches: Callable[[str], bool], cost: int, taken: range) -> PasswordHash:
    return PasswordHash(matches, weak=cost < taken.start, costly=cost >= taken.stop)


def _passlib_base64(text: str) -> bytes:
    """base64 without padding, and with a full stop for the plus."""
    return base64.b64decode(text.replace(".", "+") + "=" * (-len(text) % 4), validate=True)


_KINDS: list[tuple[re.Pattern[str], Callable[[re.Match[str]], PasswordHash]]] = [
    (re.compile(shape), reader)
    for shape, reader in (
        (r"(?:argon2)?(?P<phc>\$argon2(?:id|i|d)\$[!-~]+)", _argon2),
        (rf"(?:bcrypt\$)?(?P<bcrypt>{_BCRYPT})", _bcrypt),
        (rf"bcrypt_sha256\$(?P<bcrypt>{_BCRYPT})", _django_bcrypt_sha256),
        (rf"pbkdf2_(?P<kind>sha1|sha256)\${_ROUNDS}\${_SALT}\${_BASE64}", _django_pbkdf2),
        (rf"scrypt\${_N}\${_SALT}\${_R}\${_P}\${_BASE64}", _django_scrypt),
        (rf"scrypt:{_N}:{_R}:{_P}\${_SALT}\$[0-9a-f]{{128}}", _werkzeug_scrypt),
        (
            rf"pbkdf2:(?P<kind>sha1|sha256|sha512):{_ROUNDS}\${_SALT}\$(?P<digest>[0-9a-f]+)",
            _werkzeug_pbkdf2,
        ),
        (
            rf"\$pbkdf2(?P<kind>-sha256|-sha512)?\${_ROUNDS}\$(?P<salt64>[A-Za-z0-9./]+)\${_AB64}",
            _passlib_pbkdf2,
        ),
    )
]
