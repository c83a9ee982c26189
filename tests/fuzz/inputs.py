"""What outsiders send: any text, any bytes, and genuine values that were tampered with."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings, strategies as st
from werkzeug.test import TestResponse
from werkzeug.wrappers import Request

_FIXTURES = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
QUICK = settings(max_examples=300, suppress_health_check=_FIXTURES)
"""For what is called directly."""
THROUGH_APP = settings(max_examples=60, suppress_health_check=_FIXTURES)
"""For what costs a request or two an example."""

EVERY = st.characters(exclude_categories=())
"""All code points, lone surrogates included."""
raw = st.one_of(
    st.binary(max_size=200),
    st.builds(bytes.__mul__, st.binary(min_size=1, max_size=8), st.integers(1, 2500)),
)
"""Any bytes, as the wire brings them; up to tens of KB."""
_short = st.text(EVERY, max_size=200)
_long = st.builds(str.__mul__, st.text(EVERY, min_size=1, max_size=8), st.integers(1, 2500))


def is_between_groups(letter: str) -> bool:
    """Return whether a code may have *letter* between its groups: white space, dashes, invisible marks."""
    return letter.isspace() or letter == "\u2212" or unicodedata.category(letter) in ("Pd", "Cf")


def texts() -> st.SearchStrategy[str]:
    """Any text, short or long, and any bytes read as text."""
    return st.one_of(_short, _long, raw.map(lambda some: some.decode("latin-1")))


@st.composite
def tampered(draw: st.DrawFn, *genuine: str) -> str:
    """A genuine value that was flipped, cut, doubled, filled up or spliced with another; never itself."""
    value = draw(st.sampled_from(genuine))
    for _ in range(draw(st.integers(1, 3))):
        value = draw(st.sampled_from(_TAMPERINGS))(draw, value, genuine)
    return value if value not in genuine else value + draw(st.sampled_from("A.=-_ \0"))


def _flip(draw: st.DrawFn, value: str, _genuine: tuple[str, ...]) -> str:
    at = draw(st.integers(0, max(0, len(value) - 1)))
    letter = draw(st.one_of(st.sampled_from("AZaz09-_.=+/"), EVERY))
    return value[:at] + letter + value[at + 1 :]


def _cut(draw: st.DrawFn, value: str, _genuine: tuple[str, ...]) -> str:
    one, other = draw(st.integers(0, len(value))), draw(st.integers(0, len(value)))
    return value[: min(one, other)] + value[max(one, other) :]


def _double(draw: st.DrawFn, value: str, _genuine: tuple[str, ...]) -> str:
    one, other = draw(st.integers(0, len(value))), draw(st.integers(0, len(value)))
    start, end = min(one, other), max(one, other)
    return value[:end] + value[start:end] * draw(st.integers(1, 20)) + value[end:]


def _fill(draw: st.DrawFn, value: str, _genuine: tuple[str, ...]) -> str:
    at = draw(st.integers(0, len(value)))
    return value[:at] + draw(texts()) + value[at:]


def _splice(draw: st.DrawFn, value: str, genuine: tuple[str, ...]) -> str:
    other = draw(st.sampled_from(genuine))
    return value[: draw(st.integers(0, len(value)))] + other[draw(st.integers(0, len(other))) :]


def _swap_parts(draw: st.DrawFn, value: str, genuine: tuple[str, ...]) -> str:
    """The parts between the dots, each from either value, in any order."""
    parts = [part for whole in (value, *genuine) for part in whole.split(".")]
    return ".".join(draw(st.lists(st.sampled_from(parts), min_size=1, max_size=5)))


_TAMPERINGS = [_flip, _cut, _double, _fill, _splice, _swap_parts]


def wire(text: str) -> str:
    """*text* as a WSGI server hands on a header: its bytes, one a character; no server lets lines through."""
    sent = text.encode("utf-8", "surrogatepass").replace(b"\r", b"").replace(b"\n", b"")
    return sent.decode("latin-1")


def bare(app: Flask) -> FlaskClient:
    """A client that keeps no cookie, so that the header ``Cookie`` is what the example says."""
    return app.test_client(use_cookies=False)


def get(app: Flask, url: str, cookie: str = "", **environ: str) -> TestResponse:
    """GET *url* with raw headers, each by its WSGI name."""
    return bare(app).get(url, environ_overrides={"HTTP_COOKIE": wire(cookie), **environ})


def signed_part(token: str) -> str:
    """All of a signed token but its signature: base64 can write one signature in several ways."""
    return token.rpartition(".")[0]


def cookie_of(header: str, name: str) -> str:
    """The value that the application takes from a header ``Cookie``."""
    return Request({"HTTP_COOKIE": wire(header)}).cookies.get(name, "")


def wrongs(response: TestResponse) -> Iterator[Any]:
    """What no answer may be: an error of ours, or headers that no server could send."""
    if response.status_code >= 500:
        yield response.status_code
    for name, value in response.headers:
        if not value.isascii() or not value.isprintable():
            yield name, value
