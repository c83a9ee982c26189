"""Recovery codes that open sign-in only, and the link that revokes them, in a host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import flask_login
import pytest
from sqlalchemy import update

from mfa import FlaskLoginAccounts, Person, clock as clocks
from mfa.enrollment import revocation
from mfa.factors import kinds as factors
from mfa.factors.models import SecondStep
from mfa.notices.office import office
from mfa.notices.revoke_link import RevokeLink
from tests.mounted.hosts import Protected, Shop, Visitor, shops
from tests.support.clock import Clock

TWO_STEP = "/account/two-step"
CONFIRM, VERIFY = f"{TWO_STEP}/confirm", f"{TWO_STEP}/verify"
Make = Callable[..., Shop]


class Ending(FlaskLoginAccounts):
    """An adapter that notes whose sessions it was told to end."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(shop.db, shop.User, check_password=lambda user, typed: user.password == typed)
        self.ended: list[str] = []

    def end_other_sessions(self, person: Person) -> None:
        self.ended.append(f"others of {person.id}")

    def end_sessions(self, person: Person) -> None:
        self.ended.append(f"all of {person.id}")


@pytest.fixture
def make_shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    yield from shops(tmp_path)


def opened(make_shop: Make, **more: object) -> tuple[Shop, Protected]:
    """Return a host with a view that asks again, and Mina, whose recovery codes are limited for a day."""
    shop = make_shop(**more)

    @shop.app.get("/risky")
    @shop.two_step.verified(timedelta(minutes=5))
    def risky() -> str:
        return "done"

    @shop.app.post("/other-login")
    def other() -> str:
        flask_login.login_user(shop.person(1))
        return ""

    shop.add()
    held = shop.protect(1)
    until = clocks.now() + timedelta(days=1)
    with shop.app.app_context(), shop.two_step.engine().begin() as connection:
        connection.execute(update(SecondStep).values(codes_limited_until=until))
    if isinstance(shop.accounts, Ending):
        shop.accounts.ended.clear()
    return shop, held


def link_of(shop: Shop) -> str:
    """Return the path of the link that revokes Mina's recovery codes."""
    with shop.app.app_context():
        kept = factors.kept("1")
        assert kept
        codes = revocation.name_of(kept.second_step.recovery_salt)
        return urlsplit(office().url("revoke_codes", token=RevokeLink("1", codes).token(clocks.now()))).path


def type_recovery_code(visitor: Visitor, code: str, **more: str) -> int:
    url = f"{VERIFY}?factor=recovery"
    return visitor.post(url, {"recovery_code": code, "csrf_token": visitor.token(url), **more}).status_code


def press(visitor: Visitor, path: str) -> str:
    answer = visitor.post(path, {"csrf_token": visitor.token(path)})
    return answer.text or visitor.get(answer.location).text


def test_limited_code_passes_the_guard_and_no_step_up(make_shop: Make, clock: Clock) -> None:
    shop, held = opened(make_shop)
    shop.two_step.guard(shop.app)
    visitor = shop.visitor()
    visitor.type_password()
    type_recovery_code(visitor, held.recovery_codes[0])
    assert visitor.is_in
    assert visitor.get("/risky").location == f"{CONFIRM}?next=/risky"
    token = visitor.token(CONFIRM)
    typed = {"factor": "recovery_code", "recovery_code": held.recovery_codes[1], "csrf_token": token}
    assert "open sign-in only" in visitor.post(CONFIRM, typed, headers={}).text
    clock.advance(days=1)
    assert visitor.get("/risky").location == f"{CONFIRM}?next=/risky"
    assert visitor.post(CONFIRM, typed, headers={}).status_code == 303
    assert visitor.get("/risky").text == "done"


def test_link_ends_every_session_at_the_host(make_shop: Make) -> None:
    shop, held = opened(make_shop, make_accounts=Ending)
    path = link_of(shop)
    assert path.startswith(f"{TWO_STEP}/revoke/")
    assert "every other device was signed out" in press(shop.visitor(), path)
    assert shop.accounts.ended == ["all of 1"]
    visitor = shop.visitor()
    visitor.type_password()
    type_recovery_code(visitor, held.recovery_codes[0])
    assert not visitor.is_in


def test_link_pressed_by_its_owner_spares_their_session(make_shop: Make) -> None:
    shop, held = opened(make_shop, make_accounts=Ending)
    visitor = shop.visitor()
    visitor.sign_in(held.code)
    press(visitor, link_of(shop))
    assert shop.accounts.ended == ["others of 1"]


def test_link_pressed_by_somebody_else_spares_nobody(make_shop: Make) -> None:
    shop, _ = opened(make_shop, make_accounts=Ending)
    shop.add("leo@example.com")
    leo = shop.visitor()
    leo.type_password("leo@example.com")
    press(leo, link_of(shop))
    assert shop.accounts.ended == ["all of 1"]
    assert leo.is_in


def test_host_that_ends_no_sessions_says_nothing_of_them(make_shop: Make) -> None:
    shop, _ = opened(make_shop)
    path = link_of(shop)
    visitor = shop.visitor()
    assert "signed out" not in visitor.get(path).text
    assert "signed out" not in press(visitor, path)


def test_guard_leaves_the_link_open(make_shop: Make) -> None:
    shop, _ = opened(make_shop)
    shop.two_step.guard(shop.app)
    visitor = shop.visitor()
    visitor.post("/other-login")
    assert "no longer work" in press(visitor, link_of(shop))


def test_link_signs_nobody_in(make_shop: Make) -> None:
    shop, _ = opened(make_shop)
    visitor = shop.visitor()
    press(visitor, link_of(shop))
    assert not visitor.is_in
    assert visitor.get(TWO_STEP).status_code == 303


def test_somebody_who_may_not_sign_in_any_more_has_no_codes_to_revoke(make_shop: Make) -> None:
    shop, _ = opened(make_shop)
    path = link_of(shop)
    shop.change(1, active=False)
    assert shop.visitor().get(path).status_code == 410
