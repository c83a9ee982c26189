"""What a host asks beyond the sign-in: the guard, a second step that is on, and one shown just now."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import flask_login
import pytest

from tests.mounted.hosts import PASSWORD, Protected, Shop, Visitor, shops
from tests.support.clock import Clock

MINA, LEO = "mina@example.com", "leo@example.com"
TAB, VERIFY, CONFIRM = "/account/two-step", "/account/two-step/verify", "/account/two-step/confirm"


@pytest.fixture
def make_shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    for make in shops(tmp_path):
        yield functools.partial(_with_views, make)


def _with_views(make: Callable[..., Shop], **more: Any) -> Shop:
    shop = make(**more)

    @shop.app.post("/other-login")
    def other() -> str:
        """Sign in past the extension, as by a view that was forgotten."""
        flask_login.login_user(shop.person(1))
        return ""

    @shop.app.get("/ecstatic")
    def ecstatic() -> str:
        return "joy"

    @shop.app.route("/risky", methods=["GET", "POST"])
    @shop.two_step.verified(timedelta(minutes=5))
    def risky() -> str:
        return "done"

    @shop.app.route("/special", methods=["GET", "POST"])
    @shop.two_step.protected
    def special() -> str:
        return "special"

    return shop


@pytest.fixture
def watched_shop(make_shop: Callable[..., Shop]) -> Shop:
    shop = make_shop()
    shop.two_step.guard(shop.app, exempt=("logout",))
    shop.add()
    return shop


@pytest.fixture
def held(watched_shop: Shop) -> Protected:
    return watched_shop.protect(1)


# The guard


def test_login_that_passes_the_extension_by_is_asked_for_the_code(
    watched_shop: Shop, held: Protected
) -> None:
    visitor = watched_shop.visitor()
    visitor.post("/other-login")
    assert visitor.get("/data").location == VERIFY
    assert visitor.get("/open").text == "a guest"
    assert visitor.type_code(held.code).location == "/data"
    assert visitor.is_in


def test_remembered_login_is_asked_for_the_code(watched_shop: Shop, held: Protected, clock: Clock) -> None:
    visitor = watched_shop.visitor()
    visitor.type_password(data={"remember": "yes"})
    visitor.type_code(held.code)
    assert visitor.is_in
    visitor.put_back(None)
    clock.advance(minutes=1)
    assert visitor.get("/data").location == VERIFY
    visitor.type_code(held.code)
    assert visitor.is_in


def test_session_from_before_it_was_on_is_asked_for_the_code(watched_shop: Shop) -> None:
    visitor = watched_shop.visitor()
    visitor.type_password()
    assert visitor.is_in
    held = watched_shop.protect(1)
    assert visitor.get("/data").location == VERIFY
    visitor.type_code(held.code)
    assert visitor.is_in


def test_password_shown_while_it_was_off_does_not_pass_the_guard(watched_shop: Shop) -> None:
    visitor = watched_shop.visitor()
    visitor.type_password()
    token = visitor.token(CONFIRM)
    visitor.post(CONFIRM, {"password": PASSWORD, "csrf_token": token})
    watched_shop.protect(1)
    assert visitor.get("/data").location == VERIFY


def test_second_step_of_before_does_not_pass_for_a_new_one(
    watched_shop: Shop, held: Protected, clock: Clock
) -> None:
    visitor = watched_shop.visitor()
    visitor.sign_in(held.code)
    with watched_shop.app.app_context():
        watched_shop.two_step.reset(watched_shop.person(1), "op", "lost")
    clock.advance(minutes=1)
    watched_shop.protect(1)
    assert visitor.get("/data").location == VERIFY


def test_what_was_shown_is_forgotten_at_the_sign_out(watched_shop: Shop, held: Protected) -> None:
    visitor = watched_shop.visitor()
    visitor.sign_in(held.code)
    visitor.post("/logout")
    visitor.get("/login")
    visitor.post("/other-login")
    assert visitor.get("/data").location == VERIFY


@pytest.mark.parametrize("more", [{"json": {}}, {"headers": {"Accept": "application/json"}}])
def test_guard_tells_data_where_the_code_is_asked_for(
    watched_shop: Shop, held: Protected, more: dict[str, Any]
) -> None:
    visitor = watched_shop.visitor()
    visitor.post("/other-login")
    answer = visitor.client.open("/data", **more)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "TwoStep")
    assert answer.json == {"error": "verification_required", "location": VERIFY}
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ordered" not in visitor.client.post("/order", **more).text


@pytest.mark.parametrize("more", [{"json": {}}, {"headers": {"Accept": "application/json"}}])
def test_step_up_tells_data_where_to_confirm(
    make_shop: Callable[..., Shop], clock: Clock, more: dict[str, Any]
) -> None:
    shop = make_shop()
    shop.add()
    visitor = shop.visitor()
    visitor.type_password()
    clock.advance(hours=1)
    answer = visitor.client.get("/risky", **more)
    assert answer.status_code == 401
    assert answer.json == {"error": "verification_required", "location": f"{CONFIRM}?next=/risky"}


def test_form_is_not_executed_by_who_must_show_the_code(watched_shop: Shop, held: Protected) -> None:
    visitor = watched_shop.visitor()
    visitor.post("/other-login")
    answer = visitor.post("/order", headers={"Referer": "http://shop.example/data?a=1"})
    assert (answer.status_code, answer.location) == (303, VERIFY)
    assert visitor.type_code(held.code).location == "/data"


def test_static_files_and_what_is_exempt_stay_open(watched_shop: Shop, held: Protected) -> None:
    (Path(watched_shop.app.root_path) / "static").is_dir()
    visitor = watched_shop.visitor()
    visitor.post("/other-login")
    assert visitor.get("/static/nothing.css").status_code == 404
    assert visitor.get("/nothing").status_code == 404
    assert visitor.post("/logout").location == "/login"


def test_route_is_not_exempt_for_the_end_of_its_name(watched_shop: Shop, held: Protected) -> None:
    visitor = watched_shop.visitor()
    visitor.post("/other-login")
    assert visitor.get("/ecstatic").location == VERIFY


def test_guard_asks_strangers_for_nothing(watched_shop: Shop, held: Protected) -> None:
    visitor = watched_shop.visitor()
    assert visitor.get("/open").text == "a guest"
    assert "Set-Cookie" not in visitor.get("/open").headers


# Step-up


def test_view_asks_again_after_a_while(make_shop: Callable[..., Shop], clock: Clock) -> None:
    shop = make_shop()
    shop.add()
    held = shop.protect(1)
    visitor = shop.visitor()
    visitor.sign_in(held.code)
    assert visitor.get("/risky").text == "done"
    clock.advance(minutes=6)
    ask = visitor.get("/risky").location
    assert ask == f"{CONFIRM}?next=/risky"
    answer = visitor.post(ask, {"factor": "code", "code": held.code, "csrf_token": visitor.token(ask)})
    assert answer.location == "/risky"
    assert visitor.get("/risky").text == "done"


def test_code_of_the_sign_in_is_not_good_for_a_step_up(make_shop: Callable[..., Shop], clock: Clock) -> None:
    shop = make_shop()
    shop.add()
    held = shop.protect(1)
    visitor = shop.visitor()
    visitor.type_password()
    code = held.code
    visitor.type_code(code)
    answer = visitor.post(
        CONFIRM, {"factor": "code", "code": code, "csrf_token": visitor.token(CONFIRM)}, headers={}
    )
    assert answer.status_code == 422


def test_password_is_no_step_up_where_it_is_on(make_shop: Callable[..., Shop], clock: Clock) -> None:
    shop = make_shop()
    shop.add()
    visitor = shop.visitor()
    visitor.type_password()
    visitor.post(CONFIRM, {"password": PASSWORD, "csrf_token": visitor.token(CONFIRM)})
    shop.protect(1)
    assert visitor.get("/risky").status_code == 303
    visitor.post(CONFIRM, {"password": PASSWORD, "csrf_token": visitor.token(CONFIRM)})
    assert visitor.get("/risky").status_code == 303


def test_password_is_the_step_up_where_it_is_off(make_shop: Callable[..., Shop], clock: Clock) -> None:
    shop = make_shop()
    shop.add()
    visitor = shop.visitor()
    visitor.type_password()
    assert visitor.get("/risky").text == "done"
    clock.advance(minutes=6)
    ask = visitor.get("/risky").location
    token = visitor.token(ask)
    assert visitor.post(ask, {"password": "wrong", "csrf_token": token}, headers={}).status_code == 422
    assert visitor.get("/risky").status_code == 303
    assert visitor.post(ask, {"password": PASSWORD, "csrf_token": token}).location == "/risky"
    assert visitor.get("/risky").text == "done"


def test_step_up_leads_nowhere_else(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop()
    shop.add()
    visitor = shop.visitor()
    visitor.type_password()
    ask = f"{CONFIRM}?next=//evil.example/"
    answer = visitor.post(ask, {"password": PASSWORD, "csrf_token": visitor.token(ask)})
    assert answer.location == "/"


def test_view_for_the_protected_leads_others_to_the_tab(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop()
    shop.add()
    visitor = shop.visitor()
    assert visitor.get("/special").location == "/login?next=/special"
    told = visitor.client.get("/special", headers={"Accept": "application/json"})
    assert (told.status_code, told.headers["WWW-Authenticate"]) == (401, "TwoStep")
    assert told.json == {"error": "sign_in_required", "location": "/login?next=/special"}
    visitor.type_password()
    assert visitor.get("/special").location == TAB
    answer = visitor.post("/special", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json) == (403, {"error": "two_step_required", "location": TAB})
    shop.protect(1)
    assert visitor.get("/special").text == "special"


# Recovery codes


def test_session_without_the_second_step_gets_no_recovery_codes(make_shop: Callable[..., Shop]) -> None:
    # An old session and the password are no second step: they must not make themselves one.
    shop = make_shop()
    shop.add()
    thief: Visitor = shop.visitor()
    thief.type_password()
    shop.protect(1)
    page = thief.get(f"{TAB}/reissue")
    assert page.location == f"{CONFIRM}?next={TAB}/reissue"
    thief.post(f"{TAB}/reissue", {"password": PASSWORD, "csrf_token": thief.token(CONFIRM)})
    assert "recovery-codes" not in (thief.get(f"{TAB}/reissue").location or "")
    assert thief.get(f"{TAB}/reissue/recovery-codes").status_code != 200
