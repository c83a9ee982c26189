"""Answers of browsers, tampered with, and any JSON and CBOR: read, or :class:`BadResponse`."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import cbor2
from hypothesis import given, strategies as st

from mfa.crypto import webauthn
from tests.crypto.test_webauthn import CHALLENGE, ORIGIN, OTHER, PARTY, created, registered, used
from tests.fuzz.inputs import QUICK, raw, tampered, texts
from tests.support.software_authenticator import RS256, SoftwareAuthenticator, b64, unb64

KEY = SoftwareAuthenticator(ORIGIN)
STORED = registered(KEY)
CREATED = created(SoftwareAuthenticator(ORIGIN))
CREATED_RSA = created(SoftwareAuthenticator(ORIGIN, algorithms=(RS256,)))
USED = used(KEY)
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
FIELDS = ["id", "rawId", "type", "response", "clientExtensionResults", "authenticatorAttachment"]
INNER = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle", "transports"]
CLIENT = ["type", "challenge", "origin", "crossOrigin", "topOrigin"]


def answered(text: str) -> None:
    """Register and verify *text*; any exception but ours is one too many."""
    with suppress(webauthn.BadResponse):
        webauthn.register(text, CHALLENGE, PARTY)
    with suppress(webauthn.BadResponse):
        assertion = webauthn.read_assertion(text)
        webauthn.verify(assertion, STORED, OTHER, PARTY, verification="required")


@QUICK
@given(texts())
def test_any_text_is_answered(text: str) -> None:
    answered(text)


@QUICK
@given(tampered(CREATED, CREATED_RSA, USED))
def test_tampered_answer_is_answered(text: str) -> None:
    answered(text)


@QUICK
@given(st.sampled_from([CREATED, USED]), st.sampled_from([*FIELDS, *INNER]), JSONS, st.booleans())
def test_any_member_may_be_anything_or_missing(genuine: str, name: str, value: Any, leave_out: bool) -> None:
    answer = json.loads(genuine)
    within = answer if name in FIELDS else answer["response"]
    if leave_out:
        within.pop(name, None)
    else:
        within[name] = value
    answered(json.dumps(answer))


@QUICK
@given(st.sampled_from([CREATED, USED]), st.sampled_from(CLIENT), JSONS)
def test_any_member_of_the_client_data_may_be_anything(genuine: str, name: str, value: Any) -> None:
    answer = json.loads(genuine)
    said = json.loads(unb64(answer["response"]["clientDataJSON"]))
    answer["response"]["clientDataJSON"] = b64(json.dumps({**said, name: value}).encode())
    answered(json.dumps(answer))


@QUICK
@given(st.sampled_from([CREATED, CREATED_RSA, USED]), st.sampled_from(INNER), raw)
def test_any_bytes_may_be_any_others(genuine: str, name: str, value: bytes) -> None:
    answer = json.loads(genuine)
    answer["response"][name] = b64(value)
    answered(json.dumps(answer))


@QUICK
@given(st.sampled_from([CREATED, CREATED_RSA]), st.data())
def test_tampered_cbor_is_answered(genuine: str, data: st.DataObject) -> None:
    answer = json.loads(genuine)
    whole = bytearray(unb64(answer["response"]["attestationObject"]))
    for _ in range(data.draw(st.integers(1, 4))):
        change = data.draw(st.sampled_from(CHANGES))
        change(whole, data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(0, 255)))
    answer["response"]["attestationObject"] = b64(bytes(whole))
    answered(json.dumps(answer))


def _set(whole: bytearray, at: int, value: int) -> None:
    whole[at] = value


def _insert(whole: bytearray, at: int, value: int) -> None:
    whole[at:at] = [value] * 3


def _cut(whole: bytearray, at: int, _value: int) -> None:
    del whole[max(1, at) :]


CHANGES: list[Callable[[bytearray, int, int], None]] = [_set, _insert, _cut]
ITEMS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.binary(max_size=80) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers(-5, 5) | st.text(max_size=10), inner, max_size=6)
    ),
    max_leaves=12,
)


@QUICK
@given(ITEMS, st.sampled_from(["whole", "key", "authData"]))
def test_any_cbor_is_answered(item: Any, place: str) -> None:
    answer = json.loads(CREATED)
    attested = cbor2.loads(unb64(answer["response"]["attestationObject"]))
    if place == "whole":
        made = cbor2.dumps(item)
    elif place == "key":
        made = cbor2.dumps({**attested, "authData": attested["authData"][:87] + cbor2.dumps(item)})
    else:
        made = cbor2.dumps({**attested, "authData": item})
    answer["response"]["attestationObject"] = b64(made)
    answered(json.dumps(answer))


@QUICK
@given(st.dictionaries(st.sampled_from([1, 3, -1, -2, -3, -4, 4]), ITEMS, max_size=7))
def test_any_key_is_refused_or_never_raises(cose: dict[int, Any]) -> None:
    answered(created(SoftwareAuthenticator(ORIGIN), cose=cose))
