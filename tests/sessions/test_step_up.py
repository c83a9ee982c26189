"""Signing other devices out takes a verification of the last quarter of an hour (ASVS 7.5.2)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.clock import Clock
from tests.support.person import PASSWORD, Person

CONFIRM = "/account/two-step/confirm"
ENDS = ["end", "end-others"]


@pytest.fixture
def phone(mina: Person, make_person: Callable[..., Person]) -> Person:
    phone = make_person()
    phone.sign_in()
    return phone


@pytest.mark.parametrize("way", ENDS)
def test_signing_others_out_takes_a_recent_verification(
    mina: Person, phone: Person, clock: Clock, way: str
) -> None:
    clock.advance(minutes=16)
    mina.get("/account/sessions")
    ask = mina.post(f"/account/sessions/{way}").headers["HX-Redirect"]
    assert ask.startswith(f"{CONFIRM}?next=/account/sessions")
    assert phone.is_signed_in()
    mina.get(ask)
    send = mina.post(ask, {"password": PASSWORD}).headers["HX-Redirect"]
    assert send == ask.replace(CONFIRM, f"{CONFIRM}/form")
    assert phone.is_signed_in()
    mina.get(send, headers={"HX-Request": ""})
    mina.post(f"/account/sessions/{way}", headers={"HX-Request": ""})
    assert not phone.is_signed_in()
    assert mina.is_signed_in()


def test_password_is_not_enough_where_the_second_step_is_on(protected: Person, clock: Clock) -> None:
    clock.advance(minutes=16)
    protected.get("/account/sessions", headers={"HX-Request": ""})
    ask = protected.post("/account/sessions/end-others").headers["HX-Redirect"]
    protected.get(ask)
    assert protected.post(ask, {"password": PASSWORD}).status_code == 422
    assert "HX-Redirect" in protected.post("/account/sessions/end-others").headers


@pytest.mark.parametrize("hours", [0, 1])
def test_cookie_from_before_the_sign_out_signs_nobody_out(
    protected: Person, make_person: Callable[..., Person], clock: Clock, hours: int
) -> None:
    """Neither at once nor later: the session that it names has ended, however fresh the verification is."""
    other = make_person()
    other.sign_in()
    other.verify(protected.next_code())
    protected.get("/account/sessions")
    cookie, page = protected.cookie(), protected.page
    protected.sign_out()
    clock.advance(hours=hours)
    protected.put_cookie(cookie)
    protected.page = page
    assert protected.post("/account/sessions/end-others").headers["HX-Redirect"].startswith("/sign-in")
    assert other.is_signed_in()
