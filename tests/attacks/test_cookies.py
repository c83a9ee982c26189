"""The session cookie: what can be read in it, and what an old copy brings back."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.support.clock import Clock
from tests.support.cookies import read_cookie
from tests.support.database import dump
from tests.support.person import Person, entered
from tests.support.smtp import Inbox


class Watched(Person):
    """Somebody whose every cookie is written down."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.cookies: list[str] = []
        super().__init__(*args, **options)

    def _keep(self, response: Any) -> Any:
        self.cookies.append(self.cookie())
        return super()._keep(response)


@pytest.fixture
def watched(mina: Person, inbox: Inbox, clock: Clock) -> Watched:
    person = Watched(mina.app, inbox, clock)
    person.sign_in()
    return person


def test_no_cookie_of_a_whole_journey_holds_a_secret(watched: Watched, inbox: Inbox) -> None:
    watched.begin()
    watched.post("/account/two-step/enroll/email/send", follow_redirects=True)
    number = inbox.wait_for("authentication number").number
    watched.post("/account/two-step/enroll/email", {"number": number})
    watched.scan().enter_code().complete()
    assert watched.app_on_phone
    secrets = [number, watched.app_on_phone.secret, *watched.recovery_codes]
    secrets += [code.replace("-", "") for code in watched.recovery_codes]
    for cookie in watched.cookies:
        said = repr(read_cookie(cookie)) if cookie else ""
        assert not [secret for secret in secrets if secret in said or secret in cookie]


def test_the_enrollment_in_the_cookie_is_an_id_times_and_flags(watched: Watched) -> None:
    watched.begin().verify_email().scan().enter_code()
    kept = read_cookie(watched.cookie())["two_step_pending"]
    assert set(kept) == {
        "id", "person", "session", "mark", "key", "started", "purpose",
        "sending", "sent", "email_verified", "verified", "scanned", "code_step",
        "method", "target", "passkey", "name",
    }  # fmt: skip
    assert (kept["target"], kept["passkey"], kept["name"]) == (None, None, "")


def test_no_cookie_of_a_move_holds_a_secret(watched: Watched) -> None:
    watched.activate().move()
    assert watched.app_on_phone
    secrets = [watched.app_on_phone.secret, *watched.recovery_codes]
    secrets += [code.replace("-", "") for code in watched.recovery_codes]
    for cookie in watched.cookies:
        said = repr(read_cookie(cookie)) if cookie else ""
        assert not [secret for secret in secrets if secret in said or secret in cookie]


def test_no_earlier_cookie_is_worth_anything_after_a_move(watched: Watched) -> None:
    watched.activate().move()
    for cookie in set(watched.cookies) - {watched.cookie()}:
        thief = Person(watched.app, watched.inbox, watched.clock)
        thief.put_cookie(cookie)
        assert not thief.is_signed_in()


def test_the_cookie_stays_under_four_kilobytes_at_every_step(watched: Watched) -> None:
    watched.activate().move()
    watched.prove_password("reissue")
    watched.post("/account/two-step/reissue/recovery-codes", {"saved": "y"})
    assert max(len(cookie) for cookie in watched.cookies) < 2048


def test_no_earlier_cookie_is_worth_anything_after_complete(watched: Watched, engine: Engine) -> None:
    watched.activate()
    kept = dump(engine, without={"sessions.seen_at", "mfa_outbox"})
    earlier = set(watched.cookies) - {watched.cookie()}
    assert len(earlier) > 5
    for cookie in earlier:
        thief = Person(watched.app, watched.inbox, watched.clock)
        thief.put_cookie(cookie)
        assert not thief.is_signed_in()
    assert dump(engine, without={"sessions.seen_at", "mfa_outbox"}) == kept


def test_a_rewound_cookie_does_not_give_the_guesses_back(protected: Person) -> None:
    protected.sign_out()
    protected.sign_in()
    cookie, page = protected.cookie(), protected.page
    for _ in range(5):
        protected.put_cookie(cookie)
        protected.page = page
        protected.verify("000000")
    protected.put_cookie(cookie)
    protected.page = page
    assert protected.verify(protected.code(seconds=30)).status_code == 429


def test_a_new_half_session_does_not_give_the_guesses_back(
    protected: Person, make_person: Callable[..., Person]
) -> None:
    for _ in range(5):
        thief = make_person()
        thief.sign_in()
        thief.verify("000000")
    thief = make_person()
    thief.sign_in()
    assert thief.verify(protected.code(seconds=30)).status_code == 429


@pytest.mark.parametrize("position", [0, 5, 40, -30, -2])
def test_a_changed_cookie_is_no_cookie(mina: Person, position: int) -> None:
    cookie = mina.cookie()
    letter = "A" if cookie[position] != "A" else "B"
    changed = cookie[:position] + letter + cookie[position:][1:]
    mina.put_cookie(changed)
    assert not mina.is_signed_in()


def test_an_enrollment_of_one_account_is_none_of_another(
    mina: Person, make_person: Callable[..., Person], engine: Engine
) -> None:
    """Even if an attacker could move an enrollment from his session's cookie into another's."""
    mina.begin().verify_email().scan().enter_code()
    other = make_person().sign_up("other@example.com")
    with other.client.session_transaction() as session:
        session["two_step_pending"] = read_cookie(mina.cookie())["two_step_pending"]
    assert other.get("/account/two-step/enroll/recovery").status_code == 409


@pytest.mark.parametrize(
    "kept",
    [None, [], "x", 5, {}, {"id": "x"}, {"id": 1, "account": "a"}],
)
def test_a_cookie_of_another_version_is_no_error(mina: Person, kept: Any) -> None:
    with mina.client.session_transaction() as session:
        session["two_step_pending"] = kept
    assert mina.get("/account/two-step/enroll").status_code == 409
    assert mina.get("/account/two-step/disable/verify").status_code == 409


@pytest.mark.parametrize(
    "change",
    [
        {"started": None},
        {"started": "now"},
        {"account": [1]},
        {"purpose": "sell"},
        {"purpose": []},
        {"key": "deadbeef"},
        {"key": "deadbeef", "email_verified": True, "scanned": True},
        {"key": "deadbeef", "email_verified": True, "scanned": True, "code_step": 1},
        {"email_verified": True, "scanned": True, "code_step": "one"},
    ],
)
def test_an_enrollment_of_another_release_or_a_lost_key_has_ended(
    mina: Person, change: dict[str, Any]
) -> None:
    mina.begin()
    with mina.client.session_transaction() as session:
        session["two_step_pending"] = {**session["two_step_pending"], **change}
    assert mina.get("/account/two-step").status_code == 200
    for step in ("", "/email", "/scan", "/code", "/recovery", "/recovery-codes.txt"):
        assert mina.get(f"/account/two-step/enroll{step}").status_code == 409


def test_a_cookie_of_a_server_whose_clock_is_ahead_by_seconds_is_taken(mina: Person, clock: Clock) -> None:
    clock.advance(seconds=-3)
    assert mina.is_signed_in()


def test_a_cookie_from_the_future_is_no_cookie(mina: Person, clock: Clock) -> None:
    clock.advance(minutes=-5)
    assert not mina.is_signed_in()


def test_a_session_id_is_new_after_each_rise(mina: Person) -> None:
    tokens = [read_cookie(mina.cookie())["_user_id"]]
    mina.activate()
    tokens.append(read_cookie(mina.cookie())["_user_id"])
    mina.prove_password("disable")
    tokens.append(read_cookie(mina.cookie())["_user_id"])
    mina.disable(code=mina.next_code())
    tokens.append(read_cookie(mina.cookie())["_user_id"])
    assert all(one != other for one, other in itertools.combinations(tokens, 2))


def test_the_database_keeps_no_token_of_a_session(mina: Person, engine: Engine) -> None:
    assert read_cookie(mina.cookie())["_user_id"] not in dump(engine)


def test_the_cookie_is_closed_to_scripts_and_other_sites(mina: Person) -> None:
    kept = mina.client.get_cookie("twostep-session", domain="127.0.0.1")
    assert kept
    assert kept.http_only
    assert kept.same_site == "Lax"


def test_what_signed_in_once_does_not_after_sign_out(protected: Person) -> None:
    cookie = protected.cookie()
    protected.sign_out()
    protected.put_cookie(cookie)
    assert not protected.is_signed_in()
    protected.sign_in()
    assert entered(protected.verify(protected.next_code()))
