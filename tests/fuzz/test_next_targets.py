"""``next=``: a path of this site, however a browser may read it."""

from __future__ import annotations

import re
from urllib.parse import quote_from_bytes, urljoin, urlsplit

from flask import Flask
from hypothesis import example, given, strategies as st

from mfa.web import paths
from tests.fuzz.inputs import QUICK, THROUGH_APP, get, tampered, texts, wrongs
from tests.support.person import Person

BASE = "https://accounts.example/sign-in"
NASTY = (
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "https:evil.example",
    "https:/evil.example",
    "///evil.example",
    "/.//evil.example",
    "/..//evil.example",
    "/%2f/evil.example",
    "/;//evil.example",
    " //evil.example",
    "\x01//evil.example",
    "/\u2028/evil.example",
    "//evil.example:80@accounts.example",
    "javascript:alert(1)",
    "/a?next=//evil.example",
    "/account/two-step",
    "／／evil.example",
    "/／evil.example",
    "//[::1",
    "/\xad/evil.example",
    "/\ufeff/evil.example",
)
NEAR = st.text(st.sampled_from("/\\:?#@.;% \t\n\r\0abc\u00a0\u2028／。"), max_size=16)
TARGETS = st.one_of(st.sampled_from(NASTY), NEAR, NEAR.map("/".__add__), texts(), tampered(*NASTY))


def as_browsers_do(target: str) -> str:
    """What the URL Standard makes of a reference: ends trimmed, tabs and lines gone, backslashes turned."""
    trimmed = target.strip("".join(map(chr, range(0x21))))
    return re.sub(r"[\t\r\n]", "", trimmed).replace("\\", "/")


def is_elsewhere(target: str) -> bool:
    """Whether a browser at :data:`BASE` would leave the site for *target*."""
    read = as_browsers_do(target)
    if read.startswith("//") or re.match(r"[A-Za-z][A-Za-z0-9+.\-]*:", read):
        return True
    try:
        return any(urlsplit(urljoin(BASE, form)).netloc != "accounts.example" for form in (target, read))
    except ValueError:
        return True


@QUICK
@given(TARGETS)
def test_a_target_is_refused_or_leads_to_this_site(target: str) -> None:
    path = paths.local_path(target)
    assert path is None or (path == target and path.startswith("/") and not is_elsewhere(path))


@THROUGH_APP
@given(target=TARGETS.map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(target="/\u2603".encode())
def test_any_next_gets_the_sign_in_page(app: Flask, target: bytes) -> None:
    response = get(app, f"/sign-in?next={quote_from_bytes(target, safe='')}")
    assert list(wrongs(response)) == []
    assert response.status_code == 200


@THROUGH_APP
@given(target=TARGETS, htmx=st.booleans())
@example(target="/\u2603", htmx=True)
def test_a_sign_in_leads_nowhere_but_into_this_site(mina: Person, target: str, htmx: bool) -> None:
    mina.clock.advance(hours=2)  # sign-ins have a limit
    visitor = Person(mina.app, mina.inbox, mina.clock, htmx=htmx)
    visitor.get("/sign-in")
    posted = {"email": mina.email, "password": "orange kettle drives north"}
    response = visitor.post("/sign-in", {**posted, "next": target.encode("utf-8", "surrogatepass")})
    assert list(wrongs(response)) == []
    way = response.headers.get("HX-Redirect" if htmx else "Location", "")
    assert (way.startswith("/") and not is_elsewhere(way)) or response.status_code == 413
