"""Passkeys at sign-in as an attacker meets them: an answer opens one door, once, for one person."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, strategies as st
from sqlalchemy import Engine, func, select, text

from mfa.factors.models import Authenticator, SecondStep
from tests.fuzz.inputs import THROUGH_APP, texts
from tests.support import passkeys
from tests.support.crowd import AT_ONCE, at_once, copies
from tests.support.passkeys import ORIGIN, answer, asked
from tests.support.person import PASSWORD, Person, entered
from tests.support.product import TWO_STEP
from tests.support.software_authenticator import UV, SoftwareAuthenticator, b64

VERIFY = "/sign-in/verify"
BY_PASSKEY = f"{VERIFY}?factor=passkey"
ALONE = f"{VERIFY}/passkey"
CREATE = f"{TWO_STEP}/enroll/passkey"
ENDLESS = "1000000 per second"
Make = Callable[..., Person]


@pytest.fixture
def config(config: dict[str, Any]) -> dict[str, Any]:
    quiet = {"RATELIMIT_REFUSED": ENDLESS, "EVENT_LOG": "none"}
    return {**config, **passkeys.SETTINGS, **quiet}


@pytest.fixture
def key(app: Flask, protected: Person) -> SoftwareAuthenticator:
    """Mina's key; she is signed out."""
    key = SoftwareAuthenticator(ORIGIN)
    passkeys.give(app, "1", key)
    protected.sign_out()
    return key


def halfway(person: Person) -> Person:
    """Go to the page that asks for a passkey after the password."""
    person.sign_in()
    person.get(BY_PASSKEY)
    return person


def at_the_door(person: Person) -> Person:
    """Go to the page that asks for a passkey alone."""
    person.get("/sign-in")
    return person


DOORS = pytest.mark.parametrize(("go", "url"), [(halfway, BY_PASSKEY), (at_the_door, ALONE)])


def is_refused(person: Person, url: str, fields: dict[str, str]) -> None:
    response = person.post(url, fields)
    assert response.status_code in (422, 429), response.text
    assert not person.is_signed_in()


@DOORS
def test_answer_opens_once(
    make_person: Make, protected: Person, key: SoftwareAuthenticator, go: Callable[[Person], Person], url: str
) -> None:
    fields = answer(key, go(protected).page, url)
    cookie = protected.cookie()
    assert entered(protected.post(url, fields))
    thief = make_person()
    thief.put_cookie(cookie)
    thief.page = protected.page
    response = thief.post(url, fields)
    assert not entered(response) or thief.client.get("/account/sessions").status_code != 200
    assert not thief.is_signed_in()


def told_of_copies(engine: Engine) -> int:
    with engine.connect() as connection:
        of_copies = text("SELECT count(*) FROM mfa_activity WHERE event = 'passkey_copied'")
        return int(connection.scalar(of_copies) or 0)


@DOORS
def test_answer_sent_twice_is_no_copy_of_the_key(
    protected: Person,
    key: SoftwareAuthenticator,
    engine: Engine,
    go: Callable[[Person], Person],
    url: str,
) -> None:
    """The second post of a double press has the cookie from before the sign-in, and the counter again."""
    fields = answer(key, go(protected).page, url)
    cookie, page = protected.cookie(), protected.page
    assert entered(protected.post(url, fields))
    protected.put_cookie(cookie)
    protected.page = page
    response = protected.post(url, fields)
    assert "it may have been copied" not in response.text
    assert told_of_copies(engine) == 0


@DOORS
def test_answer_of_a_copy_is_told_once(
    protected: Person,
    key: SoftwareAuthenticator,
    engine: Engine,
    go: Callable[[Person], Person],
    url: str,
) -> None:
    key.keys[0].count = 9
    assert entered(protected.post(url, answer(key, go(protected).page, url)))
    protected.sign_out()
    key.keys[0].count = 3
    fields = answer(key, go(protected).page, url)
    for _ in range(3):
        is_refused(protected, url, fields)
    assert told_of_copies(engine) == 1


@DOORS
def test_challenge_of_another_session_opens_nothing(
    make_person: Make, protected: Person, key: SoftwareAuthenticator, go: Callable[[Person], Person], url: str
) -> None:
    stolen = answer(key, go(protected).page, url)
    other = make_person(email=protected.email)
    go(other)
    is_refused(other, url, stolen)


def test_challenge_of_one_door_does_not_open_the_other(protected: Person, key: SoftwareAuthenticator) -> None:
    alone = answer(key, at_the_door(protected).page, ALONE)
    is_refused(halfway(protected), BY_PASSKEY, alone)
    second = answer(key, protected.page, BY_PASSKEY)
    is_refused(at_the_door(protected), ALONE, second)


def test_challenge_of_sign_in_disables_nothing(protected: Person, key: SoftwareAuthenticator) -> None:
    at_the_door(protected)
    assert entered(protected.post(ALONE, answer(key, protected.page, ALONE)))
    protected.get("/account/profile/email")
    url = "/account/profile/email"
    of_email = answer(key, protected.page, url)
    protected.prove_password("disable")
    response = protected.post(f"{TWO_STEP}/disable/verify", {"factor": "passkey", **of_email})
    assert response.status_code == 422
    assert "That took too long, or was sent twice." in response.text
    assert protected.two_step_is_on()


def enroll(person: Person) -> Person:
    """Come to the page that creates a passkey beside the app."""
    person.get(TWO_STEP)
    person.post(f"{TWO_STEP}/add/passkey", follow_redirects=True)
    return person


def used_for(key: SoftwareAuthenticator, page: str, action: str) -> dict[str, str]:
    """Return an assertion by *key* over the challenge for a new passkey."""
    options, token = asked(page, action)
    said = key.get({"challenge": options["challenge"], "rpId": "localhost", "allowCredentials": []})
    return {"passkey": f"{token} {json.dumps(said)}"}


def made_for(key: SoftwareAuthenticator, page: str, action: str) -> dict[str, str]:
    """Return a new passkey of *key* over the challenge that asks for one that there is."""
    options, token = asked(page, action)
    user = {"id": b64(b"h" * 32), "name": "m", "displayName": "M"}
    parameters = [{"type": "public-key", "alg": -7}]
    said = key.create(
        {
            "rp": {"id": "localhost"},
            "user": user,
            "challenge": options["challenge"],
            "pubKeyCredParams": parameters,
            "excludeCredentials": [],
        }
    )
    return {"passkey": f"{token} {json.dumps(said)}"}


def signed_in(person: Person, key: SoftwareAuthenticator) -> Person:
    assert entered(person.post(ALONE, answer(key, at_the_door(person).page, ALONE)))
    return person


def test_challenge_of_an_enrollment_opens_no_door(protected: Person, key: SoftwareAuthenticator) -> None:
    of_enrollment = used_for(key, enroll(signed_in(protected, key)).page, CREATE)
    protected.prove_password("disable")
    response = protected.post(f"{TWO_STEP}/disable/verify", {"factor": "passkey", **of_enrollment})
    assert response.status_code == 422
    assert protected.two_step_is_on()
    protected.sign_out()
    is_refused(at_the_door(protected), ALONE, of_enrollment)
    is_refused(halfway(protected), BY_PASSKEY, of_enrollment)


def test_challenge_of_a_door_registers_nothing(protected: Person, key: SoftwareAuthenticator) -> None:
    """Nor does what answers the one in the place of the other."""
    signed_in(protected, key).prove_password("disable")
    verify = f"{TWO_STEP}/disable/verify"
    of_door, used = (
        made_for(SoftwareAuthenticator(ORIGIN), protected.page, verify),
        answer(key, protected.page, verify),
    )
    enroll(protected)
    for fields in (of_door, used, used_for(key, protected.page, CREATE)):
        assert protected.post(CREATE, fields).status_code == 422
    assert list(protected.authenticators()) == ["Authenticator app", "Key"]


def test_challenge_of_another_persons_enrollment_registers_nothing(
    make_person: Make, protected: Person, key: SoftwareAuthenticator
) -> None:
    jane = make_person(email="jane@example.com").sign_up("jane@example.com").activate()
    hers = answer(SoftwareAuthenticator(ORIGIN), enroll(jane).page, CREATE)
    response = enroll(signed_in(protected, key)).post(CREATE, hers)
    assert response.status_code == 422
    assert "That took too long, or was sent twice." in response.text


@pytest.mark.parametrize("flags", [0, UV])
def test_passkey_made_without_presence_is_refused(
    protected: Person, key: SoftwareAuthenticator, flags: int
) -> None:
    absent = SoftwareAuthenticator(ORIGIN, flags=flags)
    enroll(signed_in(protected, key))
    assert protected.post(CREATE, answer(absent, protected.page, CREATE)).status_code == 422


def test_answer_that_confirmed_once_confirms_no_more(protected: Person, key: SoftwareAuthenticator) -> None:
    confirm = f"{TWO_STEP}/confirm"
    signed_in(protected, key)
    protected.clock.advance(minutes=20)
    protected.get(f"{confirm}?next=/account/sessions")
    cookie, page = protected.cookie(), protected.page
    action = f"{confirm}?next=/account/sessions" if f'action="{confirm}?' in page else confirm
    fields = {"factor": "passkey", **answer(key, page, action)}
    assert protected.post(action, fields).status_code in (200, 303)
    protected.put_cookie(cookie)
    protected.page = page
    assert protected.post(action, fields).status_code == 422


def test_of_the_app_and_the_passkey_removed_at_once_one_stays(
    make_person: Make, protected: Person, key: SoftwareAuthenticator
) -> None:
    """In two browsers, each by the factor that the other removes."""
    other = make_person()
    for person in (protected, other):
        signed_in(person, key)
    verify = f"{TWO_STEP}/remove/verify"

    def begin(person: Person, name: str) -> None:
        number = person.authenticators()[name]
        person.get(f"{TWO_STEP}/remove/{number}")
        person.post(f"{TWO_STEP}/remove/{number}", {"password": PASSWORD}, follow_redirects=True)

    begin(protected, "Authenticator app")
    begin(other, "Key")
    presses = [
        (protected, {"factor": "passkey", **answer(key, protected.page, verify)}),
        (other, {"factor": "code", "code": protected.next_code()}),
    ]

    def press(number: int) -> bool:
        person, fields = presses[number]
        return "It was removed." in person.post(verify, fields, follow_redirects=True).text

    done = at_once(press, 2)
    assert sum(done) == 1
    winner = presses[done.index(True)][0]
    assert list(winner.authenticators()) == ["Key" if winner is protected else "Authenticator app"]


@DOORS
def test_challenge_ends_after_five_minutes(
    protected: Person, key: SoftwareAuthenticator, go: Callable[[Person], Person], url: str
) -> None:
    fields = answer(key, go(protected).page, url)
    protected.clock.advance(seconds=5 * 60 + 10)
    is_refused(protected, url, fields)


ELSEWHERE: list[dict[str, Any]] = [
    {"client_data": {"origin": "http://localhost:5001"}},
    {"client_data": {"origin": "https://evil.example"}},
    {"client_data": {"origin": "http://localhost.evil.example:5000"}},
    {"client_data": {"crossOrigin": True}},
    {"client_data": {"topOrigin": "https://evil.example"}},
    {"client_data": {"type": "webauthn.create"}},
    {"client_data": {"challenge": b64(b"x" * 32)}},
    {"rp_id": "evil.example"},
    {"user_handle": b"another person"},
]


@DOORS
@pytest.mark.parametrize("otherwise", ELSEWHERE, ids=str)
def test_answer_made_elsewhere_opens_nothing(
    protected: Person,
    key: SoftwareAuthenticator,
    otherwise: dict[str, Any],
    go: Callable[[Person], Person],
    url: str,
) -> None:
    is_refused(protected, url, answer(key, go(protected).page, url, **otherwise))


@DOORS
@pytest.mark.parametrize("flags", [0, UV])
def test_answer_without_presence_opens_nothing(
    protected: Person,
    key: SoftwareAuthenticator,
    flags: int,
    go: Callable[[Person], Person],
    url: str,
) -> None:
    key.flags = flags
    is_refused(protected, url, answer(key, go(protected).page, url))


def test_answer_without_user_handle_does_not_stand_alone(
    protected: Person, key: SoftwareAuthenticator
) -> None:
    at_the_door(protected)
    options, token = asked(protected.page, ALONE)
    said = key.get(options)
    said["response"]["userHandle"] = None
    is_refused(protected, ALONE, {"passkey": f"{token} {json.dumps(said)}"})


def test_key_of_another_person_opens_nothing(
    app: Flask, make_person: Make, protected: Person, key: SoftwareAuthenticator
) -> None:
    jane = make_person(email="jane@example.com")
    jane.sign_up("jane@example.com").activate()
    hers = SoftwareAuthenticator(ORIGIN)
    passkeys.give(app, "2", hers)
    halfway(protected)
    options, token = asked(protected.page, BY_PASSKEY)
    said = hers.get({**options, "allowCredentials": []})
    is_refused(protected, BY_PASSKEY, {"passkey": f"{token} {json.dumps(said)}"})
    # Nor does her key with his name in it.
    at_the_door(protected)
    is_refused(protected, ALONE, answer(hers, protected.page, ALONE, user_handle=key.keys[0].user_handle))


def test_refused_keys_count_as_wrong_codes_do(protected: Person, key: SoftwareAuthenticator) -> None:
    halfway(protected)
    statuses = []
    for _ in range(7):
        fields = answer(key, protected.page, BY_PASSKEY, rp_id="evil.example")
        statuses.append(protected.post(BY_PASSKEY, fields).status_code)
    assert statuses[0] == 422, statuses
    assert statuses[-1] == 429
    protected.get(VERIFY)
    assert protected.post(VERIFY, {"code": protected.code()}).status_code == 429


def test_stranger_with_the_id_of_a_key_makes_nobody_wait(
    make_person: Make, protected: Person, key: SoftwareAuthenticator
) -> None:
    stranger = make_person()
    for _ in range(10):
        at_the_door(stranger)
        is_refused(stranger, ALONE, answer(key, stranger.page, ALONE, rp_id="evil.example"))
    assert entered(protected.post(BY_PASSKEY, answer(key, halfway(protected).page, BY_PASSKEY)))


def test_key_of_a_locked_account_opens_nothing(
    app: Flask, protected: Person, key: SoftwareAuthenticator
) -> None:
    at_the_door(protected)
    fields = answer(key, protected.page, ALONE)
    result = app.test_cli_runner().invoke(args=["users", "lock", protected.email, "--reason", "lost"])
    assert result.exit_code == 0, result.output
    is_refused(protected, ALONE, fields)


def test_password_alone_opens_nothing_more_than_before(protected: Person, key: SoftwareAuthenticator) -> None:
    response = protected.sign_in(password=PASSWORD)
    assert not entered(response)
    assert not protected.is_signed_in()


BROKEN = ["", " ", "x", "x y", "{}", " {}", "\0", "a" * 60_000, "é {}", ". {", "null", "\ud7ff \uffff"]


@DOORS
def test_broken_answers_are_refused_in_words(
    protected: Person, key: SoftwareAuthenticator, go: Callable[[Person], Person], url: str
) -> None:
    genuine = answer(key, go(protected).page, url)["passkey"]
    token, _, _response = genuine.partition(" ")
    for broken in [*BROKEN, token, f"{token} ", *(f"{token} {each}" for each in BROKEN)]:
        response = protected.post(url, {"passkey": broken})
        assert 400 <= response.status_code < 500, broken[:40]
    assert not protected.is_signed_in()


@THROUGH_APP
@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from('Aa0-_."{}[],: \0é')), min_size=1, max_size=3))
def test_changed_answer_opens_nothing_and_breaks_nothing(
    protected: Person, key: SoftwareAuthenticator, changes: list[tuple[float, str]]
) -> None:
    at_the_door(protected)
    options, token = asked(protected.page, ALONE)
    # Another challenge: whatever the change leaves as it is, this must not open.
    changed = json.dumps(key.get({**options, "challenge": b64(b"x" * 32)}))
    for place, letter in changes:
        at = int(place * (len(changed) - 1))
        changed = changed[:at] + letter + changed[at + 1 :]
    response = protected.post(ALONE, {"passkey": f"{token} {changed}"})
    assert 400 <= response.status_code < 500


@THROUGH_APP
@given(texts())
def test_any_text_opens_nothing_and_breaks_nothing(
    protected: Person, key: SoftwareAuthenticator, text: str
) -> None:
    at_the_door(protected)
    response = protected.post(ALONE, {"passkey": text.encode("utf-8", "replace").decode()})
    assert 400 <= response.status_code < 500


@DOORS
def test_of_many_posts_of_one_answer_one_signs_in(
    make_person: Make, protected: Person, key: SoftwareAuthenticator, go: Callable[[Person], Person], url: str
) -> None:
    fields = answer(key, go(protected).page, url)
    rivals = copies(protected, make_person, AT_ONCE)
    answers = at_once(lambda number: rivals[number].post(url, fields), AT_ONCE)
    assert sum(rival.is_signed_in() for rival in rivals) == 1
    if url == BY_PASSKEY:
        # The others are led on: their answer was no guess.
        assert {one.status_code for one in answers} <= {200, 303}


def test_of_many_who_bring_one_credential_one_has_it(
    engine: Engine, make_person: Make, key: SoftwareAuthenticator
) -> None:
    """Eight people, each in eight windows."""
    shared, presses = b"i" * 32, []
    for number in range(8):
        email = f"person{number}@example.com"
        person = make_person(email=email).sign_up(email).begin().verify_email()
        person.post(f"{TWO_STEP}/enroll/method", {"method": "passkey"}, follow_redirects=True)
        fields = answer(SoftwareAuthenticator(ORIGIN), person.page, CREATE, credential_id=shared)
        person.post(CREATE, fields, follow_redirects=True)
        person.post(f"{CREATE}/name", {"name": "Shared"}, follow_redirects=True)
        presses += copies(person, make_person, AT_ONCE // 8)
    at_once(lambda number: presses[number].complete(), AT_ONCE)
    with engine.connect() as connection:
        rows = select(func.count()).where(Authenticator.credential_id == shared)
        assert connection.scalar(rows) == 1
        on = select(func.count()).select_from(SecondStep)
        assert connection.scalar(on) == 2  # the one, and Mina
