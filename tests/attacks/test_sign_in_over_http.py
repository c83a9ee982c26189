"""Sign-in as others would have it: with a cookie that they planted, or by a post that they made."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.attacks.conftest import Site
from tests.attacks.test_without_token import OF_STRANGERS
from tests.support.addresses import address
from tests.support.cookies import read_cookie
from tests.support.person import PASSWORD, Person, entered

Make = Callable[..., Person]
DOORS = ("/account", "/sign", "/forgot", "/reset")


# Fixation


@pytest.fixture
def attacker(make_remote_person: Make) -> Person:
    """Somebody with a cookie that the server made for him, not signed in."""
    attacker = make_remote_person()
    attacker.get("/sign-in")
    assert attacker.cookie()
    return attacker


def plant(attacker: Person, victim: Person) -> None:
    """The attacker's cookie into the victim's browser: from a neighboring site, or on a shared machine."""
    victim.put_cookie(attacker.cookie())
    victim.page = attacker.page


def test_a_planted_cookie_opens_nothing_after_its_victims_sign_in(attacker: Person, member: Person) -> None:
    member.sign_out()
    plant(attacker, member)
    member.sign_in()
    assert member.is_signed_in()
    assert not attacker.is_signed_in()


def test_a_planted_cookie_opens_nothing_after_its_victims_second_step(
    attacker: Person, guarded: Person
) -> None:
    guarded.sign_out()
    plant(attacker, guarded)
    guarded.sign_in()
    guarded.verify(guarded.next_code())
    assert guarded.is_signed_in()
    assert not attacker.is_signed_in()


def test_a_planted_half_session_is_not_the_victims(attacker: Person, guarded: Person) -> None:
    """Nor does the code which the victim types in his own half-session raise the attacker's."""
    guarded.sign_out()
    attacker.sign_in(guarded.email)
    plant(attacker, guarded)
    guarded.sign_in()
    guarded.verify(guarded.next_code())
    assert not attacker.is_signed_in()


def texts(cookie: str) -> set[str]:
    """Every token in it."""
    return {value for value in read_cookie(cookie).values() if isinstance(value, str)}


def test_the_cookie_after_sign_in_is_another_than_before(member: Person) -> None:
    member.sign_out()
    member.get("/sign-in")
    before = member.cookie()
    member.sign_in()
    assert texts(before)
    assert not texts(before) & texts(member.cookie())


def test_the_csrf_token_of_a_planted_cookie_is_worth_nothing_after_sign_in(
    attacker: Person, member: Person
) -> None:
    member.sign_out()
    plant(attacker, member)
    token = attacker.hidden("/sign-in")["csrf_token"]
    member.sign_in()
    assert member.post("/account/profile", {"name": "Changed", "csrf_token": token}).status_code == 400


def test_a_planted_session_of_the_attacker_ends_with_the_victims_sign_in(
    attacker: Person, member: Person
) -> None:
    """So that nothing which the victim does from then on is done in a session that another holds."""
    attacker.sign_up()
    member.sign_out()
    plant(attacker, member)
    member.get("/account/profile")
    member.post("/sign-in", {"email": member.email, "password": PASSWORD})
    assert not attacker.is_signed_in()


# Forged posts


@pytest.mark.parametrize("token", [None, "", "forged"])
def test_a_sign_in_without_a_token_of_its_own_signs_nobody_in(
    member: Person, remote_person: Person, make_remote_person: Make, token: str | None
) -> None:
    victim = make_remote_person()
    victim.get("/sign-in")
    fields = {"email": member.email, "password": PASSWORD}
    answer = victim.client.post("/sign-in", data=fields if token is None else {**fields, "csrf_token": token})
    assert answer.status_code == 400
    assert not victim.is_signed_in()


def test_a_sign_in_with_another_browsers_token_signs_nobody_in(
    attacker: Person, member: Person, make_remote_person: Make
) -> None:
    victim = make_remote_person()
    victim.get("/sign-in")
    fields = {**attacker.hidden("/sign-in"), "email": member.email, "password": PASSWORD}
    assert victim.client.post("/sign-in", data=fields).status_code == 400
    assert not victim.is_signed_in()


@pytest.mark.parametrize("origin", ["cross-site", "same-site", "CROSS-SITE", "x"])
def test_a_sign_in_from_another_site_signs_nobody_in(
    member: Person, make_remote_person: Make, origin: str
) -> None:
    victim = make_remote_person()
    victim.get("/sign-in")
    answer = victim.post(
        "/sign-in", {"email": member.email, "password": PASSWORD}, headers={"Sec-Fetch-Site": origin}
    )
    assert answer.status_code == 403
    assert not victim.is_signed_in()


def test_a_second_step_from_another_site_signs_nobody_in(halfway: Person) -> None:
    answer = halfway.post(
        "/sign-in/verify", {"code": halfway.next_code()}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403
    assert not entered(answer)


def test_a_second_step_from_another_site_uses_no_code_up(halfway: Person) -> None:
    code = halfway.next_code()
    halfway.post("/sign-in/verify", {"code": code}, headers={"Sec-Fetch-Site": "cross-site"})
    halfway.get("/sign-in/verify")
    assert entered(halfway.verify(code))


def doors(site: Site) -> list[str]:
    """Every address that takes a post."""
    return [
        address(rule)
        for rule in site.app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and rule.rule.startswith(DOORS)
    ]


def test_every_post_without_a_token_is_refused(site: Site, guarded: Person) -> None:
    urls = doors(site)
    assert len(urls) > 20
    refused = {url: guarded.client.post(url, data={}).status_code for url in urls}
    # Who is signed in is led away from the forms of sign-in, and from nothing else.
    assert [url for url, status in refused.items() if status != 400] == [
        url for url in urls if url in OF_STRANGERS
    ]


def test_every_post_from_another_site_is_refused(site: Site, guarded: Person) -> None:
    guarded.get("/account/profile")
    urls, fields = doors(site), guarded.hidden()
    headers = {"Sec-Fetch-Site": "cross-site"}
    statuses = {url: guarded.client.post(url, data=fields, headers=headers).status_code for url in urls}
    assert statuses == dict.fromkeys(urls, 403)


def test_no_refused_post_changes_anything(site: Site, guarded: Person) -> None:
    before = site.dump(without={"mfa_outbox"})
    for url in doors(site):
        guarded.client.post(url, data={"password": PASSWORD, "saved": "y", "name": "Changed"})
    assert site.dump(without={"mfa_outbox"}) == before


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_get_signs_anybody_out(member: Person, method: str) -> None:
    member.client.open("/sign-out", method=method)
    assert member.is_signed_in()


def test_no_page_may_be_read_by_another_site(member: Person) -> None:
    answer = member.get("/account/profile", headers={"Origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
