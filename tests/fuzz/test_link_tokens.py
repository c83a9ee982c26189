"""Tokens of e-mailed links and of the device cookie: genuine and of their purpose, or :class:`BadToken`."""

from __future__ import annotations

import itertools
from dataclasses import fields
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from hypothesis import given, strategies as st

from console.toolbox import Toolbox
from mfa import devices
from mfa.crypto.links import BadToken, Signer
from mfa.lifetimes import CONFIRM_LINK_SECONDS, NUMBER_SECONDS
from mfa.ring import signer
from tests.fuzz.inputs import QUICK, THROUGH_APP, get, signed_part, tampered, texts, wrongs

OF_THE_EXTENSION = {
    "enrollment": NUMBER_SECONDS,
    "confirm-second-step": CONFIRM_LINK_SECONDS,
    "device": devices.LIFETIME,
}
OF_THE_CONSOLE = [field.name for field in fields(Toolbox) if field.type == "Signer"]
SIGNERS = [*OF_THE_CONSOLE, *OF_THE_EXTENSION]
PAYLOADS: list[dict[str, Any]] = [
    {"email": "mina.park@example.com"},
    {"id": "x" * 22, "account": 1, "key": "abcdef01", "sending": "y" * 11},
    {"challenge": 1, "has_password": True},
    {"invitation": 1, "sent": 1},
    {},
]
NOW = 1_800_000_000.0
PATHS = [
    "/sign-up/",
    "/reset-password/",
    "/invitations/",
    "/sign-in/verify/confirm/",
    "/account/two-step/enroll/link/",
    "/account/profile/email/undo/",
]


@pytest.fixture
def signers(app: Flask) -> dict[str, Signer]:
    """Every signer of the application, by the name of what it signs."""
    with app.app_context():
        own = {purpose: signer(purpose, lifetime) for purpose, lifetime in OF_THE_EXTENSION.items()}
    return {name: getattr(app.extensions["twostep"], name) for name in OF_THE_CONSOLE} | own


def read(signer: Signer, token: str) -> dict[str, Any] | None:
    """The payload of *token*, None for a bad one; any other exception is one too many."""
    try:
        return signer.read(token, NOW)
    except BadToken:
        return None


def test_every_purpose_is_tried() -> None:
    assert len(SIGNERS) == 9


@QUICK
@given(token=texts())
def test_no_text_is_a_token(signers: dict[str, Signer], token: str) -> None:
    assert {name: read(signer, token) for name, signer in signers.items()} == dict.fromkeys(SIGNERS)


@pytest.mark.parametrize("name", SIGNERS)
@QUICK
@given(data=st.data())
def test_a_tampered_token_never_says_anything_else(
    signers: dict[str, Signer], name: str, data: st.DataObject
) -> None:
    """Base64 can write one signature in several ways, so what is compared is what was signed."""
    signer = signers[name]
    genuine = [signer.make(payload, NOW) for payload in PAYLOADS]
    token = data.draw(tampered(*genuine))
    said = read(signer, token)
    signed = [signed_part(known) for known in genuine]
    assert said is None or said == PAYLOADS[signed.index(signed_part(token))]


@QUICK
@given(
    pair=st.sampled_from(list(itertools.permutations(SIGNERS, 2))),
    payload=st.dictionaries(
        st.text(max_size=8), st.integers() | st.text(max_size=20) | st.none(), max_size=4
    ),
)
def test_a_token_of_one_purpose_is_none_of_another(
    signers: dict[str, Signer], pair: tuple[str, str], payload: dict[str, Any]
) -> None:
    one, other = pair
    assert read(signers[other], signers[one].make(payload, NOW)) is None


@THROUGH_APP
@given(token=texts(), path=st.sampled_from(PATHS))
def test_any_token_in_an_address_gets_a_calm_answer(app: Flask, token: str, path: str) -> None:
    assert list(wrongs(get(app, path + quote(token.encode("utf-8", "surrogatepass"), safe="")))) == []
