"""Mailed links and where one is led: forged hosts, open redirects, scanners, and tokens used elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import permutations
from urllib.parse import quote

import httpx
import pytest

from tests.attacks.conftest import Site
from tests.support.database import dump
from tests.support.person import PASSWORD, Person
from tests.support.smtp import Letter

Make = Callable[..., Person]
ENROLL = "/account/two-step/enroll"
EVIL = "evil.example"


def ask_to_sign_up(person: Person, **headers: str) -> Letter:
    person.get("/sign-up")
    person.post("/sign-up", {"email": person.email}, headers=headers)
    return person.inbox.wait_for("Create your", to=person.email)


def ask_to_reset(person: Person, **headers: str) -> Letter:
    person.sign_up()
    person.get("/forgot-password")
    person.post("/forgot-password", {"email": person.email}, headers=headers)
    return person.inbox.wait_for("Set a new", to=person.email)


def ask_for_number(person: Person, **headers: str) -> Letter:
    person.sign_up().begin().post(f"{ENROLL}/email/send", headers=headers)
    return person.inbox.wait_for("authentication number", to=person.email)


ASK: dict[str, Callable[..., Letter]] = {
    "sign-up": ask_to_sign_up,
    "reset": ask_to_reset,
    "enrolment": ask_for_number,
}

# Forged hosts


@pytest.mark.parametrize(
    "header",
    [
        ("Host", EVIL),
        ("Host", f"{EVIL}:80"),
        ("X-Forwarded-Host", EVIL),
        ("X-Forwarded-Server", EVIL),
        ("X-Host", EVIL),
        ("Forwarded", f"host={EVIL}"),
    ],
)
@pytest.mark.parametrize("ask", ASK)
def test_a_mailed_link_leads_to_the_configured_host(
    site: Site, visitor: Person, ask: str, header: tuple[str, str]
) -> None:
    letter = ASK[ask](visitor, **dict([header]))
    assert letter.link.startswith(f"{site.workers.url}/")
    assert EVIL not in letter.text + letter.html


@pytest.mark.parametrize("url", ["/", "/account/profile", f"{ENROLL}/scan"])
def test_a_redirect_does_not_lead_to_a_forged_host(visitor: Person, url: str) -> None:
    answer = visitor.get(url, headers={"Host": EVIL, "HX-Request": ""})
    assert answer.headers["Location"].startswith("/sign-in")


@pytest.fixture(scope="module")
def strict_site(start_site: Callable[..., Site]) -> Site:
    """Hosts are checked as in production."""
    return start_site(TRUSTED_HOSTS=["127.0.0.1"])


@pytest.mark.parametrize("host", [EVIL, f"127.0.0.1.{EVIL}", f"{EVIL}:80", "localhost", "", "127.0.0.1@x"])
@pytest.mark.parametrize("url", ["/", "/sign-in", "/account/profile", "/static/css/base.css", "/nothing"])
def test_a_host_that_is_not_trusted_is_refused(strict_site: Site, url: str, host: str) -> None:
    person = strict_site.person()
    assert person.get(url, headers={"Host": host}).status_code == 400


def test_the_trusted_host_is_served(strict_site: Site) -> None:
    assert strict_site.person().get("/sign-in").status_code == 200


# Open redirects

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
def returning(account: Person, make_visitor: Make) -> Person:
    """The same at another browser, not signed in yet."""
    return make_visitor(email=account.email)


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


# Scanners and prefetch


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("ask", ASK)
def test_a_mailed_link_that_a_scanner_opens_changes_nothing(
    site: Site, visitor: Person, make_visitor: Make, ask: str, method: str
) -> None:
    path = ASK[ask](visitor).path
    before = dump(site.engine, without={"outbox"})
    scanner = make_visitor()
    assert scanner.client.open(path, method=method).status_code == 200
    assert dump(site.engine, without={"outbox"}) == before


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("ask", ASK)
def test_a_mailed_link_that_the_browser_fetches_ahead_changes_nothing(
    site: Site, visitor: Person, ask: str, method: str
) -> None:
    path, cookie = ASK[ask](visitor).path, visitor.cookie()
    before = dump(site.engine, without={"outbox"})
    visitor.client.open(path, method=method, headers={"Sec-Purpose": "prefetch"})
    assert dump(site.engine, without={"outbox"}) == before
    assert not cookie or visitor.cookie() == cookie


def test_the_links_of_every_notice_change_nothing(site: Site, visitor: Person) -> None:
    subjects = ["authentication number", "is on", "was changed", "is off"]
    visitor.sign_up().begin().post(f"{ENROLL}/email/send")
    letters = [visitor.inbox.wait_for(subjects[0], to=visitor.email)]
    visitor.post(f"{ENROLL}/email", {"number": letters[0].number})
    visitor.scan().enter_code().complete()
    visitor.get("/account/password")
    new = "seven boats under glass"
    visitor.post("/account/password", {"current_password": PASSWORD, "new_password": new})
    visitor.prove_password("disable", new)
    visitor.disable(code=visitor.next_code())
    letters += [visitor.inbox.wait_for(subject, to=visitor.email) for subject in subjects[1:]]
    links = {link for letter in letters for link in re.findall(r"https?://[^\s\"<>]+", letter.text)}
    before = dump(site.engine, without={"outbox"})
    for link in links:
        for method in ("GET", "HEAD"):
            visitor.client.open(link, method=method)
    assert len(links) > 1
    assert dump(site.engine, without={"outbox"}) == before


def test_the_link_of_an_enrolment_brings_a_thief_of_the_mail_no_further(
    visitor: Person, make_visitor: Make
) -> None:
    """Nor his victim: the button, pressed in another browser, does not verify anything in the victim's."""
    path = ask_for_number(visitor).path
    thief = make_visitor()
    thief.get(path)
    thief.post(path)
    assert not thief.is_signed_in()
    assert visitor.get(f"{ENROLL}/email/wait").status_code == 204


# Tokens used for another purpose

PLACES = {"sign-up": "/sign-up/", "reset": "/reset-password/", "enrolment": f"{ENROLL}/link/"}
FIELDS = {"name": "Thief", "password": PASSWORD, "new_password": PASSWORD}


@pytest.mark.parametrize(("made_for", "used_for"), [*permutations(PLACES, 2)])
def test_a_token_of_one_purpose_is_none_of_another(
    site: Site, visitor: Person, make_visitor: Make, made_for: str, used_for: str
) -> None:
    token = ASK[made_for](visitor).path.rpartition("/")[2]
    before = dump(site.engine, without={"outbox"})
    thief = make_visitor()
    thief.get("/sign-in")
    assert thief.post(f"{PLACES[used_for]}{token}", FIELDS).status_code == 410
    assert dump(site.engine, without={"outbox"}) == before


@pytest.mark.parametrize("place", PLACES)
def test_a_session_cookie_is_no_token_of_a_link(member: Person, make_visitor: Make, place: str) -> None:
    thief = make_visitor()
    thief.get("/sign-in")
    assert thief.post(f"{PLACES[place]}{member.cookie()}", FIELDS).status_code == 410


@pytest.mark.parametrize("ask", ASK)
def test_a_token_of_a_link_is_no_session_cookie(visitor: Person, make_visitor: Make, ask: str) -> None:
    thief = make_visitor()
    thief.put_cookie(ASK[ask](visitor).path.rpartition("/")[2])
    assert not thief.is_signed_in()


def test_a_reset_link_works_once(visitor: Person, make_visitor: Make) -> None:
    path = ask_to_reset(visitor).path
    visitor.get(path)
    visitor.post(path, {"new_password": "seven boats under glass"})
    thief = make_visitor()
    thief.get("/sign-in")
    assert thief.post(path, {"new_password": "eight boats under glass"}).status_code == 410


def test_a_sign_up_link_works_once(visitor: Person, make_visitor: Make) -> None:
    path = ask_to_sign_up(visitor).path
    visitor.get(path)
    visitor.post(path, {"name": "Mina", "password": PASSWORD})
    thief = make_visitor()
    thief.get("/sign-in")
    assert thief.post(path, {"name": "Thief", "password": PASSWORD}).status_code == 410
