"""The session cookie: whatever stands in it, the answer is calm, and only a genuine one is signed in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from hypothesis import example, given, strategies as st

from tests.fuzz.inputs import THROUGH_APP, cookie_of, get, raw, signed_part, tampered, texts, wrongs
from tests.support.clock import Clock
from tests.support.cookies import read_cookie
from tests.support.person import Person

URLS = ["/account/profile", "/", "/sign-in", "/sign-in/verify"]


@pytest.fixture
def cookies(protected: Person, make_person: Callable[..., Person]) -> list[str]:
    """Genuine ones: a session, a half-session, nobody's, and one that was signed out."""
    halfway, nobody, gone = make_person(), make_person(), make_person()
    halfway.sign_in()
    nobody.get("/sign-in")
    gone.sign_in()
    gone.verify(protected.next_code())
    ended = gone.cookie()
    gone.sign_out()
    return [protected.cookie(), halfway.cookie(), nobody.cookie(), ended]


@THROUGH_APP
@given(value=texts(), url=st.sampled_from(URLS))
@example(value="." * 4096, url=URLS[0])
@example(value=".eJw.x.y", url=URLS[0])
def test_no_made_up_cookie_is_signed_in(app: Flask, value: str, url: str) -> None:
    response = get(app, url, f"twostep-session={value}")
    assert list(wrongs(response)) == []
    assert response.status_code == (200 if url == "/sign-in" else 303)


@THROUGH_APP
@given(header=st.one_of(texts(), raw.map(lambda some: some.decode("latin-1"))))
def test_no_made_up_header_is_signed_in(app: Flask, header: str) -> None:
    response = get(app, "/account/profile", header)
    assert list(wrongs(response)) == []
    assert response.status_code == 303


@THROUGH_APP
@given(data=st.data())
def test_a_tampered_cookie_is_signed_in_only_if_nothing_that_was_signed_is_changed(
    app: Flask, cookies: list[str], data: st.DataObject
) -> None:
    header = "twostep-session=" + data.draw(tampered(*cookies))
    response = get(app, "/account/profile", header)
    assert list(wrongs(response)) == []
    assert response.status_code != 200 or signed_part(cookie_of(header, "twostep-session")) == signed_part(
        cookies[0]
    )


@THROUGH_APP
@given(data=st.data())
def test_what_was_signed_for_something_else_is_no_session(
    app: Flask, clock: Clock, cookies: list[str], data: st.DataObject
) -> None:
    """The token of a session, sealed by another key of the same ring."""
    box = app.extensions["twostep"]
    signer = data.draw(st.sampled_from([box.reset_links, box.undo_links, box.sign_up_links]))
    token = signer.make({"_user_id": read_cookie(cookies[0])["_user_id"]}, clock.seconds)
    assert get(app, "/account/profile", f"twostep-session={token}").status_code == 303
