"""Attacks on a mounted second step, over the routes of the host and ours."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask_login
import pytest
from flask import Response, session
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import delete

from mfa import FlaskLoginAccounts, Person, SetUpWrong, clock
from mfa.accounts import accounts
from mfa.attempts import rules as attempts
from mfa.database import Model
from mfa.enrollment import rules
from mfa.enrollment.pending import Pending
from mfa.enrollment.purposes import Purpose
from mfa.here import Here
from mfa.people import rules as people
from mfa.ring import ring
from mfa.sign_in.browser import TOKEN_KEY
from mfa.web import devices, visitor as visitors
from tests.mounted.hosts import FORM, PASSWORD, Protected, Shop, Visitor, shops
from tests.support.clock import Clock

MINA, LEO = "mina@example.com", "leo@example.com"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@pytest.fixture
def make_shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    yield from shops(tmp_path)


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    return make_shop()


@pytest.fixture
def minas_id(shop: Shop) -> int:
    return shop.add()


@pytest.fixture
def held(shop: Shop, minas_id: int) -> Protected:
    return shop.protect(minas_id)


# Half signed in


def test_half_signed_in_reach_nothing_of_the_host(shop: Shop, held: Protected) -> None:
    visitor = shop.visitor()
    assert visitor.type_password().location.endswith("/account/two-step/verify")
    for path in ("/", "/data"):
        assert visitor.get(path).status_code in (302, 401)
    assert visitor.post("/order").status_code in (302, 401)
    assert visitor.get("/open").text == "a guest"


@pytest.mark.parametrize(
    "path", ["", "/enroll", "/enroll/email", "/enroll/recovery", "/reissue", "/disable", "/move", "/confirm"]
)
def test_half_signed_in_reach_nothing_of_the_account(shop: Shop, held: Protected, path: str) -> None:
    visitor = shop.visitor()
    visitor.type_password()
    token = visitor.token()
    answer = visitor.get(f"/account/two-step{path}")
    assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/login")
    answer = visitor.post(f"/account/two-step{path}", {"csrf_token": token, "password": PASSWORD})
    assert answer.status_code in (303, 405)
    assert not visitor.is_in


def test_host_remembers_nobody_before_the_code(shop: Shop, held: Protected) -> None:
    visitor = shop.visitor()
    visitor.type_password(data={"remember": "yes"})
    assert visitor.kept("remember_token") is None
    visitor.type_code(held.code)
    assert visitor.kept("remember_token")


# Tokens and cookies


def test_answered_challenge_cannot_be_replayed(shop: Shop, held: Protected, clock: Clock) -> None:
    visitor = shop.visitor()
    visitor.type_password()
    half = visitor.kept()
    visitor.type_code(held.code)
    thief = shop.visitor()
    thief.put_back(half)
    clock.advance(seconds=60)
    assert thief.get("/account/two-step/verify").status_code == 303
    thief.post("/account/two-step/verify", {"code": held.code})
    assert not thief.is_in


def test_cookie_from_before_the_password_is_worth_nothing(shop: Shop, held: Protected) -> None:
    visitor = shop.visitor()
    visitor.get("/login")
    before = visitor.kept()
    visitor.sign_in(held.code)
    visitor.put_back(before)
    assert not visitor.is_in


def test_canceled_challenge_is_over_in_every_copy(shop: Shop, held: Protected) -> None:
    visitor = shop.visitor()
    visitor.type_password()
    half = visitor.kept()
    with visitor.client.session_transaction(base_url="http://shop.example") as kept:
        token = kept[TOKEN_KEY]
    with shop.app.test_request_context("/"):
        session[TOKEN_KEY] = token
        shop.two_step.cancel_sign_in()
    visitor.put_back(half)
    assert visitor.get("/account/two-step/verify").status_code == 303


def test_challenge_is_over_after_ten_minutes(shop: Shop, held: Protected, clock: Clock) -> None:
    visitor = shop.visitor()
    visitor.type_password()
    token = visitor.token()
    clock.advance(minutes=10, seconds=1)
    visitor.post("/account/two-step/verify", {"code": held.code, "csrf_token": token})
    assert not visitor.is_in


def test_token_is_good_in_the_signed_session_alone(shop: Shop, held: Protected) -> None:
    visitor = shop.visitor()
    visitor.type_password()
    with visitor.client.session_transaction(base_url="http://shop.example") as kept:
        token = kept[TOKEN_KEY]
    thief = shop.visitor()
    path = f"/account/two-step/verify?{TOKEN_KEY}={token}"
    thief.client.set_cookie(TOKEN_KEY, token, domain="shop.example")
    assert thief.get(path).status_code == 303
    assert thief.post(path, {TOKEN_KEY: token, "code": held.code}).status_code in (303, 400)
    assert not thief.is_in


def test_challenge_of_another_host_is_none_here(make_shop: Callable[..., Shop]) -> None:
    here, there = make_shop(), make_shop()
    for one in (here, there):
        one.add()
    held = here.protect(1)
    there.protect(1)
    visitor = there.visitor()
    visitor.type_password()
    thief = here.visitor()
    thief.put_back(visitor.kept())
    assert thief.get("/account/two-step/verify").status_code == 303
    thief.post("/account/two-step/verify", {"code": held.code})
    assert not thief.is_in


# One code


def race(posts: list[Callable[[], object]]) -> None:
    """Do all of them at once."""
    gate = threading.Barrier(len(posts), timeout=30)

    def run(post: Callable[[], object]) -> None:
        gate.wait()
        post()

    threads = [threading.Thread(target=run, args=[post]) for post in posts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_race_of_one_code_in_one_challenge_has_one_winner(shop: Shop, held: Protected) -> None:
    first = shop.visitor()
    first.type_password()
    token = first.token()
    visitors = [shop.visitor() for _ in range(16)]
    for visitor in visitors:
        visitor.put_back(first.kept())
    answers: list[int] = []
    code = held.code

    def post(visitor: Visitor) -> Callable[[], object]:
        return lambda: answers.append(
            visitor.post("/account/two-step/verify", {"code": code, "csrf_token": token}).status_code
        )

    race([post(visitor) for visitor in visitors])
    assert sum(visitor.is_in for visitor in visitors) == 1
    assert not [status for status in answers if status >= 500]


def test_race_of_one_code_in_many_challenges_has_one_winner(shop: Shop, held: Protected) -> None:
    visitors = [shop.visitor() for _ in range(4)]
    tokens = []
    for visitor in visitors:
        visitor.type_password()
        tokens.append(visitor.token())
    code = held.code

    def post(visitor: Visitor, token: str) -> Callable[[], object]:
        return lambda: visitor.post("/account/two-step/verify", {"code": code, "csrf_token": token})

    race([post(*each) for each in zip(visitors, tokens, strict=True)])
    assert sum(visitor.is_in for visitor in visitors) == 1


def test_code_is_good_for_one_of_two_challenges(shop: Shop, held: Protected) -> None:
    one, two = shop.visitor(), shop.visitor()
    for visitor in (one, two):
        visitor.type_password()
    one.type_code(held.code)
    assert one.is_in
    answer = two.type_code(held.code)
    assert "was used already" in answer.text
    assert not two.is_in


def test_password_typed_again_does_not_begin_to_count_again(shop: Shop, held: Protected) -> None:
    visitor = shop.visitor()
    for _ in range(6):
        visitor.type_password()
        visitor.type_code("000000")
    visitor.type_password()
    answer = visitor.type_code(held.code)
    assert answer.status_code == 429
    assert not visitor.is_in


# Changes in between


def test_password_changed_by_the_host_ends_the_challenge(shop: Shop, held: Protected, minas_id: int) -> None:
    visitor = shop.visitor()
    visitor.type_password()
    token = visitor.token()
    shop.change(minas_id, password="quiet lamp over seven")
    visitor.post("/account/two-step/verify", {"code": held.code, "csrf_token": token})
    assert not visitor.is_in


@pytest.mark.parametrize("call", ["account_changed", "forget_devices"])
def test_host_that_tells_of_a_change_ends_the_challenge(
    shop: Shop, held: Protected, minas_id: int, call: str
) -> None:
    visitor = shop.visitor()
    visitor.type_password()
    token = visitor.token()
    with shop.app.app_context():
        getattr(shop.two_step, call)(shop.person(minas_id))
    visitor.post("/account/two-step/verify", {"code": held.code, "csrf_token": token})
    assert not visitor.is_in


def test_second_step_reset_in_between_ends_the_challenge(shop: Shop, held: Protected, minas_id: int) -> None:
    visitor = shop.visitor()
    visitor.type_password()
    token = visitor.token()
    with shop.app.app_context():
        shop.two_step.reset(shop.person(minas_id), "op", "lost")
    visitor.post("/account/two-step/verify", {"code": held.code, "csrf_token": token})
    assert not visitor.is_in
    # The password alone opens the account now, typed again.
    visitor.type_password()
    assert visitor.is_in


def test_second_step_replaced_in_between_takes_no_old_code(
    shop: Shop, held: Protected, minas_id: int
) -> None:
    visitor = shop.visitor()
    visitor.type_password()
    token = visitor.token()
    with shop.app.app_context():
        shop.two_step.reset(shop.person(minas_id), "op", "lost")
    held_now = shop.protect(minas_id)
    for code in (held.code, held_now.code):
        visitor.post("/account/two-step/verify", {"code": code, "csrf_token": token})
    assert not visitor.is_in


def test_user_disabled_in_between_does_not_get_in(shop: Shop, held: Protected, minas_id: int) -> None:
    visitor = shop.visitor()
    visitor.type_password()
    token = visitor.token()
    shop.change(minas_id, active=False)
    visitor.post("/account/two-step/verify", {"code": held.code, "csrf_token": token})
    shop.change(minas_id, active=True)
    assert not visitor.is_in


def test_disabled_user_gets_no_session_by_the_password(shop: Shop, minas_id: int) -> None:
    shop.change(minas_id, active=False)
    visitor = shop.visitor()
    assert visitor.type_password().location == "/login"
    assert visitor.kept("two-step-device") is None


def test_user_deleted_in_between_does_not_get_in(shop: Shop, held: Protected, minas_id: int) -> None:
    visitor = shop.visitor()
    visitor.type_password()
    token = visitor.token()
    with shop.app.app_context():
        shop.db.session.execute(delete(shop.User))
        shop.db.session.commit()
    answer = visitor.post("/account/two-step/verify", {"code": held.code, "csrf_token": token})
    assert answer.location == "/login"


def test_deleted_user_leaves_nothing_to_the_next_of_that_id(
    shop: Shop, held: Protected, minas_id: int
) -> None:
    with shop.app.app_context():
        user = shop.person(minas_id)
        shop.two_step.forget(user, session=shop.db.session)
        shop.db.session.delete(user)
        shop.db.session.commit()
    assert shop.add(LEO) == minas_id
    visitor = shop.visitor()
    visitor.type_password(LEO)
    assert visitor.is_in


def test_deleted_user_leaves_an_id_with_counts_and_the_mails_that_wait(
    shop: Shop, held: Protected, minas_id: int
) -> None:
    visitor = shop.visitor()
    visitor.type_password()
    visitor.type_code("000000")
    with shop.app.app_context():
        before = rows_of(shop, minas_id)
        assert {
            "mfa_second_steps",
            "mfa_authenticators",
            "mfa_recovery_codes",
            "mfa_activity",
            "mfa_challenges",
        } < before.keys()
        assert rows(shop, "mfa_throttles") != []
        people.tell_required(str(minas_id), None, clock.now())
        shop.two_step.forget(shop.person(minas_id))
        assert rows_of(shop, minas_id).keys() == {"mfa_people", "mfa_outbox"}
        (stays,) = rows_of(shop, minas_id)["mfa_people"]
        assert {name for name, value in stays.items() if value is not None} == {
            "person_id",
            "generation",
            "device_epoch",
        }
        assert rows(shop, "mfa_throttles") == []


def rows(shop: Shop, table: str) -> list[dict[str, Any]]:
    """Return what another connection reads."""
    with shop.db.engine.connect() as connection:
        return [dict(row) for row in connection.execute(Model.metadata.tables[table].select()).mappings()]


def rows_of(shop: Shop, who: int) -> dict[str, list[dict[str, Any]]]:
    """Return the rows with the id of a person, by table."""
    found = {
        name: [row for row in rows(shop, name) if row["person_id"] == str(who)]
        for name, table in Model.metadata.tables.items()
        if "person_id" in table.columns
    }
    return {name: each for name, each in found.items() if each}


# Two people


def test_challenge_finished_in_anothers_session_changes_the_person(shop: Shop, held: Protected) -> None:
    shop.add(LEO)
    visitor = shop.visitor()
    visitor.type_password(LEO)
    visitor.type_password(MINA)
    assert visitor.get("/").text == f"Hello, {LEO}"
    visitor.type_code(held.code)
    assert visitor.get("/").text == f"Hello, {MINA}"


def test_proof_of_one_is_none_of_another(shop: Shop, held: Protected) -> None:
    shop.add(LEO)
    visitor = shop.visitor()
    visitor.type_password(LEO)
    with visitor.client.session_transaction(base_url="http://shop.example") as kept:
        assert kept["two_step_proved"][0] == "2"
    visitor.type_password(MINA)
    visitor.type_code(held.code)
    with visitor.client.session_transaction(base_url="http://shop.example") as kept:
        assert kept["two_step_proved"][0] == kept["two_step_verified"][0] == "1"


def test_code_of_one_does_not_open_another(shop: Shop, held: Protected) -> None:
    shop.add(LEO)
    other = shop.protect(2)
    visitor = shop.visitor()
    visitor.type_password(MINA)
    visitor.type_code(other.code)
    assert not visitor.is_in


def test_owner_is_who_is_signed_in_at_that_moment(shop: Shop, held: Protected) -> None:
    """A host may sign somebody else in while it answers one request."""
    shop.add(LEO)
    with shop.app.test_request_context():
        for user_id, generation in ((1, 1), (2, 0), (1, 1)):
            flask_login.login_user(shop.person(user_id))
            owner = visitors.owner()
            assert (owner.id, owner.generation) == (str(user_id), generation)


def test_owner_is_asked_for_in_each_request_of_one_context(shop: Shop, minas_id: int) -> None:
    """A host's tests may open one application context around many requests."""
    with shop.app.app_context():
        mina = shop.visitor()
        mina.type_password()
        start = f"{mina.prefix}/enroll"
        mina.post(start, {"csrf_token": mina.token(mina.prefix)})
        assert "Step 1 of 4" in mina.get(f"{start}/email").text
        shop.two_step.account_changed(shop.person(minas_id))
        assert "Your account was changed" in mina.get(f"{start}/email").text


def test_device_is_that_of_each_request_of_one_context(shop: Shop) -> None:
    with shop.app.app_context():
        for agent, name in ((CHROME, "Chrome on Windows"), (FIREFOX, "Firefox on Linux")):
            with shop.app.test_request_context(headers={"User-Agent": agent}):
                assert devices.device().name == name


def test_device_is_known_by_the_cookie_of_each_request_of_one_context(shop: Shop, held: Protected) -> None:
    first, second = shop.visitor(), shop.visitor()
    first.sign_in(held.code)
    with shop.app.app_context():
        for browser, is_known in ((first, True), (second, False)):
            cookie = browser.kept("two-step-device")
            with shop.app.test_request_context(headers={"Cookie": f"two-step-device={cookie or ''}"}):
                assert devices.is_known(lambda: "1") is is_known


def test_adapter_that_returns_somebody_else_is_told(make_shop: Callable[..., Shop]) -> None:
    class Wrong(FlaskLoginAccounts):
        def get(self, person_id: str) -> Person | None:  # noqa: ARG002
            return Person("2", LEO)

    shop = make_shop(
        settings={"TESTING": True},
        make_accounts=lambda shop: Wrong(shop.db, shop.User, check_password=lambda *_: True),
    )
    shop.add()
    shop.protect(1)
    visitor = shop.visitor()
    visitor.type_password()
    with pytest.raises(SetUpWrong, match=r"get\('1'\) returned the person '2'"):
        visitor.get("/account/two-step/verify")


def test_log_in_that_raises_locks_nobody_out(
    shop: Shop, held: Protected, monkeypatch: Any, clock: Clock
) -> None:
    def fail(*_: Any, **__: Any) -> Response:
        raise ValueError("a bug of the host")

    visitor = shop.visitor()
    visitor.type_password()
    with monkeypatch.context() as broken:
        broken.setattr(shop.accounts, "log_in", fail)
        assert visitor.type_code(held.code).status_code == 500
    assert not visitor.is_in
    # The code and the challenge are used up; the next code opens.
    clock.advance(seconds=30)
    visitor.sign_in(held.code)
    assert visitor.is_in


# Where people are led


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "\t//evil.example",
        " //evil.example",
        "/%0d%0aSet-Cookie: a=b\r\n",
        "http:/evil.example",
        "///evil.example",
        "evil.example",
        "/" + "a" * 600,
    ],
)
@pytest.mark.parametrize("is_on", [False, True])
def test_next_leads_nowhere_else(shop: Shop, minas_id: int, target: str, is_on: bool) -> None:
    held = shop.protect(minas_id) if is_on else None
    visitor = shop.visitor()
    answer = visitor.client.post(
        "/login", data={"email": MINA, "password": PASSWORD}, query_string={"next": target}
    )
    if held:
        answer = visitor.type_code(held.code)
    assert answer.location == "/"


def test_next_is_kept_past_the_challenge(shop: Shop, held: Protected) -> None:
    visitor = shop.visitor()
    visitor.post("/login?next=/data%3Fa=1", {"email": MINA, "password": PASSWORD})
    assert visitor.type_code(held.code).location == "/data?a=1"


# Cross-site


POSTS = [
    "/verify",
    "/verify/confirm",
    "/enroll",
    "/enroll/password",
    "/enroll/email/send",
    "/enroll/email",
    "/enroll/scan",
    "/enroll/code",
    "/enroll/recovery",
    "/enroll/cancel",
    "/reissue",
    "/reissue/recovery-codes",
    "/disable",
    "/disable/verify",
    "/move",
    "/move/verify",
    "/confirm",
]


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("origin", ["cross-site", "same-site"])
def test_post_of_another_site_is_refused(shop: Shop, minas_id: int, path: str, origin: str) -> None:
    visitor = shop.visitor()
    visitor.type_password()
    before = visitor.kept()
    answer = visitor.post(f"/account/two-step{path}", {}, headers={"Sec-Fetch-Site": origin})
    assert answer.status_code == 403
    assert visitor.kept() == before


@pytest.mark.parametrize("path", POSTS)
def test_post_without_token_is_refused(shop: Shop, minas_id: int, path: str) -> None:
    # By plain HTTP no browser says where a request comes from.
    visitor = shop.visitor()
    visitor.type_password()
    visitor.get("/account/two-step/enroll/password")
    before = visitor.kept()
    answer = visitor.post(f"/account/two-step{path}", {}, headers={})
    # Past the sign-in, its forms lead on.
    expected = (303, "/") if path in ("/verify", "/verify/confirm") else (400, None)
    assert (answer.status_code, answer.location) == expected
    assert visitor.kept() == before


@pytest.mark.parametrize("settings", [{}, {"WTF_CSRF_FIELD_NAME": "shop_token"}, {"WTF_CSRF_ENABLED": False}])
@pytest.mark.parametrize("has_protection", [False, True])
def test_form_works_in_a_host_with_its_own_protection(
    make_shop: Callable[..., Shop], settings: dict[str, Any], has_protection: bool
) -> None:
    shop = make_shop(settings=settings)
    if has_protection:
        CSRFProtect(shop.app).exempt(shop.app.view_functions["login"])
    shop.add()
    held = shop.protect(1)
    visitor = shop.visitor()
    visitor.type_password()
    page = visitor.get("/account/two-step/verify")
    name = settings.get("WTF_CSRF_FIELD_NAME", "csrf_token")
    token = page.text.partition(f'name="{name}"')[2].partition('value="')[2].partition('"')[0]
    data = {"code": held.code, **({name: token} if token else {})}
    if settings.get("WTF_CSRF_ENABLED", True):
        answer = visitor.post("/account/two-step/verify", {"code": held.code})
        assert answer.location == "/account/two-step/verify"
        assert not visitor.is_in
    visitor.post("/account/two-step/verify", data)
    assert visitor.is_in


def test_token_is_asked_for_in_a_host_that_answers_errors_itself(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(given={"stands_alone": False})
    shop.add()
    held = shop.protect(1)
    visitor = shop.visitor()
    visitor.type_password()
    token = visitor.token()
    assert visitor.post("/account/two-step/verify", {"code": held.code}).status_code == 400
    assert not visitor.is_in
    visitor.post("/account/two-step/verify", {"code": held.code, "csrf_token": token})
    assert visitor.is_in


def test_json_is_not_read(shop: Shop, held: Protected) -> None:
    visitor = shop.visitor()
    visitor.type_password()
    answer = visitor.client.post("/account/two-step/verify", json={"code": held.code}, headers=FORM)
    assert answer.status_code == 415
    assert not visitor.is_in


# Forgotten


def test_what_was_begun_before_a_person_is_forgotten_ends(shop: Shop, minas_id: int) -> None:
    with shop.app.app_context():
        owner, now = people.owner(accounts().identify(shop.person(minas_id))), clock.now()
        begun = Pending.start(
            Purpose.ACTIVATE, person=owner.id, session="", mark=owner.mark(), ring=ring(), now=now
        )
        begun = begun.with_email_verified().with_scanned().with_code(1)
        shop.two_step.forget(shop.person(minas_id))
        with pytest.raises(people.Changed):
            rules.complete(owner, begun, saved=True, here=Here(now))
        assert not shop.two_step.is_on(shop.person(minas_id))


def test_who_is_forgotten_takes_nobodys_counts_along(shop: Shop) -> None:
    """A text id may hold what a pattern of SQL takes for any letter."""
    with shop.app.app_context():
        other = attempts.account_subject("minaxpark", "d" * 22)
        attempts.count(other, attempts.PASSWORD, clock.now())
        own = attempts.account_subject("mina_park", "d" * 22)
        attempts.count(own, attempts.PASSWORD, clock.now())
        shop.two_step.forget(Person("mina_park", "mina@example.com"))
        assert attempts.counted(other, attempts.PASSWORD) == 1
        assert attempts.counted(own, attempts.PASSWORD) == 0
