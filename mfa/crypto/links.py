"""Signed tokens for e-mailed links: each bound to one purpose, with its time inside (itsdangerous)."""

from __future__ import annotations

import hashlib
from typing import Any

from itsdangerous import BadSignature, TimestampSigner, URLSafeTimedSerializer

from mfa.crypto import ages
from mfa.crypto.keys import KeyRing

MAX_LENGTH = 1024


class BadToken(ValueError):
    """Not a token of this purpose: changed, forged, cut, or made for something else."""


class ExpiredToken(BadToken):
    """A genuine token that is too old."""


class _SignerAt(TimestampSigner):
    """
    :param seconds: the Unix time that its signatures are dated.
    """

    def __init__(self, *args: Any, seconds: float, **more: Any) -> None:
        super().__init__(*args, **more)
        self._seconds = seconds

    def get_timestamp(self) -> int:
        return int(self._seconds)


class Signer:
    """Makes and reads the tokens of one purpose.

    :param purpose: also the salt: a token of one purpose is no token of another.
    :param lifetime: seconds for which a token is good.
    """

    def __init__(self, ring: KeyRing, purpose: str, lifetime: int) -> None:
        self._ring = ring
        self._purpose = purpose
        self.lifetime = lifetime

    def make(self, payload: dict[str, Any], seconds: float) -> str:
        """A URL-safe token that carries *payload* (readable by anyone), dated *seconds* Unix time."""
        return self._serializer(seconds).dumps(payload)

    def read(self, token: str, seconds: float) -> dict[str, Any]:
        """The payload of a token.

        :raises BadToken: not one of this purpose.
        :raises ExpiredToken: older than :attr:`lifetime`.
        """
        if len(token) > MAX_LENGTH or not token.isascii():
            raise BadToken
        try:
            payload, made = self._serializer(seconds).loads(token, return_timestamp=True)
        except BadSignature as error:
            raise BadToken from error
        if not isinstance(payload, dict):
            raise BadToken
        if ages.is_current(made.timestamp(), seconds, self.lifetime):
            return payload
        raise ExpiredToken if made.timestamp() < seconds else BadToken

    def _serializer(self, seconds: float) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(
            self._ring.signing_keys("links"),
            salt=self._purpose,
            signer=_SignerAt,
            signer_kwargs={"seconds": seconds, "digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )
