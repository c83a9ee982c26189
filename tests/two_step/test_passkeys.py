"""Passkeys in the wizard and at the tab: made by the browser, named, and stored at Complete alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from mfa.factors.models import PASSKEY, Authenticator, SecondStep
from tests.support import passkeys
from tests.support.cookies import read_cookie
from tests.support.database import dump
from tests.support.passkeys import ORIGIN, answer, asked
from tests.support.person import Person, Response, entered
from tests.support.product import TWO_STEP
from tests.support.software_authenticator import (
    BE,
    BS,
    RS256,
    UP,
    UV,
    Excluded,
    SoftwareAuthenticator,
    b64,
)

ENROLL = f"{TWO_STEP}/enroll"
ALONE = "/sign-in/verify/passkey"
YUBIKEY = bytes.fromhex("ee882879721c49139775" + "3dfcce97072a")


@pytest.fixture
def config(config: dict[str, Any]) -> dict[str, Any]:
    return {**config, **passkeys.SETTINGS}


@pytest.fixture
def key() -> SoftwareAuthenticator:
    return SoftwareAuthenticator(ORIGIN, aaguid=YUBIKEY, transports=("usb", "nfc"))


def choose(person: Person, method: str = "passkey") -> Response:
    return person.post(f"{ENROLL}/method", {"method": method}, follow_redirects=True)


def begin(person: Person) -> Person:
    """Come to the step that makes a passkey."""
    person.begin().verify_email()
    choose(person)
    return person


def create(person: Person, key: SoftwareAuthenticator, **otherwise: Any) -> Response:
    url = f"{ENROLL}/passkey"
    return person.post(url, answer(key, person.page, url, **otherwise), follow_redirects=True)


def name(person: Person, name: str = "My key") -> Response:
    return person.post(f"{ENROLL}/passkey/name", {"name": name}, follow_redirects=True)


def activate(person: Person, key: SoftwareAuthenticator) -> Person:
    create(begin(person), key)
    name(person)
    person.recovery_codes = person.shown_codes()
    assert "2-step verification is on." in person.complete().text
    return person


def signals(page: str) -> list[dict[str, Any]]:
    """Return what *page* tells password managers."""
    return [json.loads(unescape(one)) for one in re.findall(r'data-passkey-signal="([^"]*)"', page)]


def kept(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(Authenticator.__table__).order_by(Authenticator.id)).mappings())


def test_tab_says_that_a_passkey_will_do(mina: Person) -> None:
    assert "Or you use a passkey" in mina.get("/account/two-step").text


def test_wizard_offers_a_passkey_as_an_equal(mina: Person) -> None:
    mina.begin().verify_email()
    assert "Step 2 of 4" in mina.page
    assert "Use a passkey instead" in mina.page
    choose(mina)
    assert "Step 2 of 3" in mina.page
    assert "Create a passkey" in mina.page
    choose(mina, "app")
    assert "Step 2 of 4" in mina.page
    assert "otpauth://" in mina.page


def test_passkey_is_asked_for_as_the_standard_says(mina: Person) -> None:
    begin(mina)
    options, _ = asked(mina.page, f"{ENROLL}/passkey")
    assert options["rp"] == {"id": "localhost", "name": "Twostep"}
    assert (options["user"]["name"], options["user"]["displayName"]) == (mina.email, "Mina Park")
    assert options["attestation"] == "none"
    assert options["excludeCredentials"] == []


def test_passkey_turns_two_step_verification_on(
    engine: Engine, mina: Person, key: SoftwareAuthenticator
) -> None:
    create(begin(mina), key)
    assert 'value="YubiKey 5 Series"' in mina.page
    name(mina, "  My   key ")
    assert "Step 3 of 3" in mina.page
    mina.recovery_codes = mina.shown_codes()
    response = mina.complete()
    assert "From now on, signing in asks for your passkey." in response.text
    (one,) = kept(engine)
    assert (one["kind"], one["name"], one["transports"]) == (PASSKEY, "My key", "usb,nfc")
    assert (one["credential_id"], one["aaguid"], one["sealed_secret"]) == (key.keys[0].id, YUBIKEY, None)
    assert not one["is_synced"]
    with engine.connect() as connection:
        assert connection.scalar(select(SecondStep.user_handle)) == key.keys[0].user_handle
    assert mina.two_step_is_on()


def test_passkey_of_the_wizard_signs_in(mina: Person, key: SoftwareAuthenticator) -> None:
    activate(mina, key).sign_out()
    mina.get("/sign-in")
    assert entered(mina.post(ALONE, answer(key, mina.page, ALONE)))
    mina.sign_out()
    mina.sign_in()
    url = "/sign-in/verify?factor=passkey"
    assert "Use the authenticator app instead" not in mina.page
    assert entered(mina.post(url, answer(key, mina.page, url)))
    mina.sign_out()
    mina.sign_in()
    assert entered(mina.verify_recovery_code(mina.recovery_codes[0]))


def test_tab_lists_passkeys_by_their_names(mina: Person, key: SoftwareAuthenticator) -> None:
    activate(mina, key)
    text = mina.get(TWO_STEP).text
    assert "My key" in text
    assert "This device only" in text
    assert "signalAllAcceptedCredentials" in text
    assert "This is your only authenticator" not in text


def test_synced_passkey_says_so(mina: Person, key: SoftwareAuthenticator) -> None:
    key.flags = UP | UV | BE | BS
    activate(mina, key)
    assert "Synced" in mina.get(TWO_STEP).text


EXITS = (
    "at the step",
    "after it was made",
    "after its name",
    "after a refusal",
    "after choosing an app",
    "without a tick",
)


@pytest.mark.parametrize("leave", EXITS)
def test_abandoning_saves_nothing(
    engine: Engine, mina: Person, key: SoftwareAuthenticator, leave: str
) -> None:
    mina.begin().verify_email()
    # A mail from before may be leaving just now.
    mina.app.extensions["mfa_mail_worker"].stop()
    before = dump(engine)
    mina.get(f"{ENROLL}/scan")
    choose(mina)
    if leave != "at the step":
        fields = {"rp_id": "evil.example"} if leave == "after a refusal" else {}
        create(mina, key, **fields)
    if leave in ("after its name", "without a tick"):
        name(mina)
    if leave == "without a tick":
        mina.post(f"{ENROLL}/recovery", {})
    if leave == "after choosing an app":
        mina.get(f"{ENROLL}/passkey")
        choose(mina, "app")
    assert dump(engine) == before
    assert not mina.two_step_is_on()


def test_session_of_the_longest_passkey_stays_small(mina: Person, key: SoftwareAuthenticator) -> None:
    """Of 1,023 bytes, with the longest key and the longest name; it signs in, too."""
    key.algorithms = (RS256,)
    create(begin(mina), key, credential_id=b"i" * 1023)
    name(mina, "N" * 80)
    assert "Step 3 of 3" in mina.page
    assert len(mina.cookie()) < 3900
    mina.complete()
    mina.sign_out()
    mina.get("/sign-in")
    assert entered(mina.post(ALONE, answer(key, mina.page, ALONE)))


def test_response_of_another_enrollment_is_refused(mina: Person, key: SoftwareAuthenticator) -> None:
    url = f"{ENROLL}/passkey"
    stolen = answer(key, begin(mina).page, url)
    mina.post(ENROLL, follow_redirects=True)
    mina.verify_email()
    choose(mina)
    response = mina.post(url, stolen)
    assert response.status_code == 422
    assert "That took too long, or was sent twice." in response.text


@pytest.mark.parametrize(
    "otherwise",
    [
        {"client_data": {"origin": "https://evil.example"}},
        {"client_data": {"type": "webauthn.get"}},
        {"client_data": {"crossOrigin": True}},
        {"client_data": {"topOrigin": "https://evil.example"}},
        {"client_data": {"challenge": b64(b"x" * 32)}},
        {"rp_id": "evil.example"},
        {"cose": {3: -35}},
        {"credential_id": b"i" * 1024},
    ],
)
def test_passkey_made_elsewhere_is_refused(
    mina: Person, key: SoftwareAuthenticator, otherwise: dict[str, Any]
) -> None:
    response = create(begin(mina), key, **otherwise)
    assert response.status_code == 422
    assert "The answer of your browser can’t be read." in response.text


@pytest.mark.parametrize("broken", ["", "x", "x y", "{}", "a" * 60_000])
def test_broken_answers_are_refused_in_words(mina: Person, broken: str) -> None:
    _, token = asked(begin(mina).page, f"{ENROLL}/passkey")
    for posted in (broken, f"{token} {broken}"):
        assert mina.post(f"{ENROLL}/passkey", {"passkey": posted}).status_code == 422


@pytest.mark.parametrize("bad", ["", " ", "\u202e", "N" * 81, "N" * 10_000, "a\x00b"])
def test_bad_names_are_refused_at_the_field(mina: Person, key: SoftwareAuthenticator, bad: str) -> None:
    create(begin(mina), key)
    response = name(mina, bad)
    assert response.status_code == 422
    assert "Step 2 of 3" in response.text


def test_browser_is_told_to_forget_an_abandoned_passkey(mina: Person, key: SoftwareAuthenticator) -> None:
    create(begin(mina), key)
    mina.post(f"{ENROLL}/cancel", follow_redirects=True)
    assert "signalUnknownCredential" in mina.page
    assert b64(key.keys[0].id) in mina.page


def test_browser_is_told_to_forget_the_passkeys_that_were_turned_off(
    mina: Person, key: SoftwareAuthenticator
) -> None:
    activate(mina, key)
    mina.prove_password("disable")
    text = mina.disable(factor="recovery_code", recovery_code=mina.recovery_codes[0]).text
    assert "2-step verification is off" in text
    assert signals(text) == [
        {
            "method": "signalAllAcceptedCredentials",
            "options": {
                "rpId": "localhost",
                "userId": b64(key.keys[0].user_handle),
                "allAcceptedCredentialIds": [],
            },
        }
    ]
    assert signals(mina.get(TWO_STEP).text) == []


def test_account_without_passkeys_tells_browsers_nothing(protected: Person) -> None:
    assert signals(protected.get(TWO_STEP).text) == []
    protected.prove_password("disable")
    assert signals(protected.disable(code=protected.next_code()).text) == []


def test_passkey_of_an_enrollment_that_goes_on_is_accepted(mina: Person, key: SoftwareAuthenticator) -> None:
    activate(mina, key)
    second = SoftwareAuthenticator(ORIGIN)
    mina.get(TWO_STEP)
    mina.post(f"{TWO_STEP}/add/passkey", follow_redirects=True)
    create(mina, second)
    ids = [b64(one.keys[0].id) for one in (key, second)]
    accepted = signals(mina.get(TWO_STEP).text)[0]["options"]["allAcceptedCredentialIds"]
    assert accepted == ids
    mina.clock.advance(minutes=16)
    told = signals(mina.get(TWO_STEP).text)
    assert told[0]["options"]["allAcceptedCredentialIds"] == ids[:1]
    assert told[-1] == {
        "method": "signalUnknownCredential",
        "options": {"rpId": "localhost", "credentialId": ids[1]},
    }


def test_link_to_the_tab_hides_nobodys_passkey(mina: Person, key: SoftwareAuthenticator) -> None:
    activate(mina, key)
    text = mina.get(f"{TWO_STEP}?abandoned={b64(key.keys[0].id)}").text
    assert "signalUnknownCredential" not in text
    for broken in ("x", "", "é", "A" * 3000, b64(b"short")):
        assert "signalUnknownCredential" not in mina.get(f"{TWO_STEP}?abandoned={broken}").text


# Beside what there is


def add(person: Person, key: SoftwareAuthenticator, called: str = "Second key") -> Response:
    person.get(TWO_STEP)
    person.post(f"{TWO_STEP}/add/passkey", follow_redirects=True)
    if "/add/verify" in person.page:
        url = f"{TWO_STEP}/add/verify"
        person.post(url, {"factor": "code", "code": person.next_code()}, follow_redirects=True)
    create(person, key)
    return person.post(f"{ENROLL}/name", {"name": called}, follow_redirects=True)


def test_passkey_is_added_beside_the_app(
    engine: Engine, protected: Person, key: SoftwareAuthenticator
) -> None:
    assert "Your passkey was added." in add(protected, key).text
    assert [one["kind"] for one in kept(engine)] == ["app", "passkey"]
    protected.inbox.wait_for("A passkey was added to your account", to=protected.email)
    assert "Passkey added" in protected.client.get("/account/activity").text
    protected.sign_out()
    protected.get("/sign-in")
    assert entered(protected.post(ALONE, answer(key, protected.page, ALONE)))


def test_second_passkey_knows_its_person_by_the_same_handle(mina: Person, key: SoftwareAuthenticator) -> None:
    activate(mina, key)
    second = SoftwareAuthenticator(ORIGIN)
    add(mina, second)
    assert second.keys[0].user_handle == key.keys[0].user_handle


def test_same_authenticator_is_not_registered_twice(mina: Person, key: SoftwareAuthenticator) -> None:
    activate(mina, key)
    with pytest.raises(Excluded):
        add(mina, key)


def test_credential_of_somebody_else_is_refused(
    app: Flask,
    engine: Engine,
    make_person: Callable[..., Person],
    mina: Person,
    key: SoftwareAuthenticator,
) -> None:
    """Of two who bring one credential at once, the first to complete has it."""
    jane = make_person(email="jane@example.com").sign_up("jane@example.com")
    create(begin(mina), key)
    copied = SoftwareAuthenticator(ORIGIN)
    create(begin(jane), copied, credential_id=key.keys[0].id)
    name(mina)
    name(jane)
    assert "2-step verification is on." in mina.complete().text
    response = jane.complete()
    assert response.status_code == 422
    assert "This passkey is registered already." in response.text
    assert len(kept(engine)) == 1
    assert not jane.two_step_is_on()
    again = make_person(email="june@example.com").sign_up("june@example.com")
    response = create(begin(again), SoftwareAuthenticator(ORIGIN), credential_id=key.keys[0].id)
    assert "This passkey is registered already." in response.text


def test_cookie_holds_no_secret_of_a_passkey(mina: Person, key: SoftwareAuthenticator) -> None:
    create(begin(mina), key)
    held = json.dumps(read_cookie(mina.cookie()), default=str)
    assert b64(key.keys[0].id) in held
    assert b64(key.keys[0].user_handle) not in held


def test_host_at_an_address_offers_no_passkey(mina: Person) -> None:
    settings = mina.app.extensions["mfa_settings"]
    object.__setattr__(settings, "passkey_rp_id", "")
    try:
        mina.begin().verify_email()
        assert "Use a passkey instead" not in mina.page
        choose(mina)
        assert "otpauth://" in mina.page
    finally:
        object.__setattr__(settings, "passkey_rp_id", "localhost")
