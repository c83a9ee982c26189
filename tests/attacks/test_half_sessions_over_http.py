"""Between password and code: a half-session is stolen, kept, or used beside the door it is for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.attacks.conftest import Site
from tests.support.person import PASSWORD, Person, entered

Make = Callable[..., Person]
NEW_PASSWORD = "seven boats under glass"


@pytest.fixture
def thief(halfway: Person, make_remote_person: Make) -> Person:
    """Somebody elsewhere who holds the cookie of a half-session."""
    thief = make_remote_person(email=halfway.email)
    thief.put_cookie(halfway.cookie())
    thief.page, thief.app_on_phone = halfway.page, halfway.app_on_phone
    return thief


def account_routes(site: Site, method: str) -> list[str]:
    """The account's pages; those that a mail's link opens hold a token and are for anyone."""
    return [
        rule.rule
        for rule in site.app.url_map.iter_rules()
        if rule.rule.startswith("/account") and method in (rule.methods or ()) and not rule.arguments
    ]


def leads_to_sign_in(person: Person, method: str, url: str) -> bool:
    fields = person.hidden()
    answer = person.client.open(url, method=method, data=fields if method == "POST" else None)
    return answer.status_code == 303 and answer.headers["Location"].partition("?")[0] == "/sign-in"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_stolen_half_session_reaches_no_route_of_the_account(
    site: Site, thief: Person, method: str
) -> None:
    urls = account_routes(site, method)
    assert len(urls) > 10
    assert [url for url in urls if not leads_to_sign_in(thief, method, url)] == []


def test_a_stolen_half_session_changes_nothing_by_posting_everywhere(site: Site, thief: Person) -> None:
    before = site.dump(without={"mfa_outbox"})
    for url in account_routes(site, "POST"):
        thief.client.post(
            url,
            data={
                **thief.hidden(),
                "password": PASSWORD,
                "current_password": PASSWORD,
                "new_password": NEW_PASSWORD,
                "name": "Thief",
                "saved": "y",
            },
        )
    assert site.dump(without={"mfa_outbox"}) == before


def test_a_half_session_that_signed_its_thief_in_signs_in_nobody_else(halfway: Person, thief: Person) -> None:
    thief.verify(thief.next_code())
    assert not entered(halfway.verify(halfway.next_code()))


def test_a_stolen_half_session_is_worth_nothing_after_its_owner_used_it(
    halfway: Person, thief: Person
) -> None:
    halfway.verify(halfway.next_code())
    assert not entered(thief.verify(thief.next_code()))


def test_a_half_session_takes_no_code_after_ten_minutes(halfway: Person) -> None:
    halfway.clock.advance(minutes=10)
    assert not entered(halfway.verify(halfway.code()))


def test_a_half_session_is_not_kept_alive_by_looking_at_it(halfway: Person) -> None:
    for _ in range(5):
        halfway.clock.advance(minutes=2)
        halfway.get("/sign-in/verify")
    assert not entered(halfway.verify(halfway.code()))


def test_a_half_session_ends_with_a_change_of_the_password(halfway: Person, make_remote_person: Make) -> None:
    owner = make_remote_person(email=halfway.email)
    owner.sign_in()
    owner.verify_recovery_code(halfway.recovery_codes[0])
    owner.get("/account/password")
    owner.post("/account/password", {"current_password": PASSWORD, "new_password": NEW_PASSWORD})
    assert not entered(halfway.verify(halfway.next_code()))


def test_a_half_session_ends_with_a_reset_of_the_password(halfway: Person, make_remote_person: Make) -> None:
    owner = make_remote_person(email=halfway.email)
    reset_password(owner)
    assert not entered(halfway.verify(halfway.next_code()))


def test_a_half_session_ends_when_2sv_is_turned_off(halfway: Person, make_remote_person: Make) -> None:
    """Nobody gets in by waiting at the code's door until it is taken away."""
    owner = make_remote_person(email=halfway.email)
    owner.sign_in()
    owner.verify_recovery_code(halfway.recovery_codes[0])
    owner.prove_password("disable")
    owner.disable(factor="recovery_code", recovery_code=halfway.recovery_codes[1])
    assert not entered(halfway.verify(halfway.next_code()))


def test_a_half_session_does_not_become_a_whole_one_by_its_cookies_key(
    halfway: Person, make_remote_person: Make
) -> None:
    """Another account's code in this account's half-session."""
    other = make_remote_person().sign_up().activate()
    assert not entered(halfway.verify(other.next_code()))


# Ways around the second step


def reset_password(person: Person) -> str:
    """Have the link mailed and set a new password; gives the text of the answer."""
    person.get("/forgot-password")
    person.post("/forgot-password", {"email": person.email})
    path = person.inbox.wait_for("Set a new", to=person.email).path
    person.get(path)
    return person.post(path, {"new_password": NEW_PASSWORD}, follow_redirects=True).text


def test_a_reset_still_asks_for_the_code(guarded: Person, make_remote_person: Make) -> None:
    assert "Authentication code" in reset_password(make_remote_person(email=guarded.email))


def test_a_reset_signs_nobody_in_without_the_code(guarded: Person, make_remote_person: Make) -> None:
    mail_thief = make_remote_person(email=guarded.email)
    reset_password(mail_thief)
    assert not mail_thief.is_signed_in()


def test_a_reset_leaves_2sv_on(guarded: Person, make_remote_person: Make) -> None:
    owner = make_remote_person(email=guarded.email)
    reset_password(owner)
    owner.verify(guarded.next_code())
    assert owner.two_step_is_on()


def test_a_reset_ends_every_session(guarded: Person, make_remote_person: Make) -> None:
    reset_password(make_remote_person(email=guarded.email))
    assert not guarded.is_signed_in()


def test_a_recovery_code_without_the_password_gives_nothing(
    guarded: Person, make_remote_person: Make
) -> None:
    finder = make_remote_person(email=guarded.email)
    finder.get("/sign-in")
    answer = finder.post(
        "/sign-in/verify?factor=recovery",
        {"recovery_code": guarded.recovery_codes[0], "email": guarded.email},
    )
    assert not entered(answer)
    assert not finder.is_signed_in()


def test_a_recovery_code_without_the_password_is_not_used_up(
    guarded: Person, make_remote_person: Make
) -> None:
    finder = make_remote_person(email=guarded.email)
    finder.get("/sign-in")
    finder.post("/sign-in/verify?factor=recovery", {"recovery_code": guarded.recovery_codes[0]})
    assert "10 of 10 recovery codes left" in guarded.get("/account/two-step").text


def test_a_recovery_code_in_the_place_of_the_password_gives_nothing(
    guarded: Person, make_remote_person: Make
) -> None:
    finder = make_remote_person(email=guarded.email)
    assert finder.sign_in(password=guarded.recovery_codes[0]).status_code == 422
