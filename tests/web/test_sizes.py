"""Small answers: what goes over a slow line at each step."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask, Response, request

from console.languages import offered
from tests.support.person import PASSWORD, Person

PARTIAL = 6 * 1024
"""Bytes, before any compression."""
TABS = [
    "/account/profile",
    "/account/password",
    "/account/two-step",
    "/account/sessions",
    "/account/activity",
]


@pytest.mark.parametrize("language", offered())
def test_no_partial_is_over_6_kb(app: Flask, make_person: Callable[..., Person], language: str) -> None:
    sizes: dict[str, int] = {}

    @app.after_request
    def weigh(response: Response) -> Response:
        if request.headers.get("HX-Request"):
            name = f"{request.method} {request.endpoint} {response.status_code}"
            sizes[name] = max(sizes.get(name, 0), len(response.get_data()))
        return response

    mina = make_person(languages=language)
    mina.sign_up().activate().move()
    for tab in TABS:
        mina.get(tab)
    mina.sign_out()
    mina.sign_in()
    mina.post("/sign-in/verify", {"code": "000000"})
    mina.get("/sign-in/verify?factor=recovery")
    mina.post("/sign-in/verify?factor=recovery", {"recovery_code": mina.recovery_codes[0]})
    mina.get("/account/two-step")
    mina.get("/account/two-step/reissue")
    mina.post("/account/two-step/reissue", {"password": PASSWORD})
    assert len(sizes) > 25
    assert {name: size for name, size in sizes.items() if size > PARTIAL} == {}
