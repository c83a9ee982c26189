"""Open redirects: wherever sign-in leads to, it is a page of this site."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

import httpx
import pytest

from tests.attacks.conftest import Site
from tests.support.person import PASSWORD, Person

Make = Callable[..., Person]
EVIL = "evil.example"

TARGETS = [
    f"//{EVIL}/",
    f"///{EVIL}/",
    f"/\\{EVIL}/",
    f"\\\\{EVIL}/",
    f"\\/{EVIL}/",
    f"https://{EVIL}/",
    f"https:{EVIL}",
    f"http:/{EVIL}",
    f"/\t/{EVIL}/",
    f"/\n/{EVIL}/",
    f"/\r\n/{EVIL}/",
    f"\t//{EVIL}/",
    f" //{EVIL}/",
    f"\x01//{EVIL}/",
    f"/\x00/{EVIL}/",
    f"%2f%2f{EVIL}/",
    f"/%2f{EVIL}/",
    f"/%09/{EVIL}/",
    f"/%5c{EVIL}/",
    f"/.//{EVIL}/",
    f"/..//{EVIL}/",
    f"//{EVIL}\\@127.0.0.1/",
    f"http://127.0.0.1@{EVIL}/",
    f"@{EVIL}",
    f".{EVIL}",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    f"／／{EVIL}/",
    f"/\u2028/{EVIL}/",
    "//[",
    "/\r\nSet-Cookie: session=x",
]


def seen_by_a_browser(base: str, target: str) -> httpx.URL:
    """Where a browser goes: it drops tabs and line breaks, and takes a backslash for a slash."""
    target = re.sub(r"[\t\r\n]", "", target).strip("".join(map(chr, range(33)))).replace("\\", "/")
    return httpx.URL(base).join(target)


def destination(site: Site, person: Person, url: str, fields: dict[str, str]) -> httpx.URL:
    answer = person.post(url, fields)
    where = answer.headers.get("HX-Redirect") or answer.headers["Location"]
    return seen_by_a_browser(site.workers.url, where)


@pytest.fixture(scope="module")
def account(site: Site) -> Person:
    """Somebody with an account."""
    return site.person().sign_up()


@pytest.fixture
def returning(account: Person, make_remote_person: Make) -> Person:
    """The same at another browser, not signed in yet, hours later: sign-ins have a limit."""
    account.clock.advance(hours=2)
    return make_remote_person(email=account.email)


@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize("target", TARGETS)
def test_next_leads_to_this_site_alone(site: Site, returning: Person, target: str, htmx: bool) -> None:
    returning.htmx = htmx
    returning.get("/sign-in")
    fields = {"email": returning.email, "password": PASSWORD, "next": target}
    found = destination(site, returning, "/sign-in", fields)
    assert (found.scheme, found.host) == ("http", "127.0.0.1")


@pytest.mark.parametrize("target", TARGETS)
def test_next_in_a_link_to_sign_in_leads_to_this_site_alone(
    site: Site, returning: Person, target: str
) -> None:
    returning.get(f"/sign-in?next={quote(target)}")
    found = destination(site, returning, "/sign-in", {"email": returning.email, "password": PASSWORD})
    assert (found.scheme, found.host) == ("http", "127.0.0.1")


def test_next_is_kept_over_the_second_step_and_leads_to_this_site_alone(site: Site, halfway: Person) -> None:
    halfway.post("/sign-out")
    halfway.get("/sign-in")
    fields = {"email": halfway.email, "password": PASSWORD, "next": f"/\\{EVIL}"}
    halfway.post("/sign-in", fields)
    found = destination(site, halfway, "/sign-in/verify", {"code": halfway.next_code()})
    assert (found.host, found.path) == ("127.0.0.1", "/")
