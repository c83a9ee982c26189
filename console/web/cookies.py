"""Flask's signed session cookie, signed with SHA-256 and dated by the application's own clock."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Any

from flask import Flask, Response
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from itsdangerous import SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from mfa import clock
from mfa.crypto import ages
from mfa.crypto.keys import KeyRing

_SALT = b"session"


class _Signer(TimestampSigner):
    """Takes a cookie from a server whose clock is a little ahead; itsdangerous would refuse it."""

    def get_timestamp(self) -> int:
        return int(clock.now().timestamp())

    def unsign(self, signed_value: Any, max_age: int | None = None, return_timestamp: bool = False) -> Any:
        value, made = super().unsign(signed_value, return_timestamp=True)
        assert isinstance(made, datetime)
        now = clock.now().timestamp()
        if max_age is not None and not ages.is_current(made.timestamp(), now, max_age):
            raise SignatureExpired("the cookie is not of this time", payload=value, date_signed=made)
        return (value, made) if return_timestamp else value


class SessionInterface(SecureCookieSessionInterface):
    """
    :param ring: whose keys sign; the current one, and the older ones for reading.
    """

    def __init__(self, ring: KeyRing) -> None:
        # As itsdangerous derives them with "hmac", but once and not for each cookie.
        keys = [hmac.digest(key, _SALT, hashlib.sha256) for key in ring.signing_keys("session-cookie")]
        self._serializer = URLSafeTimedSerializer(
            keys,
            salt=_SALT,
            serializer=self.serializer,
            signer=_Signer,
            signer_kwargs={"key_derivation": "none", "digest_method": hashlib.sha256},
        )

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        # What everybody may keep is nobody's own. Flask-Login looks into the session of every request.
        if "public" in response.headers.get("Cache-Control", ""):
            return
        if self.should_set_cookie(app, session):
            super().save_session(app, session, response)
        elif session.accessed:
            _vary_by_cookie(response)

    def get_signing_serializer(self, _app: Flask) -> URLSafeTimedSerializer:
        return self._serializer


def _vary_by_cookie(response: Response) -> None:
    """Do as Flask does, where there is no cookie to write, without taking the header apart."""
    varies = response.headers.get("Vary", "")
    if "cookie" not in varies.lower():
        response.headers["Vary"] = f"{varies}, Cookie" if varies else "Cookie"
