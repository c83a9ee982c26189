"""Answers of browsers whose fields are missing, too long, of another type, or cut: a sentence and 4xx."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import cbor2
import pytest
from flask import Flask
from hypothesis import given, strategies as st
from sqlalchemy import Engine

from tests.fuzz.inputs import THROUGH_APP, texts
from tests.fuzz.test_webauthn import CHANGES
from tests.support import passkeys
from tests.support.database import dump
from tests.support.passkeys import ORIGIN, asked
from tests.support.person import Person
from tests.support.product import TWO_STEP
from tests.support.software_authenticator import SoftwareAuthenticator, b64, unb64

CREATE = f"{TWO_STEP}/enroll/passkey"
ALONE = "/sign-in/verify/passkey"
SECOND = "/sign-in/verify?factor=passkey"
Answer = dict[str, Any]

OUTER = ["id", "rawId", "type", "response"]
OF_CREATE = [*OUTER, "response.clientDataJSON", "response.attestationObject"]
OF_GET = [
    *OUTER,
    *(f"response.{name}" for name in ("clientDataJSON", "authenticatorData", "signature")),
]
FIELDS = [
    *((CREATE, field) for field in OF_CREATE),
    *((url, field) for url in (ALONE, SECOND) for field in OF_GET),
    (ALONE, "response.userHandle"),
]
CLIENT = ["type", "challenge", "origin"]
MISSING = object()
BAD: list[Any] = [
    *(MISSING, None, True, 7, 1.5, [], {}, ["a"], {"a": "b"}),
    *("", " ", "é", "===", "a", "a+/b", "\0", "null", "AAAA", "A" * 31_000, "A" * 64 * 1024),
]


@pytest.fixture
def config(config: dict[str, Any]) -> dict[str, Any]:
    quiet = {"RATELIMIT_REFUSED": "1000000 per second", "EVENT_LOG": "none"}
    return {**config, **passkeys.SETTINGS, **quiet}


SENTENCE = re.compile(r"data-refused[^>]*>[A-Z][^<]+[.]")
TOO_MUCH = re.compile(r"too (large|much|long)")


class Ceremony:
    """A page that asks for a passkey, and a right answer to it that is not sent."""

    def __init__(self, person: Person, url: str, key: SoftwareAuthenticator) -> None:
        self.person, self.url = person, url
        self.page, self.cookie = person.page, person.cookie()
        options, self.token = asked(person.page, url)
        self.answer = key.create(options) if "rp" in options else key.get(options)

    def send(self, answer: Answer | str) -> tuple[int, str]:
        """Post *answer* from the same page and the same session each time; its status and page."""
        self.person.put_cookie(self.cookie)
        self.person.page = self.page
        said = answer if isinstance(answer, str) else json.dumps(answer)
        response = self.person.post(self.url, {"passkey": f"{self.token} {said}"})
        return response.status_code, response.text

    def takes(self, answer: Answer) -> None:
        """Post the right answer: the others were refused for what was wrong with them."""
        self.person.clock.advance(minutes=4)  # past what wrong ones wait for
        assert self.send(answer)[0] in (200, 303)

    def refuses(self, answer: Answer | str) -> None:
        status, text = self.send(answer)
        assert status in (413, 422, 429), (status, str(answer)[:300])
        refusal = SENTENCE.search(text) if status != 413 else TOO_MUCH.search(text)
        assert refusal, text


@pytest.fixture
def open_ceremony(app: Flask, mina: Person) -> Callable[[str], Ceremony]:
    """Opens the page that asks for one: where Mina makes a passkey, or signs in with the one that she has."""

    def open_one(url: str) -> Ceremony:
        key = SoftwareAuthenticator(ORIGIN)
        if url == CREATE:
            mina.begin().verify_email()
            mina.post(f"{TWO_STEP}/enroll/method", {"method": "passkey"}, follow_redirects=True)
        else:
            mina.activate()
            passkeys.give(app, "1", key)
            mina.sign_out()
            if url == SECOND:
                mina.sign_in()
            mina.get("/sign-in" if url == ALONE else SECOND)
        # A mail from before may be leaving just now.
        app.extensions["mfa_mail_worker"].stop()
        return Ceremony(mina, url, key)

    return open_one


def changed(answer: Answer, field: str, value: Any) -> Answer:
    """Return *answer* with another value at the path *field*, or without it."""
    made = copy.deepcopy(answer)
    *way, last = field.split(".")
    within = made
    for name in way:
        within = within[name]
    if value is MISSING:
        del within[last]
    else:
        within[last] = value
    return made


@pytest.mark.parametrize(("url", "field"), FIELDS)
def test_each_field_may_be_anything_and_opens_nothing(
    open_ceremony: Callable[[str], Ceremony], url: str, field: str
) -> None:
    ceremony = open_ceremony(url)
    for value in BAD:
        ceremony.refuses(changed(ceremony.answer, field, value))
    ceremony.takes(ceremony.answer)


@pytest.mark.parametrize("url", [CREATE, ALONE, SECOND])
@pytest.mark.parametrize("field", CLIENT)
def test_each_field_of_the_client_data_may_be_anything(
    open_ceremony: Callable[[str], Ceremony], url: str, field: str
) -> None:
    ceremony = open_ceremony(url)
    said = json.loads(unb64(ceremony.answer["response"]["clientDataJSON"]))
    for value in BAD:
        client = b64(json.dumps(changed(said, field, value)).encode())
        ceremony.refuses(changed(ceremony.answer, "response.clientDataJSON", client))
    ceremony.takes(ceremony.answer)


@pytest.mark.parametrize(
    ("url", "field"),
    [
        *((url, "response.clientDataJSON") for url in (CREATE, ALONE)),
        (CREATE, "response.attestationObject"),
        (ALONE, "response.authenticatorData"),
        (ALONE, "response.signature"),
    ],
)
def test_bytes_that_are_cut_anywhere_open_nothing(
    open_ceremony: Callable[[str], Ceremony], url: str, field: str
) -> None:
    ceremony = open_ceremony(url)
    whole = unb64(ceremony.answer["response"][field.removeprefix("response.")])
    for length in {*range(0, len(whole), 9), len(whole) - 1}:
        ceremony.refuses(changed(ceremony.answer, field, b64(whole[:length])))
    ceremony.takes(ceremony.answer)


def cbor_bombs() -> Iterator[bytes]:
    yield b"\x81" * 12_000
    yield b"\x9b" + b"\xff" * 8
    yield b"\xbf" * 500
    yield cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": b"\0" * 20_000})
    yield cbor2.dumps({"fmt": "packed" * 1000, "attStmt": {}, "authData": b""})
    yield cbor2.dumps([{}] * 5000)


@pytest.fixture
def creation(open_ceremony: Callable[[str], Ceremony]) -> Ceremony:
    return open_ceremony(CREATE)


def test_hostile_cbor_is_refused(creation: Ceremony) -> None:
    for bomb in cbor_bombs():
        creation.refuses(changed(creation.answer, "response.attestationObject", b64(bomb)))


@THROUGH_APP
@given(data=st.data())
def test_tampered_cbor_of_a_new_passkey_stores_nothing(
    creation: Ceremony, engine: Engine, data: st.DataObject
) -> None:
    before = dump(engine)
    whole = bytearray(unb64(creation.answer["response"]["attestationObject"]))
    for _ in range(data.draw(st.integers(1, 4))):
        change = data.draw(st.sampled_from(CHANGES))
        change(whole, data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(0, 255)))
    # A changed id of the authenticator's kind is as good as another: nobody has attested it.
    status, _text = creation.send(changed(creation.answer, "response.attestationObject", b64(bytes(whole))))
    assert status < 500
    assert dump(engine) == before


@THROUGH_APP
@given(text=st.one_of(texts(), st.text('{}[]:,"ridaw0\\')))
def test_any_text_for_a_new_passkey_is_refused(creation: Ceremony, text: str) -> None:
    creation.refuses(text.encode("utf-8", "replace").decode())
