"""Request headers of any content: a calm answer, and none of it comes back as markup or as a header."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, strategies as st

from console import create_app
from console.extensions import db
from tests.fuzz.inputs import THROUGH_APP, bare, get, texts, wire, wrongs
from tests.support.person import EMAIL, PASSWORD, Person

HEADERS = [
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_USER_AGENT",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_SEC_FETCH_SITE",
    "HTTP_REFERER",
    "HTTP_HX_REQUEST",
    "HTTP_HX_CURRENT_URL",
    "HTTP_HX_TARGET",
    "HTTP_HX_TRIGGER",
    "HTTP_HX_BOOSTED",
    "HTTP_HX_PROMPT",
    "HTTP_HX_HISTORY_RESTORE_REQUEST",
]
MARK = "<zq x=\"'&>"
PLAUSIBLE = st.sampled_from(
    ["true", "same-origin", "cross-site", "en;q=0.5, *", "203.0.113.7, ::1", "[::1]:80", "fe80::1%eth0",
     "http://[::1", "http://127.0.0.1/account/two-step?x", "//evil.example", "/\u2603", "https", "999.1.1.1"]
)  # fmt: skip
VALUES = st.one_of(PLAUSIBLE, texts(), st.tuples(texts(), PLAUSIBLE, texts()).map("".join)).flatmap(
    lambda text: st.sampled_from(
        [text, text + MARK, MARK + text, f"http://127.0.0.1/{MARK}{text}", f"/{MARK}"]
    )
)
SENT = st.dictionaries(st.sampled_from(HEADERS), VALUES.map(wire), min_size=1, max_size=4)


@pytest.fixture
def behind_proxy(app: Flask, config: dict[str, Any]) -> Iterator[Flask]:
    """The same application behind a proxy whose headers it believes."""
    twin = create_app({**config, "TRUSTED_PROXIES": 1})
    yield twin
    with twin.app_context():
        db.engine.dispose()


def reflected(response: Any) -> list[str]:
    """Where the mark came back as it was sent."""
    places = [name for name, value in response.headers if "<zq" in value]
    return [*places, "body"] if "<zq" in response.text else places


@THROUGH_APP
@given(sent=SENT, url=st.sampled_from(["/sign-in", "/account/two-step", "/nothing-here"]))
def test_a_stranger_with_any_headers_gets_a_calm_answer(
    app: Flask, behind_proxy: Flask, sent: dict[str, str], url: str
) -> None:
    for site in (app, behind_proxy):
        response = get(site, url, **sent)
        assert list(wrongs(response)) == []
        assert reflected(response) == []


@THROUGH_APP
@given(sent=SENT, url=st.sampled_from(["/account/two-step", "/account/sessions", "/account/activity"]))
def test_somebody_signed_in_with_any_headers_gets_his_page(
    mina: Person, behind_proxy: Flask, sent: dict[str, str], url: str
) -> None:
    for site in (mina.app, behind_proxy):
        response = get(site, url, f"twostep-session={mina.cookie()}", **sent)
        assert list(wrongs(response)) == []
        assert response.status_code == 200
        assert reflected(response) == []


@THROUGH_APP
@given(sent=SENT)
def test_a_sign_in_with_any_headers_is_written_down_without_markup(
    mina: Person, behind_proxy: Flask, sent: dict[str, str]
) -> None:
    """The browser's name and the network are kept, and shown in the tabs Sessions and Activity."""
    visitor = Person(behind_proxy, mina.inbox, mina.clock)
    visitor.get("/sign-in")
    response = bare(behind_proxy).post(
        "/sign-in",
        data={**visitor.hidden("/sign-in"), "email": EMAIL, "password": PASSWORD},
        environ_overrides={"HTTP_COOKIE": f"twostep-session={visitor.cookie()}", **sent},
    )
    assert list(wrongs(response)) == []
    assert reflected(response) == []
    for url in ("/account/sessions", "/account/activity"):
        assert reflected(get(behind_proxy, url, f"twostep-session={mina.cookie()}")) == []


@THROUGH_APP
@given(
    value=st.one_of(texts(), st.sampled_from(["same-origin", "none", "same-site", "Same-Origin", "none "]))
)
def test_only_our_own_pages_may_post(mina: Person, value: str) -> None:
    """``Sec-Fetch-Site`` is believed in two words alone."""
    mina.get("/account/profile")
    response = bare(mina.app).post(
        "/account/profile",
        data={**mina.hidden("/account/profile"), "name": "Mina Park"},
        environ_overrides={
            "HTTP_COOKIE": f"twostep-session={mina.cookie()}",
            "HTTP_SEC_FETCH_SITE": wire(value),
        },
    )
    assert response.status_code == (200 if value in ("same-origin", "none") else 403)
