"""Mailed links: forged hosts, scanners that follow them, and tokens used where they do not belong."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import permutations

import pytest

from tests.attacks.conftest import Site
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
    "enrollment": ask_for_number,
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
    site: Site, remote_person: Person, ask: str, header: tuple[str, str]
) -> None:
    letter = ASK[ask](remote_person, **dict([header]))
    assert letter.link.startswith(f"{site.workers.url}/")
    assert EVIL not in letter.text + letter.html


@pytest.mark.parametrize("url", ["/", "/account/profile", f"{ENROLL}/scan"])
def test_a_redirect_does_not_lead_to_a_forged_host(remote_person: Person, url: str) -> None:
    answer = remote_person.get(url, headers={"Host": EVIL, "HX-Request": ""})
    assert answer.headers["Location"].startswith("/sign-in")


@pytest.fixture(scope="module")
def strict_site(start_site: Callable[..., Site]) -> Site:
    """Hosts are checked as in production."""
    return start_site(TRUSTED_HOSTS=["127.0.0.1"])


@pytest.mark.parametrize("host", [EVIL, f"127.0.0.1.{EVIL}", f"{EVIL}:80", "localhost", "", "127.0.0.1@x"])
@pytest.mark.parametrize("url", ["/", "/sign-in", "/account/profile", "/static/main.css", "/nothing"])
def test_a_host_that_is_not_trusted_is_refused(strict_site: Site, url: str, host: str) -> None:
    person = strict_site.person()
    assert person.get(url, headers={"Host": host}).status_code == 400


def test_the_trusted_host_is_served(strict_site: Site) -> None:
    assert strict_site.person().get("/sign-in").status_code == 200


# Scanners and prefetch


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("ask", ASK)
def test_a_mailed_link_that_a_scanner_opens_changes_nothing(
    site: Site, remote_person: Person, make_remote_person: Make, ask: str, method: str
) -> None:
    path = ASK[ask](remote_person).path
    before = site.dump(without={"mfa_outbox"})
    scanner = make_remote_person()
    assert scanner.client.open(path, method=method).status_code == 200
    assert site.dump(without={"mfa_outbox"}) == before


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("ask", ASK)
def test_a_mailed_link_that_the_browser_fetches_ahead_changes_nothing(
    site: Site, remote_person: Person, ask: str, method: str
) -> None:
    path, cookie = ASK[ask](remote_person).path, remote_person.cookie()
    before = site.dump(without={"mfa_outbox"})
    remote_person.client.open(path, method=method, headers={"Sec-Purpose": "prefetch"})
    assert site.dump(without={"mfa_outbox"}) == before
    assert not cookie or remote_person.cookie() == cookie


def test_the_links_of_every_notice_change_nothing(site: Site, remote_person: Person) -> None:
    subjects = ["authentication number", "is on", "was changed", "is off"]
    remote_person.sign_up().begin().post(f"{ENROLL}/email/send")
    letters = [remote_person.inbox.wait_for(subjects[0], to=remote_person.email)]
    remote_person.post(f"{ENROLL}/email", {"number": letters[0].number})
    remote_person.scan().enter_code().complete()
    remote_person.get("/account/password")
    new = "seven boats under glass"
    remote_person.post("/account/password", {"current_password": PASSWORD, "new_password": new})
    remote_person.prove_password("disable", new)
    remote_person.disable(code=remote_person.next_code())
    letters += [remote_person.inbox.wait_for(subject, to=remote_person.email) for subject in subjects[1:]]
    links = {link for letter in letters for link in re.findall(r"https?://[^\s\"<>]+", letter.text)}
    before = site.dump(without={"mfa_outbox"})
    for link in links:
        for method in ("GET", "HEAD"):
            remote_person.client.open(link, method=method)
    assert len(links) > 1
    assert site.dump(without={"mfa_outbox"}) == before


def test_the_link_of_an_enrollment_brings_a_thief_of_the_mail_no_further(
    remote_person: Person, make_remote_person: Make
) -> None:
    """Nor his victim: the button, pressed in another browser, does not verify anything in the victim's."""
    path = ask_for_number(remote_person).path
    thief = make_remote_person()
    thief.get(path)
    thief.post(path)
    assert not thief.is_signed_in()
    assert remote_person.get(f"{ENROLL}/email/wait").status_code == 204


# Tokens used for another purpose

PLACES = {"sign-up": "/sign-up/", "reset": "/reset-password/", "enrollment": f"{ENROLL}/link/"}
FIELDS = {"name": "Thief", "password": PASSWORD, "new_password": PASSWORD}


@pytest.mark.parametrize(("made_for", "used_for"), [*permutations(PLACES, 2)])
def test_a_token_of_one_purpose_is_none_of_another(
    site: Site, remote_person: Person, make_remote_person: Make, made_for: str, used_for: str
) -> None:
    token = ASK[made_for](remote_person).path.rpartition("/")[2]
    before = site.dump(without={"mfa_outbox"})
    thief = make_remote_person()
    thief.get("/sign-in")
    assert thief.post(f"{PLACES[used_for]}{token}", FIELDS).status_code == 410
    assert site.dump(without={"mfa_outbox"}) == before


@pytest.mark.parametrize("made_for", PLACES)
def test_a_token_does_nothing_at_any_other_place_for_tokens(
    site: Site, remote_person: Person, member: Person, made_for: str
) -> None:
    """Also where one must be signed in, and for every kind of link that will ever be added."""
    token = ASK[made_for](site.person()).path.rpartition("/")[2]
    rules = [rule.rule for rule in site.app.url_map.iter_rules() if "token" in rule.arguments]
    places = {rule for rule in rules if not rule.startswith(PLACES[made_for])}
    assert len(places) >= 2
    member.get("/account/profile")
    fields = {**member.hidden(), **FIELDS}
    before = site.dump(without={"mfa_outbox"})
    for place in places:
        member.client.post(place.replace("<token>", token), data=fields)
    assert site.dump(without={"mfa_outbox"}) == before


@pytest.mark.parametrize("place", PLACES)
def test_a_session_cookie_is_no_token_of_a_link(member: Person, make_remote_person: Make, place: str) -> None:
    thief = make_remote_person()
    thief.get("/sign-in")
    assert thief.post(f"{PLACES[place]}{member.cookie()}", FIELDS).status_code == 410


@pytest.mark.parametrize("ask", ASK)
def test_a_token_of_a_link_is_no_session_cookie(
    remote_person: Person, make_remote_person: Make, ask: str
) -> None:
    thief = make_remote_person()
    thief.put_cookie(ASK[ask](remote_person).path.rpartition("/")[2])
    assert not thief.is_signed_in()


def test_a_reset_link_works_once(remote_person: Person, make_remote_person: Make) -> None:
    path = ask_to_reset(remote_person).path
    remote_person.get(path)
    remote_person.post(path, {"new_password": "seven boats under glass"})
    thief = make_remote_person()
    thief.get("/sign-in")
    assert thief.post(path, {"new_password": "eight boats under glass"}).status_code == 410


def test_a_sign_up_link_works_once(remote_person: Person, make_remote_person: Make) -> None:
    path = ask_to_sign_up(remote_person).path
    remote_person.get(path)
    remote_person.post(path, {"name": "Mina", "password": PASSWORD})
    thief = make_remote_person()
    thief.get("/sign-in")
    assert thief.post(path, {"name": "Thief", "password": PASSWORD}).status_code == 410
