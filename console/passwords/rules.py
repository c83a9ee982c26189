"""Passwords: what is acceptable as one, and how one is kept (argon2id, RFC 9106)."""

from __future__ import annotations

import base64
import gzip
import os
import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib import resources

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError
from argon2.low_level import ARGON2_VERSION
from flask_babel import gettext, lazy_gettext as _

from console.passwords import hashes as password_hashes
from mfa.attempts.hashing import Line
from mfa.crypto.cost import Cost
from mfa.errors import Refusal
from mfa.typed import is_overlong

MAX_LENGTH = 256
MIN_LENGTH_FLOOR = 8
_CONTEXT_WORD_LENGTH = 4
_TELLING_LENGTH = 6
"""A word of so many characters is not in a password by chance, as "mark" is in "supermarket"."""


class BadPassword(Refusal):
    """A password that can't be taken."""


class TooShort(BadPassword):
    """Fewer characters than the minimum."""

    def __init__(self, minimum: int) -> None:
        super().__init__(f"under {minimum} characters")
        self.minimum = minimum

    @property
    def sentence(self) -> str:
        return gettext("That is too short. Use at least %(minimum)d characters.", minimum=self.minimum)


class TooLong(BadPassword):
    """More than :data:`MAX_LENGTH` characters."""

    says = _("Use at most %(maximum)d characters.", maximum=MAX_LENGTH)


class NotTypable(BadPassword):
    """Contains control characters, which no keyboard sends."""

    says = _("A password can’t contain control characters.")


class TooCommon(BadPassword):
    """Stands on the list of common passwords, or is one repeated, with or without signs between."""

    says = _("This password is among the first that anyone would try. Choose another.")


class TooObvious(BadPassword):
    """Contains a word that anyone would try first: the product's name or the person's address."""

    says = _("A password can’t contain your address or the name of this site.")


def check(password: str, *, minimum: int, words: Iterable[str] = ()) -> None:
    """Refuse what can't be a password; any composition is fine (NIST SP 800-63B-4 §3.1.1.2).

    :param minimum: characters, at least :data:`MIN_LENGTH_FLOOR`.
    :param words: what it may not contain, in any case. Words of four and five characters count only where
        they are not part of a longer word, and shorter ones not at all.
    :raises BadPassword: one of its kinds.
    """
    if is_overlong(password, MAX_LENGTH):
        raise TooLong
    text = _canonical(password)
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise NotTypable
    least = max(minimum, MIN_LENGTH_FLOOR)
    if len(text) < least:
        raise TooShort(least)
    if len(text) > MAX_LENGTH:
        raise TooLong
    folded = text.casefold()
    bare = "".join(filter(str.isalnum, folded))
    tried = {folded, bare, _unit(folded), _unit(bare)} - {""}
    if any(map(_is_common, tried)) or len(set(folded)) < _CONTEXT_WORD_LENGTH:
        raise TooCommon
    if any(_contains(folded, word.casefold()) for word in words):
        raise TooObvious


class Hasher:
    """Hashes passwords at one cost, and checks hashes of any cost and of other systems.

    :param line: returns the line that limits how many hash at once; None where nobody else hashes.
    """

    def __init__(self, cost: Cost, line: Callable[[], Line] | None = None) -> None:
        self._cost, self._line = cost, line
        self._argon2 = PasswordHasher(
            time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes
        )
        # What an unknown account is checked against, so that it takes the same time.
        self._nobody = self._argon2.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """The password's argon2id hash in the PHC form, with a fresh salt."""
        self._check_place()
        return self._argon2.hash(_canonical(password))

    def nobodys(self) -> str:
        """A hash that no password is known to have, made without any: checking it costs what another does."""
        salt, digest = (
            base64.b64encode(os.urandom(length)).decode().rstrip("=")
            for length in (self._argon2.salt_len, self._argon2.hash_len)
        )
        cost = f"m={self._cost.memory_kib},t={self._cost.passes},p={self._cost.lanes}"
        return f"$argon2id$v={ARGON2_VERSION}${cost}${salt}${digest}"

    def verify(self, hashed: str | None, password: str) -> bool:
        """Whether *password* is the one of *hashed*, at the cost of one hash.

        Of two where it is typed in letters that are put together otherwise: other systems hash what they get.

        :param hashed: the kept hash, ours or another system's; None where there is no account.
        """
        self._check_place()
        try:
            kept = password_hashes.read(hashed or self._nobody)
        except password_hashes.UnknownKind:
            return False
        # Whether there is an account or not; no password that was set here is as long.
        if is_overlong(password, MAX_LENGTH):
            return False
        forms = dict.fromkeys((_canonical(password), password))
        return any(kept.matches(form) for form in forms) and hashed is not None

    def outdated(self, hashed: str) -> bool:
        """Whether the hash is of another kind or cost than those made today."""
        try:
            return self._argon2.check_needs_rehash(hashed)
        except InvalidHashError:
            return True

    def check(self, hashed: str) -> None:
        """Refuse a hash that should not be taken over from another system; those like ours are always taken.

        :raises password_hashes.UnusableHash: one of its kinds.
        """
        if self.outdated(hashed):
            password_hashes.check(hashed)

    def _check_place(self) -> None:
        if self._line and not self._line().is_held:
            raise RuntimeError("a password is hashed outside the line: see mfa.attempts.hashing")


@lru_cache(maxsize=1)
def common() -> bytes:
    """The shipped list of common passwords, casefolded, each between two line ends.

    Looking through all of it takes 0.1 ms, when a password is chosen; as a set it would take 4 MB for good.
    """
    packed = resources.files("console.passwords").joinpath("common.txt.gz").read_bytes()
    return b"\n" + gzip.decompress(packed) + b"\n"


def _is_common(folded: str) -> bool:
    return f"\n{folded}\n".encode() in common()


def _contains(folded: str, word: str) -> bool:
    if len(word) < _CONTEXT_WORD_LENGTH:
        return False
    if len(word) >= _TELLING_LENGTH:
        return word in folded
    return re.search(rf"(?<![^\W\d_]){re.escape(word)}(?![^\W\d_])", folded) is not None


def _canonical(password: str) -> str:
    # The same keys give composed or decomposed letters on different systems (SP 800-63B-4 §3.1.1.2).
    return unicodedata.normalize("NFC", password)


def _unit(text: str) -> str:
    """The shortest text of which *text* is a repetition: 'abcabcab' gives 'abc'."""
    start = (text + text).find(text, 1)
    if 0 < start < len(text):
        return text[:start]
    for length in range(1, len(text) // 2 + 1):
        unit = text[:length]
        if (unit * (len(text) // length + 1))[: len(text)] == text:
            return unit
    return text
