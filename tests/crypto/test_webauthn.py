"""What browsers are asked for, and their answers, by an authenticator of the tests' own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cbor2
import pytest

from mfa.crypto import webauthn
from tests.support.software_authenticator import (
    BE,
    BS,
    EDDSA,
    ES256,
    RS256,
    UP,
    UV,
    Excluded,
    SoftwareAuthenticator,
    b64,
    unb64,
)

ORIGIN = "https://shop.example"
PARTY = webauthn.RelyingParty("shop.example", "Shop", frozenset({ORIGIN, "https://shop.example:8443"}))
USER = webauthn.User(b"h" * 32, "mina.park@example.com", "Mina Park")
CHALLENGE, OTHER = b"c" * 32, b"d" * 32


def created(key: SoftwareAuthenticator, **otherwise: Any) -> str:
    return json.dumps(key.create(webauthn.creation_options(PARTY, USER, CHALLENGE), **otherwise))


def registered(key: SoftwareAuthenticator) -> webauthn.Credential:
    new = webauthn.register(created(key), CHALLENGE, PARTY)
    return webauthn.Credential(new.credential_id, new.public_key, new.sign_count, new.is_synced)


def used(key: SoftwareAuthenticator, **otherwise: Any) -> str:
    return json.dumps(key.get(webauthn.request_options(PARTY, OTHER, verification="preferred"), **otherwise))


def verified(
    key: SoftwareAuthenticator,
    stored: webauthn.Credential,
    verification: webauthn.Verification = "preferred",
    **otherwise: Any,
) -> webauthn.Verified:
    assertion = webauthn.read_assertion(used(key, **otherwise))
    return webauthn.verify(assertion, stored, OTHER, PARTY, verification=verification)


def test_creation_options_are_those_of_the_standard() -> None:
    options = webauthn.creation_options(PARTY, USER, CHALLENGE, exclude=[(b"k" * 16, ["usb", "nfc"])])
    assert options == {
        "rp": {"id": "shop.example", "name": "Shop"},
        "user": {"id": b64(b"h" * 32), "name": "mina.park@example.com", "displayName": "Mina Park"},
        "challenge": b64(CHALLENGE),
        "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in (ES256, EDDSA, RS256)],
        "timeout": 300_000,
        "excludeCredentials": [{"type": "public-key", "id": b64(b"k" * 16), "transports": ["usb", "nfc"]}],
        "authenticatorSelection": {
            "residentKey": "preferred",
            "requireResidentKey": False,
            "userVerification": "preferred",
        },
        "hints": [],
        "attestation": "none",
    }


@pytest.mark.parametrize("verification", ["required", "preferred"])
def test_request_options_are_those_of_the_standard(verification: webauthn.Verification) -> None:
    options = webauthn.request_options(
        PARTY, CHALLENGE, allow=[(b"k" * 16, ["internal"])], verification=verification
    )
    assert options == {
        "challenge": b64(CHALLENGE),
        "timeout": 300_000,
        "rpId": "shop.example",
        "allowCredentials": [{"type": "public-key", "id": b64(b"k" * 16), "transports": ["internal"]}],
        "userVerification": verification,
        "hints": [],
    }


@pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256])
@pytest.mark.parametrize("flags", [UP, UP | UV, UP | UV | BE, UP | UV | BE | BS])
def test_passkey_is_registered_and_verified(algorithm: int, flags: int) -> None:
    key = SoftwareAuthenticator(
        ORIGIN, flags=flags, algorithms=(algorithm,), aaguid=b"a" * 16, transports=("usb", "nfc", "smoke")
    )
    new = webauthn.register(created(key), CHALLENGE, PARTY)
    assert new.credential_id == key.keys[0].id
    assert new.aaguid == b"a" * 16
    assert new.is_synced == bool(flags & BE)
    assert new.transports == ("usb", "nfc")
    assert new.user_verified == bool(flags & UV)
    assert cbor2.loads(new.public_key)[3] == algorithm
    stored = webauthn.Credential(new.credential_id, new.public_key, new.sign_count, new.is_synced)
    assert verified(key, stored) == webauthn.Verified(sign_count=1, user_verified=bool(flags & UV))


def test_assertion_names_the_user_before_it_is_verified() -> None:
    key = SoftwareAuthenticator(ORIGIN)
    registered(key)
    assertion = webauthn.read_assertion(used(key))
    assert (assertion.credential_id, assertion.user_handle) == (key.keys[0].id, b"h" * 32)


def test_security_key_without_residence_names_no_user() -> None:
    key = SoftwareAuthenticator(ORIGIN, is_resident=False)
    stored = registered(key)
    options = webauthn.request_options(PARTY, OTHER, allow=[(stored.id, [])], verification="preferred")
    assert webauthn.read_assertion(json.dumps(key.get(options))).user_handle is None


def test_excluded_key_is_not_made_twice() -> None:
    key = SoftwareAuthenticator(ORIGIN)
    stored = registered(key)
    with pytest.raises(Excluded):
        key.create(webauthn.creation_options(PARTY, USER, CHALLENGE, exclude=[(stored.id, [])]))


def test_related_origin_counts_as_the_site() -> None:
    registered(SoftwareAuthenticator("https://shop.example:8443"))


OTHERWISE: list[tuple[dict[str, Any], type[webauthn.BadResponse]]] = [
    ({"client_data": {"type": "webauthn.other"}}, webauthn.OtherCeremony),
    ({"client_data": {"challenge": b64(b"e" * 32)}}, webauthn.OtherChallenge),
    ({"client_data": {"challenge": ""}}, webauthn.OtherChallenge),
    ({"client_data": {"challenge": "==="}}, webauthn.Malformed),
    ({"client_data": {"challenge": 7}}, webauthn.Malformed),
    ({"client_data": {"challenge": None}}, webauthn.Malformed),
    ({"client_data": {"type": None}}, webauthn.Malformed),
    ({"client_data": {"origin": None}}, webauthn.Malformed),
    ({"client_data": {"origin": "https://shop.example.evil.example"}}, webauthn.OtherOrigin),
    ({"client_data": {"origin": "https://evil.shop.example"}}, webauthn.OtherOrigin),
    ({"client_data": {"origin": "http://shop.example"}}, webauthn.OtherOrigin),
    ({"client_data": {"origin": "https://shop.example/"}}, webauthn.OtherOrigin),
    ({"client_data": {"origin": "https://SHOP.example"}}, webauthn.OtherOrigin),
    ({"client_data": {"origin": "https://shop.example:444"}}, webauthn.OtherOrigin),
    ({"client_data": {"origin": "null"}}, webauthn.OtherOrigin),
    ({"client_data": {"crossOrigin": True}}, webauthn.OtherOrigin),
    ({"client_data": {"crossOrigin": "no"}}, webauthn.OtherOrigin),
    ({"client_data": {"topOrigin": "https://evil.example"}}, webauthn.OtherOrigin),
    ({"rp_id": "evil.example"}, webauthn.OtherRelyingParty),
]


@pytest.mark.parametrize(("otherwise", "refused"), OTHERWISE)
def test_registration_of_elsewhere_is_refused(
    otherwise: dict[str, Any], refused: type[webauthn.BadResponse]
) -> None:
    with pytest.raises(refused):
        webauthn.register(created(SoftwareAuthenticator(ORIGIN), **otherwise), CHALLENGE, PARTY)


@pytest.mark.parametrize(("otherwise", "refused"), OTHERWISE)
def test_assertion_of_elsewhere_is_refused(
    otherwise: dict[str, Any], refused: type[webauthn.BadResponse]
) -> None:
    key = SoftwareAuthenticator(ORIGIN)
    stored = registered(key)
    with pytest.raises(refused):
        verified(key, stored, **otherwise)


@pytest.mark.parametrize("said", ["webauthn.get", "webauthn.create"])
def test_one_ceremony_is_not_the_other(said: str) -> None:
    key = SoftwareAuthenticator(ORIGIN)
    stored = registered(key)
    with pytest.raises(webauthn.OtherCeremony):
        if said == "webauthn.get":
            webauthn.register(created(key, client_data={"type": said}), CHALLENGE, PARTY)
        else:
            verified(key, stored, client_data={"type": said})


@pytest.mark.parametrize(
    ("flags", "refused"),
    [(0, webauthn.NotPresent), (UV, webauthn.NotPresent), (UP | UV | BS, webauthn.WrongBackup)],
)
def test_flags_are_checked_in_both_ceremonies(flags: int, refused: type[webauthn.BadResponse]) -> None:
    key = SoftwareAuthenticator(ORIGIN)
    stored = registered(key)
    key.flags = flags
    with pytest.raises(refused):
        verified(key, stored)
    with pytest.raises(refused):
        webauthn.register(created(key), CHALLENGE, PARTY)


def test_user_verification_is_refused_only_where_it_is_required() -> None:
    key = SoftwareAuthenticator(ORIGIN, flags=UP)
    stored = registered(key)
    assert not verified(key, stored).user_verified
    with pytest.raises(webauthn.NotVerified):
        verified(key, stored, "required")


@pytest.mark.parametrize("flags", [UP | BE, UP])
def test_kind_of_backup_stays_as_registered(flags: int) -> None:
    key = SoftwareAuthenticator(ORIGIN, flags=flags)
    stored = registered(key)
    key.flags ^= BE
    with pytest.raises(webauthn.WrongBackup):
        verified(key, stored)


def test_signature_of_another_key_is_refused() -> None:
    key, other = SoftwareAuthenticator(ORIGIN), SoftwareAuthenticator(ORIGIN)
    stored, foreign = registered(key), registered(other)
    with pytest.raises(webauthn.WrongSignature):
        verified(key, replace(stored, public_key=foreign.public_key))


def test_every_flipped_bit_breaks_the_signature() -> None:
    key = SoftwareAuthenticator(ORIGIN, flags=UP | UV)
    stored = registered(key)
    whole = webauthn.read_assertion(used(key))
    # The flags that nobody reads, and the counter: all of it is signed.
    for at, bit in [(32, 0x02), (32, 0x20), (33, 0x01), (36, 0x80)]:
        data = bytearray(whole.authenticator_data)
        data[at] ^= bit
        changed = replace(whole, authenticator_data=bytes(data))
        with pytest.raises(webauthn.WrongSignature):
            webauthn.verify(changed, stored, OTHER, PARTY, verification="preferred")


def test_credential_other_than_the_stored_one_is_refused() -> None:
    key = SoftwareAuthenticator(ORIGIN)
    stored = registered(key)
    with pytest.raises(webauthn.OtherCredential):
        verified(key, replace(stored, id=b"z" * 32))


@pytest.mark.parametrize(("stored_count", "next_count"), [(5, 5), (5, 4), (5, 0), (1, 1), (2**32 - 1, 1)])
def test_counter_of_a_device_never_goes_back(stored_count: int, next_count: int) -> None:
    key = SoftwareAuthenticator(ORIGIN, counts=False)
    stored = replace(registered(key), sign_count=stored_count)
    key.keys[0].count = next_count
    with pytest.raises(webauthn.CounterWentBack) as refused:
        verified(key, stored)
    assert (refused.value.stored, refused.value.sent) == (stored_count, next_count)


def test_counter_of_synced_passkey_is_ignored_at_zero() -> None:
    key = SoftwareAuthenticator(ORIGIN, flags=UP | UV | BE | BS, counts=False)
    stored = replace(registered(key), sign_count=5)
    assert verified(key, stored).sign_count == 0
    key.keys[0].count = 5
    with pytest.raises(webauthn.CounterWentBack):
        verified(key, stored)


def test_wrong_signature_with_an_old_counter_is_a_wrong_signature() -> None:
    """Only who has the key may make the owner worry."""
    key, other = SoftwareAuthenticator(ORIGIN), SoftwareAuthenticator(ORIGIN)
    stored = replace(registered(key), sign_count=9, public_key=registered(other).public_key)
    with pytest.raises(webauthn.WrongSignature):
        verified(key, stored)


@pytest.mark.parametrize(
    "cose",
    [
        {3: -19},
        {3: -35},
        {3: -65535},
        {3: 0},
        {3: None},
        {3: True},
        {3: "ES256"},
        {3: [-7]},
        {1: 1},
        {-1: 2},
        {-2: b"x" * 31},
        {-2: b"x" * 32},
        {-2: "x" * 32},
        {-2: b""},
        {-4: b"d" * 32},
        {4: [1]},
    ],
)
def test_key_that_was_not_offered_is_refused(cose: dict[int, Any]) -> None:
    with pytest.raises((webauthn.UnknownKey, webauthn.Malformed)):
        webauthn.register(created(SoftwareAuthenticator(ORIGIN), cose=cose), CHALLENGE, PARTY)


@pytest.mark.parametrize(
    "cose", [{-1: b"\1" * 128}, {-1: b"\1" * 2048}, {-1: b""}, {-2: b"\1" * 256}, {-2: b""}, {-2: b"\2"}]
)
def test_rsa_key_that_is_too_small_or_too_slow_is_refused(cose: dict[int, Any]) -> None:
    key = SoftwareAuthenticator(ORIGIN, algorithms=(RS256,))
    with pytest.raises(webauthn.UnknownKey):
        webauthn.register(created(key, cose=cose), CHALLENGE, PARTY)


@pytest.mark.parametrize("length", [0, 1, 15, 1024, 4000])
def test_credential_ids_have_16_to_1023_bytes(length: int) -> None:
    key = SoftwareAuthenticator(ORIGIN)
    with pytest.raises(webauthn.Malformed):
        webauthn.register(created(key, credential_id=b"i" * length), CHALLENGE, PARTY)


@pytest.mark.parametrize("length", [16, 1023])
def test_shortest_and_longest_credential_ids_work(length: int) -> None:
    key = SoftwareAuthenticator(ORIGIN)
    new = webauthn.register(created(key, credential_id=b"i" * length), CHALLENGE, PARTY)
    stored = webauthn.Credential(new.credential_id, new.public_key, 0, is_synced=False)
    assert verified(key, stored).sign_count == 1


def test_id_that_differs_from_the_attested_one_is_refused() -> None:
    answer = json.loads(created(SoftwareAuthenticator(ORIGIN)))
    answer["id"] = answer["rawId"] = b64(b"z" * 32)
    with pytest.raises(webauthn.OtherCredential):
        webauthn.register(json.dumps(answer), CHALLENGE, PARTY)


def cut(answer: dict[str, Any]) -> None:
    attested = unb64(answer["response"]["attestationObject"])
    answer["response"]["attestationObject"] = b64(attested[:-7])


def followed(answer: dict[str, Any]) -> None:
    attested = unb64(answer["response"]["attestationObject"])
    answer["response"]["attestationObject"] = b64(attested + b"\0")


def nested(answer: dict[str, Any]) -> None:
    answer["response"]["attestationObject"] = b64(b"\x81" * 12_000)


def endless(answer: dict[str, Any]) -> None:
    answer["response"]["attestationObject"] = b64(b"\x9b" + b"\xff" * 8)


def without_attested(answer: dict[str, Any]) -> None:
    attested = cbor2.loads(unb64(answer["response"]["attestationObject"]))
    data = bytearray(attested["authData"][:37])
    data[32] &= ~0x40
    answer["response"]["attestationObject"] = b64(cbor2.dumps({**attested, "authData": bytes(data)}))


def other_encoding(answer: dict[str, Any]) -> None:
    said = unb64(answer["response"]["clientDataJSON"]).decode()
    answer["response"]["clientDataJSON"] = b64(said.encode("utf-16"))


@pytest.mark.parametrize("change", [cut, followed, nested, endless, without_attested, other_encoding])
def test_broken_registration_is_refused(change: Callable[[dict[str, Any]], None]) -> None:
    answer = json.loads(created(SoftwareAuthenticator(ORIGIN)))
    change(answer)
    with pytest.raises((webauthn.Malformed, webauthn.UnknownKey)):
        webauthn.register(json.dumps(answer), CHALLENGE, PARTY)


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "7", '"text"', "{", "{}", "\ud800", "9" * 5000, "[" * 30_000, "x" * 65536]
)
def test_text_that_is_no_answer_is_malformed(text: str) -> None:
    with pytest.raises(webauthn.Malformed):
        webauthn.register(text, CHALLENGE, PARTY)
    with pytest.raises(webauthn.Malformed):
        webauthn.read_assertion(text)


def test_base64url_is_read_strictly() -> None:
    assert webauthn.decode(webauthn.encode(b"\xff\xfe\xfd")) == b"\xff\xfe\xfd"
    for text in ("YQ==", "Y Q", "Y+", "Y/", "a", "ｙＱ", "YQ\n"):
        with pytest.raises(webauthn.Malformed):
            webauthn.decode(text)
