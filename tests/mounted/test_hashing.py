"""The line for hashes in a host: its recovery codes, and the passwords that it lets wait there too."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Response, request

from mfa import Busy
from mfa.attempts.hashing import Line
from tests.mounted.hosts import PASSWORD, Shop, Visitor, shops
from tests.support import patience
from tests.support.hashing import Noticed, taken

TYPED = {"email": "mina@example.com", "password": PASSWORD}
SENTENCE = "Many people are signing in. Try again in a few seconds."


@pytest.fixture
def make_shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    """Hosts whose login waits in the line, as docs/mounting.md says it."""
    for make in shops(tmp_path):
        yield functools.partial(_with_login, make)


def _with_login(make: Callable[..., Shop], waiting: int = 0, **more: Any) -> Shop:
    shop = make(settings={"MFA_HASHES_WAITING": waiting}, **more)

    @shop.app.post("/careful-login")
    def careful_login() -> Any:
        user = shop.db.session.query(shop.User).filter_by(email=request.form["email"]).first()
        try:
            with shop.two_step.hashing(user):
                right = user is not None and user.password == request.form["password"]
        except Busy as busy:
            return Response(busy.sentence, busy.status, busy.headers)
        return shop.two_step.sign_in(user) if right else ("That is not right.", 422)

    return shop


def line_of(shop: Shop) -> Line:
    found: Line = shop.app.extensions["mfa_hashing"]
    return found


def log_in(visitor: Visitor, **more: str) -> Any:
    return visitor.post("/careful-login", {**TYPED, **more})


@pytest.mark.parametrize("shares", [False, True])
@pytest.mark.parametrize("email", [TYPED["email"], "nobody@example.com"])
def test_password_of_a_host_waits_in_the_line(
    make_shop: Callable[..., Shop], shares: bool, email: str
) -> None:
    shop = make_shop(shares_session=shares)
    shop.add()
    visitor = shop.visitor()
    with taken(line_of(shop)):
        busy = log_in(visitor, email=email)
    assert (busy.status_code, busy.text) == (503, SENTENCE)
    assert int(busy.headers["Retry-After"]) > 0
    assert log_in(visitor).status_code == 302
    assert visitor.is_in


def test_device_that_somebody_has_signed_in_on_comes_first(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(waiting=1)
    shop.add()
    owner, stranger = shop.visitor(), shop.visitor()
    log_in(owner)
    owner.post("/logout")
    line = line_of(shop)
    line._waiting = noticed = Noticed()
    with ThreadPoolExecutor(2) as pool:
        with taken(line):
            second = pool.submit(log_in, stranger)
            assert noticed.came.acquire(timeout=patience.SECONDS)
            first = pool.submit(log_in, owner)
            assert second.result(patience.SECONDS).status_code == 503
        assert first.result(patience.SECONDS).status_code == 302
    assert owner.is_in


def test_recovery_code_waits_in_it_on_a_page_of_a_host_and_stays_good(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop()
    held = shop.protect(shop.add())
    visitor = shop.visitor()
    log_in(visitor)
    page = f"{visitor.prefix}/verify?factor=recovery"
    typed = {"recovery_code": held.recovery_codes[0], "csrf_token": visitor.token(page)}
    with taken(line_of(shop)):
        busy = visitor.post(page, typed)
        by_htmx = visitor.post(page, typed, headers={"HX-Request": "true", "Sec-Fetch-Site": "same-origin"})
    assert (busy.status_code, by_htmx.status_code) == (503, 503)
    assert SENTENCE in busy.text
    assert typed["recovery_code"] in busy.text
    assert (by_htmx.text, by_htmx.headers["HX-Retarget"]) == (SENTENCE, "#mfa-notice")
    assert not visitor.is_in
    visitor.post(page, typed)
    assert visitor.is_in
