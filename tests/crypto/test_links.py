"""Signed tokens."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from mfa.crypto.keys import KeyRing
from mfa.crypto.links import BadToken, ExpiredToken, Signer

RING = KeyRing([b"k" * 32])
SIGNER = Signer(RING, "reset", 600)
NOW = 1_800_000_000.0


def test_a_token_gives_its_payload_back() -> None:
    assert SIGNER.read(SIGNER.make({"a": 1}, NOW), NOW + 599) == {"a": 1}


def test_a_token_ends_with_its_lifetime() -> None:
    with pytest.raises(ExpiredToken):
        SIGNER.read(SIGNER.make({"a": 1}, NOW), NOW + 600)


def test_a_token_of_one_purpose_is_none_of_another() -> None:
    with pytest.raises(BadToken):
        SIGNER.read(Signer(RING, "sign-up", 600).make({"a": 1}, NOW), NOW)


def test_a_server_whose_clock_is_a_second_behind_takes_it() -> None:
    assert SIGNER.read(SIGNER.make({"a": 1}, NOW), NOW - 1) == {"a": 1}


def test_a_token_from_the_future_is_refused() -> None:
    with pytest.raises(BadToken):
        SIGNER.read(SIGNER.make({"a": 1}, NOW), NOW - 60)


def test_a_token_of_an_older_key_is_taken() -> None:
    rotated = Signer(KeyRing([b"n" * 32, b"k" * 32]), "reset", 600)
    assert rotated.read(SIGNER.make({"a": 1}, NOW), NOW) == {"a": 1}


@given(st.text())
def test_no_text_is_a_token(text: str) -> None:
    with pytest.raises(BadToken):
        SIGNER.read(text, NOW)


@given(st.data())
def test_a_changed_token_is_refused(data: st.DataObject) -> None:
    token = SIGNER.make({"account": 1}, NOW)
    position = data.draw(st.integers(0, len(token) - 2))
    letter = data.draw(st.sampled_from("AZaz09-_.").filter(lambda letter: letter != token[position]))
    with pytest.raises(BadToken):
        SIGNER.read(token[:position] + letter + token[position + 1 :], NOW)
