"""The device cookie: it opens nothing, and only a genuine one gives a device a count of its own."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from hypothesis import given, strategies as st

from mfa import devices, ring
from mfa.crypto.links import Signer
from mfa.devices import Device, Mark
from tests.fuzz.inputs import QUICK, THROUGH_APP, bare, cookie_of, signed_part, tampered, texts, wire, wrongs
from tests.support.clock import Clock
from tests.support.person import EMAIL, PASSWORD, Person

NOW = 1_800_000_000.0
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def signer(app: Flask) -> Signer:
    with app.app_context():
        return ring.signer("device", devices.LIFETIME)


@QUICK
@given(cookie=texts())
def test_no_text_is_a_mark(signer: Signer, cookie: str) -> None:
    assert Mark.read(cookie, signer, NOW) is None


@QUICK
@given(data=st.data())
def test_a_tampered_mark_never_says_anything_else(signer: Signer, data: st.DataObject) -> None:
    marks = [Mark("a" * 22, {"1": 0}), Mark("b" * 22, {"2": 5, "3": 1})]
    genuine = [signer.make(mark.payload(), NOW) for mark in marks]
    read = Mark.read(data.draw(tampered(*genuine)), signer, NOW)
    assert read is None or read in marks


@QUICK
@given(payload=st.dictionaries(st.sampled_from(["id", "known", "x"]), JSON, max_size=3))
def test_a_mark_of_another_shape_makes_no_device_known(signer: Signer, payload: dict[str, Any]) -> None:
    """Such as an older or a newer version of the application might have signed."""
    mark = Mark.read(signer.make(payload, NOW), signer, NOW)
    known = Device("", "", mark).known_to(1, 0)
    assert known is None or (known == payload["id"] and payload["known"]["1"] == 0)


@pytest.fixture
def marked(mina: Person) -> Person:
    """Somebody at his own device, while strangers have used up the tries of everybody else."""
    for _ in range(5):
        stranger = Person(mina.app, mina.inbox, mina.clock)
        stranger.sign_in(password="not the password at all")
    return mina


def device_cookie(person: Person) -> str:
    kept = person.client.get_cookie("twostep-device", domain="127.0.0.1")
    assert kept
    return kept.value


def sign_in_with(person: Person, device: str) -> Any:
    """Sign in with the right password, on a device whose cookie says *device*."""
    fresh = Person(person.app, person.inbox, person.clock)
    fresh.get("/sign-in")
    return bare(person.app).post(
        "/sign-in",
        data={**fresh.hidden("/sign-in"), "email": EMAIL, "password": PASSWORD},
        environ_overrides={"HTTP_COOKIE": f"twostep-session={fresh.cookie()}; twostep-device={wire(device)}"},
    )


def test_the_genuine_mark_has_tries_of_its_own(marked: Person) -> None:
    assert sign_in_with(marked, device_cookie(marked)).status_code == 303


@THROUGH_APP
@given(data=st.data())
def test_neither_a_made_up_nor_a_tampered_mark_has_tries_of_its_own(
    marked: Person, clock: Clock, data: st.DataObject
) -> None:
    genuine = device_cookie(marked)
    value = data.draw(st.one_of(texts(), tampered(genuine)))
    response = sign_in_with(marked, value)
    assert list(wrongs(response)) == []
    same = signed_part(cookie_of(f"twostep-device={value}", "twostep-device")) == signed_part(genuine)
    assert response.status_code in ((303, 429) if same else (400, 429))
