"""The session cookie."""

from __future__ import annotations

import hashlib

from flask import Flask, Response
from flask.sessions import SecureCookieSession
from itsdangerous import URLSafeTimedSerializer

from console.toolbox import toolbox


def test_cookie_is_signed_as_itsdangerous_does(app: Flask) -> None:
    with app.test_request_context("/"):
        theirs = URLSafeTimedSerializer(
            toolbox().ring.signing_keys("session-cookie"),
            salt="session",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )
        ours = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        assert theirs.loads(ours.dumps({"a": 1})) == ours.loads(theirs.dumps({"a": 1})) == {"a": 1}


def test_answer_that_saves_nothing_varies_by_cookie_once(app: Flask) -> None:
    with app.test_request_context("/"):
        session = SecureCookieSession({"a": 1})
        session.accessed = True
        for varies, meant in (("", "Cookie"), ("HX-Request", "HX-Request, Cookie"), ("cookie", "cookie")):
            response = Response(headers={"Vary": varies} if varies else None)
            app.session_interface.save_session(app, session, response)
            assert response.headers.getlist("Vary") == [meant]
            assert "Set-Cookie" not in response.headers
