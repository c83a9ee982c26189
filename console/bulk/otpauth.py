"""TOTP secrets as other systems give them away: an ``otpauth://`` address, or the key in base32.

Read here and not by pyotp, whose ``parse_uri`` refuses addresses that apps take (issuers that differ in label
and parameter, a lower-case algorithm) and takes numbers that are none.
"""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import parse_qsl, urlsplit

from mfa.crypto.totp import LEAST_SECRET_BYTES
from mfa.typed import without_separators

GOOD_BYTES = 16
"""RFC 4226 §4, R6 asks for 128 bits; many systems give 80."""
MOST_BYTES = 64
_MOST_TYPED = 4096
"""Characters: an address may carry the address of a picture."""
_KEY = re.compile("[A-Z2-7]+=*")
_OURS = {"algorithm": ("SHA1", "HMACSHA1"), "digits": ("6",), "period": ("30",)}


class UnusableSecret(ValueError):
    """A secret whose app would show codes that are not taken here."""


class NotASecret(UnusableSecret):
    """Neither an ``otpauth://`` address nor base32."""


class NotTimeBased(UnusableSecret):
    """Codes that count presses (HOTP) and not the time, or of a kind of their own (Steam)."""


class OtherParameter(UnusableSecret):
    """Codes of another algorithm, length or period than SHA1, 6 and 30.

    :param name: ``algorithm``, ``digits`` or ``period``.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"another {name}")
        self.name = name


class TooShort(UnusableSecret):
    """Under :data:`~mfa.crypto.totp.LEAST_SECRET_BYTES`."""


class TooLong(UnusableSecret):
    """Over :data:`MOST_BYTES`."""


def read(text: str) -> bytes:
    """The secret of an app that is set up already: 10 to 64 bytes.

    :raises UnusableSecret: one of its kinds.
    """
    if len(text) > _MOST_TYPED:
        raise NotASecret("longer than any address")
    return _key(_of_address(text) if text[:10].lower() == "otpauth://" else text)


def _of_address(address: str) -> str:
    try:
        parts = urlsplit(address)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError as error:
        raise NotASecret("not an address") from error
    given = {name.lower(): value for name, value in pairs}
    if len(given) != len(pairs):
        raise NotASecret("a parameter is given twice")
    if parts.netloc.lower() != "totp" or given.get("encoder"):
        raise NotTimeBased("not TOTP")
    for name, taken in _OURS.items():
        # SHA-1, HMAC-SHA1 and HmacSHA1 are one algorithm.
        if re.sub("[ _-]", "", given.get(name, "")).upper() not in ("", *taken):
            raise OtherParameter(name)
    return given.get("secret", "")


def _key(text: str) -> bytes:
    compact = without_separators(text).upper()
    if not compact.isascii() or not _KEY.fullmatch(compact):
        raise NotASecret("not base32")
    compact = compact.rstrip("=")
    try:
        secret = base64.b32decode(compact + "=" * (-len(compact) % 8))
    except binascii.Error as error:
        raise NotASecret("not whole bytes") from error
    if len(secret) < LEAST_SECRET_BYTES:
        raise TooShort("too few bits")
    if len(secret) > MOST_BYTES:
        raise TooLong("too many bits")
    return secret
