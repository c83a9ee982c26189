"""Refusals carry what the person is told, in the language that is spoken."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_babel import force_locale

from console.accounts.addresses import BadAddress, InternalDomain, JoinedDomain
from console.accounts.names import NameTooLong, Unshowable
from console.passwords.rules import TooShort
from mfa.attempts import rules as attempts
from mfa.errors import Refusal
from mfa.factors.kinds import WrongCode
from mfa.web.ranges import TooManyFromNetwork


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (BadAddress(), "Enter one complete e-mail address, like name@example.com."),
        (
            JoinedDomain(),
            "The part after the @ contains an invisible joiner. We can’t send mail to such a domain.",
        ),
        (
            InternalDomain("corp.local"),
            "This site can’t send mail to “corp.local”, a name for internal networks. Use another address.",
        ),
        (NameTooLong(), "Use at most 80 characters."),
        (
            Unshowable("\u200e"),
            "A name can’t contain the character U+200E, which no screen shows. Leave it out.",
        ),
        (TooShort(12), "That is too short. Use at least 12 characters."),
        (WrongCode(), "That code is not right. Enter the newest code from your app."),
        (
            WrongCode(-400),
            (
                "Your phone’s clock is about 7 minutes slow. Set its date and time to automatic, then enter"
                " the next code."
            ),
        ),
        (attempts.Throttled(attempts.PASSWORD, 61), "Too many attempts. Try again in 2 minutes."),
        (
            attempts.Throttled(attempts.EMAIL_SENDING, 30),
            "A mail was sent a moment ago. Try again in 30 seconds.",
        ),
        (attempts.Throttled(attempts.SIGN_INS, 30), "You signed in too often. Try again in 30 seconds."),
        (attempts.Throttled(attempts.PASSKEYS, 30), "You used a passkey too often. Try again in 30 seconds."),
        (TooManyFromNetwork(30), "They came from your network. Try again in 30 seconds."),
        (
            attempts.Throttled(attempts.PROOFS, 30),
            "Too many changes in a short time. Try again in 30 seconds.",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Refusal) else "",
)
def test_refusal_says_its_sentence(app: Flask, refusal: Refusal, sentence: str) -> None:
    with app.test_request_context():
        assert refusal.sentence == sentence


def test_sentence_is_in_the_language_that_is_spoken(app: Flask) -> None:
    with app.test_request_context(), force_locale("ko"):
        assert (
            attempts.Throttled(attempts.PASSWORD, 61).sentence != "Too many attempts. Try again in 2 minutes."
        )
        assert "Enter" not in BadAddress().sentence


def test_throttled_is_the_one_that_is_429(app: Flask) -> None:
    assert attempts.Throttled(attempts.PASSWORD, 61).status == 429
    assert WrongCode().status == 422


def test_refusal_without_a_sentence_is_a_bug() -> None:
    with pytest.raises(AttributeError):
        _ = Refusal().sentence
