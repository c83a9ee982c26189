"""The CSRF token that mfa.web.csrf makes is Flask-WTF's."""

from __future__ import annotations

import pytest
from flask import Flask, g, session
from flask_wtf.csrf import generate_csrf, validate_csrf
from itsdangerous import TimestampSigner

from mfa.web import csrf


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _self: 1_700_000_000)


@pytest.mark.usefixtures("still")
def test_token_is_the_same_without_it(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.test_request_context("/"):
        session["csrf_token"] = "78ffbeebc03760d8f2bf0471564c0c2e4b0616b0"
        made = csrf.token()
        g.pop("csrf_token")
        monkeypatch.setattr(csrf, "ON", False)
        assert csrf.token() == made


def test_flask_wtf_takes_it(app: Flask) -> None:
    with app.test_request_context("/"):
        first = csrf.token()
        g.pop("csrf_token")
        for made in (first, csrf.token()):
            validate_csrf(made)


def test_a_request_has_one_token(app: Flask) -> None:
    with app.test_request_context("/"):
        session["csrf_token"] = "0" * 40
        assert csrf.token() == csrf.token() == generate_csrf()


def test_session_begins_with_half_of_a_token(app: Flask) -> None:
    with app.test_request_context("/"):
        half = csrf.raw_half()
        assert session["csrf_token"] == half == csrf.raw_half()
        validate_csrf(csrf.token())


def test_what_is_no_half_of_a_token_is_replaced(app: Flask) -> None:
    with app.test_request_context("/"):
        session["csrf_token"] = 7
        validate_csrf(csrf.token())


def test_token_is_of_the_newest_of_several_keys(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.test_request_context("/"):
        monkeypatch.setitem(app.config, "WTF_CSRF_SECRET_KEY", ["older", "newer"])
        validate_csrf(csrf.token(), secret_key="newer")
        g.pop("csrf_token")
        monkeypatch.setitem(app.config, "WTF_CSRF_SECRET_KEY", "one")
        validate_csrf(csrf.token(), secret_key="one")
