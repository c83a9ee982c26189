"""Passkeys at sign-in, as the second step and alone, and where a page asks for a factor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, delete, select

from mfa import tidying
from mfa.attempts import rules as attempts
from mfa.attempts.models import Spent
from mfa.database import transaction
from mfa.factors.models import APP, Authenticator
from mfa.notices.models import OutboxMail
from tests.support import passkeys
from tests.support.clock import Clock
from tests.support.passkeys import ORIGIN, answer, asked
from tests.support.person import Person, entered
from tests.support.product import TWO_STEP
from tests.support.software_authenticator import BE, BS, UP, UV, SoftwareAuthenticator

VERIFY = "/sign-in/verify"
BY_PASSKEY = f"{VERIFY}?factor=passkey"
ALONE = f"{VERIFY}/passkey"


@pytest.fixture
def config(config: dict[str, Any]) -> dict[str, Any]:
    return {**config, **passkeys.SETTINGS}


@pytest.fixture
def key(app: Flask, protected: Person) -> SoftwareAuthenticator:
    """Mina's security key, beside her app; she is signed out."""
    key = SoftwareAuthenticator(ORIGIN)
    passkeys.give(app, "1", key)
    protected.sign_out()
    return key


def use(person: Person, key: SoftwareAuthenticator, url: str = BY_PASSKEY, **otherwise: Any) -> Any:
    """Answer the form on the page for *url* with *key*."""
    return person.post(url, answer(key, person.page, url, **otherwise))


def test_key_answers_the_second_step(protected: Person, key: SoftwareAuthenticator) -> None:
    protected.sign_in()
    protected.get(BY_PASSKEY)
    assert entered(use(protected, key))
    assert protected.is_signed_in()


def test_options_name_the_keys_of_the_person_alone(protected: Person, key: SoftwareAuthenticator) -> None:
    protected.sign_in()
    protected.get(BY_PASSKEY)
    options, _ = asked(protected.page, BY_PASSKEY)
    assert [each["transports"] for each in options["allowCredentials"]] == [["internal"]]
    assert options["userVerification"] == "preferred"
    assert options["rpId"] == "localhost"


def test_method_used_last_comes_first(protected: Person, key: SoftwareAuthenticator) -> None:
    protected.clock.advance(seconds=60)
    protected.sign_in()
    protected.get(BY_PASSKEY)
    use(protected, key)
    protected.sign_out()
    protected.sign_in()
    assert "data-passkey-options" in protected.page
    assert "Use the authenticator app instead" in protected.page
    assert "Use a recovery code instead" in protected.page
    protected.get(f"{VERIFY}?factor=code")
    protected.post(VERIFY, {"code": protected.next_code()})
    protected.sign_out()
    protected.clock.advance(seconds=60)
    protected.sign_in()
    assert "Authentication code" in protected.page
    assert "Use a passkey" in protected.page


def test_key_that_verifies_nobody_is_a_second_step(protected: Person, key: SoftwareAuthenticator) -> None:
    key.flags = UP
    protected.sign_in()
    protected.get(BY_PASSKEY)
    assert entered(use(protected, key))


def test_nobody_without_passkeys_is_offered_one(protected: Person) -> None:
    protected.sign_out()
    protected.sign_in()
    assert "passkey" not in protected.page


def test_last_used_is_shown_and_sign_in_is_named(protected: Person, key: SoftwareAuthenticator) -> None:
    protected.sign_in()
    protected.get(BY_PASSKEY)
    use(protected, key)
    assert "Signed in with a passkey" in protected.client.get("/account/activity").text


def test_browser_is_remembered_from_the_page_of_the_passkey(
    protected: Person, key: SoftwareAuthenticator
) -> None:
    protected.sign_in()
    assert 'name="remember_browser"' in protected.get(BY_PASSKEY).text
    filled = {**answer(key, protected.page, BY_PASSKEY), "remember_browser": "y"}
    assert entered(protected.post(BY_PASSKEY, filled))
    protected.sign_out()
    assert entered(protected.sign_in())


# Alone


def test_a_passkey_alone_remembers_nothing_and_needs_no_remembered_browser(
    protected: Person, key: SoftwareAuthenticator
) -> None:
    protected.get("/sign-in")
    assert "remember_browser" not in protected.page
    filled = {**answer(key, protected.page, ALONE), "remember_browser": "y"}
    assert entered(protected.post(ALONE, filled))
    assert protected.remembered_cookie() is None


def test_key_alone_signs_in(protected: Person, key: SoftwareAuthenticator) -> None:
    protected.get("/sign-in")
    options, _ = asked(protected.page, ALONE)
    assert (options["allowCredentials"], options["userVerification"]) == ([], "required")
    assert entered(use(protected, key, ALONE))
    assert protected.is_signed_in()


def test_next_page_is_kept(protected: Person, key: SoftwareAuthenticator) -> None:
    protected.get("/sign-in?next=/account/sessions")
    response = use(protected, key, ALONE)
    assert response.headers.get("HX-Redirect", response.headers.get("Location")) == "/account/sessions"


def test_address_of_another_site_is_not_followed(protected: Person, key: SoftwareAuthenticator) -> None:
    protected.get("/sign-in")
    fields = answer(key, protected.page, ALONE)
    assert entered(protected.post(ALONE, {**fields, "next": "https://evil.example/"}))


def test_key_alone_must_verify_its_user(protected: Person, key: SoftwareAuthenticator) -> None:
    key.flags = UP
    protected.get("/sign-in")
    response = use(protected, key, ALONE)
    assert response.status_code == 422
    assert "Your passkey did not check that it is you." in response.text
    assert not protected.is_signed_in()


def test_key_alone_answers_a_sign_in_that_waits(
    engine: Engine, protected: Person, key: SoftwareAuthenticator
) -> None:
    protected.sign_in()
    protected.get("/sign-in")
    assert entered(use(protected, key, ALONE))
    with engine.connect() as connection:
        waiting = connection.scalars(select(OutboxMail.message)).all()
    assert "sign_in_unfinished" not in waiting


def test_unknown_key_is_refused_and_signaled(protected: Person, key: SoftwareAuthenticator) -> None:
    stranger = SoftwareAuthenticator(ORIGIN)
    stranger.keys = [
        type(key.keys[0])(b"u" * 32, key.keys[0].private, key.keys[0].algorithm, "localhost", b"h", True)
    ]
    protected.get("/sign-in")
    response = use(protected, stranger, ALONE)
    assert response.status_code == 422
    assert "This passkey is not known here" in response.text
    assert "signalUnknownCredential" in response.text


def test_switched_off_nobody_signs_in_with_a_passkey_alone(
    config: dict[str, Any], protected: Person, key: SoftwareAuthenticator
) -> None:
    protected.get("/sign-in")
    fields = answer(key, protected.page, ALONE)
    settings = protected.app.extensions["mfa_settings"]
    object.__setattr__(settings, "passkey_sign_in", False)
    try:
        assert "passkey" not in protected.get("/sign-in").text.replace("username webauthn", "")
        protected.post(ALONE, fields)
        assert not protected.is_signed_in()
    finally:
        object.__setattr__(settings, "passkey_sign_in", True)


def test_refusal_of_a_plain_post_is_shown_by_the_page_it_leads_to(
    make_person: Callable[..., Person], protected: Person, key: SoftwareAuthenticator
) -> None:
    plain = make_person(htmx=False)
    navigates = {"Sec-Fetch-Mode": "navigate"}
    plain.get("/sign-in")
    response = plain.post(ALONE, {"passkey": "broken"}, headers=navigates)
    assert (response.status_code, response.headers["Location"]) == (303, ALONE)
    shown = plain.get(ALONE, headers=navigates)
    assert shown.status_code == 422
    assert "That took too long, or was sent twice." in shown.text
    asked(shown.text, ALONE)


# Counters


def test_counter_that_goes_back_is_refused_and_told(protected: Person, key: SoftwareAuthenticator) -> None:
    key.keys[0].count = 9
    protected.get("/sign-in")
    use(protected, key, ALONE)
    protected.sign_out()
    key.keys[0].count = 3
    protected.get("/sign-in")
    response = use(protected, key, ALONE)
    assert response.status_code == 422
    assert "This security key was refused" in response.text
    protected.inbox.wait_for("A security key of your Twostep account was refused", to=protected.email)
    protected.sign_in()
    protected.get(BY_PASSKEY)
    key.keys[0].count = 3
    assert use(protected, key).status_code == 422


def test_synced_passkey_without_a_counter_is_used_again_and_again(app: Flask, protected: Person) -> None:
    key = SoftwareAuthenticator(ORIGIN, flags=UP | UV | BE | BS, counts=False)
    passkeys.give(app, "1", key)
    for _ in range(2):
        protected.sign_out()
        protected.get("/sign-in")
        assert entered(use(protected, key, ALONE))


# Inside the account


def confirm(person: Person, url: str, key: SoftwareAuthenticator, **fields: str) -> Any:
    return person.post(url, {"factor": "passkey", **answer(key, person.page, url), **fields})


def test_key_confirms_where_a_factor_is_asked_for(
    make_person: Callable[..., Person], protected: Person, key: SoftwareAuthenticator
) -> None:
    protected.get("/sign-in")
    use(protected, key, ALONE)
    protected.prove_password("disable")
    assert "Passkey" in protected.page
    response = confirm(protected, f"{TWO_STEP}/disable/verify", key)
    assert "2-step verification is off." in protected.get(TWO_STEP).text or response.status_code in (200, 303)
    assert not protected.two_step_is_on()


def test_key_opens_a_move(protected: Person, key: SoftwareAuthenticator) -> None:
    protected.get("/sign-in")
    use(protected, key, ALONE)
    protected.prove_password("move")
    response = confirm(protected, f"{TWO_STEP}/move/verify", key)
    assert response.status_code in (200, 303)
    assert "otpauth://" in protected.get(f"{TWO_STEP}/enroll/scan").text


def test_key_confirms_a_new_address(protected: Person, key: SoftwareAuthenticator) -> None:
    protected.get("/sign-in")
    use(protected, key, ALONE)
    url = "/account/profile/email"
    protected.get(url)
    response = confirm(
        protected, url, key, email="mina.new@example.com", password="orange kettle drives north"
    )
    assert "Check your inbox" in response.text


def test_key_answers_the_check_up(protected: Person, key: SoftwareAuthenticator) -> None:
    protected.clock.advance(days=28)
    protected.get("/sign-in")
    use(protected, key, ALONE)
    assert "Can you still get in?" in protected.get(TWO_STEP).text
    text = confirm(protected, f"{TWO_STEP}/check-up", key).text
    assert "you can still get in." in text
    assert "Can you still get in?" not in protected.get(TWO_STEP).text


def test_nobody_without_an_app_is_offered_to_move_it(
    protected: Person, key: SoftwareAuthenticator, engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(delete(Authenticator).where(Authenticator.kind == APP))
    protected.sign_in()
    protected.get(f"{VERIFY}?factor=recovery")
    assert entered(protected.verify_recovery_code(protected.recovery_codes[0]))
    text = protected.get("/", headers={"HX-Request": ""}).text
    assert ">Reissue Recovery Code</a>" in text
    assert ">Move to a new phone</a>" not in text
    tab = protected.get(TWO_STEP).text
    assert "A recovery code was last used on" in tab
    assert "move to a new one" not in tab


def spent(engine: Engine) -> int:
    """Return how many challenges of passkeys are remembered as used."""
    with engine.connect() as connection:
        return len(connection.execute(select(Spent).where(Spent.purpose == "passkey")).all())


def test_confirming_by_a_key_without_end_has_to_wait(
    app: Flask, protected: Person, key: SoftwareAuthenticator, engine: Engine, clock: Clock
) -> None:
    """Each leaves a row, and the signatures of a program cost nothing. A wait is no wrong passkey."""
    url = f"{TWO_STEP}/confirm"
    protected.get("/sign-in")
    use(protected, key, ALONE)
    before = spent(engine)
    with app.app_context(), transaction():
        for _ in range(attempts.PASSKEYS.free - 1):
            attempts.count_success("account:1", attempts.PASSKEYS, clock())
    protected.get(url)
    assert "HX-Redirect" in confirm(protected, url, key).headers
    for _ in range(10):
        protected.get(url)
        response = confirm(protected, url, key)
        assert response.status_code == 429
        assert "You used a passkey too often. Try again in 30 seconds." in response.text
    assert spent(engine) == before + 1
    clock.advance(seconds=31)
    protected.get(url)
    assert "HX-Redirect" in confirm(protected, url, key).headers


def test_waiting_for_a_key_the_app_confirms_all_the_same(
    app: Flask, protected: Person, key: SoftwareAuthenticator, clock: Clock
) -> None:
    url = f"{TWO_STEP}/confirm"
    protected.get("/sign-in")
    use(protected, key, ALONE)
    with app.app_context(), transaction():
        for _ in range(attempts.PASSKEYS.free):
            attempts.count_success("account:1", attempts.PASSKEYS, clock())
    protected.get(url)
    typed = {"factor": "code", "code": protected.next_code()}
    assert "HX-Redirect" in protected.post(url, typed).headers


def test_used_challenge_is_forgotten_after_a_month(
    app: Flask, protected: Person, key: SoftwareAuthenticator, engine: Engine, clock: Clock
) -> None:
    protected.sign_in()
    protected.get(BY_PASSKEY)
    assert entered(use(protected, key))
    clock.advance(days=29)
    with app.app_context():
        list(tidying.tidy())
    assert spent(engine) == 1
    clock.advance(days=2)
    with app.app_context():
        assert sum(tidying.tidy())
    assert spent(engine) == 0


def test_codes_reissued_after_a_key_was_used_open_everything(
    protected: Person, key: SoftwareAuthenticator
) -> None:
    protected.clock.advance(minutes=20)
    protected.get("/sign-in")
    use(protected, key, ALONE)
    assert "open sign-in only" not in protected.prove_password("reissue").text


def test_choice_without_a_browsers_answer_says_what_it_takes(
    protected: Person, key: SoftwareAuthenticator
) -> None:
    protected.get("/sign-in")
    use(protected, key, ALONE)
    protected.prove_password("disable")
    response = protected.post(f"{TWO_STEP}/disable/verify", {"factor": "passkey"})
    assert response.status_code == 422
    assert "This takes JavaScript, and a browser that has passkeys." in response.text
