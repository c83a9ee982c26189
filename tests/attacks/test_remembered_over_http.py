"""The cookie of a remembered browser: copied, kept, put back, forged, and many times at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from tests.attacks.conftest import Site
from tests.support.crowd import AT_ONCE, at_once, copies
from tests.support.person import TWO_STEP, Person, entered

Make = Callable[..., Person]
PASSWORDS = 4
"""So many may be typed at once before one has to wait."""


@pytest.fixture
def remembered(guarded: Person) -> Person:
    """Somebody signed in, whose browser is remembered."""
    return guarded.remember()


def twin(person: Person, make_remote_person: Make, cookie: str | None = None) -> Person:
    """A browser of a thief who has the password, and the cookie of a remembered browser."""
    made = make_remote_person(email=person.email)
    made.put_remembered_cookie(cookie or person.remembered_cookie() or "")
    return made


def is_let_in(person: Person) -> bool:
    return entered(person.sign_in())


def rows(site: Site, person: Person) -> int:
    query = text(
        "SELECT count(*) FROM mfa_remembered_browsers JOIN accounts"
        " ON CAST(accounts.id AS VARCHAR) = person_id WHERE email = :email"
    )
    with site.engine.connect() as connection:
        return int(connection.execute(query, {"email": person.email}).scalar_one())


def test_stolen_alone_it_opens_nothing(remembered: Person, make_remote_person: Make) -> None:
    thief = twin(remembered, make_remote_person)
    assert not thief.is_signed_in()
    assert thief.sign_in(password="guessed, and not even nearly right").status_code == 422
    thief.put_cookie(remembered.remembered_cookie() or "")
    assert not thief.is_signed_in()


def test_it_opens_nothing_for_another_person(remembered: Person, make_remote_person: Make) -> None:
    other = make_remote_person().sign_up().activate()
    other.sign_out()
    other.put_remembered_cookie(remembered.remembered_cookie() or "")
    assert not is_let_in(other)


def test_what_is_forgotten_stays_so_whatever_copy_is_put_back(
    remembered: Person, make_remote_person: Make
) -> None:
    old = remembered.remembered_cookie() or ""
    remembered.get(TWO_STEP)
    remembered.post(f"{TWO_STEP}/browsers/forget-all")
    assert not is_let_in(twin(remembered, make_remote_person, old))
    # Nor once the same browser is remembered again.
    remembered.remember()
    assert not is_let_in(twin(remembered, make_remote_person, old))
    assert is_let_in(twin(remembered, make_remote_person))


def test_with_the_password_it_opens_a_session_that_changes_nothing(
    remembered: Person, make_remote_person: Make, site: Site
) -> None:
    thief = twin(remembered, make_remote_person)
    assert is_let_in(thief)
    before = site.dump(
        without={"sessions", "mfa_activity", "mfa_throttles", "mfa_outbox", "mfa_network_hits"}
    )
    thief.htmx = False
    assert "/confirm" in thief.get(f"{TWO_STEP}/reissue").headers["Location"]
    thief.prove_password("reissue")
    assert thief.post(f"{TWO_STEP}/reissue/recovery-codes", {"saved": "y"}).status_code >= 400
    for purpose in ("disable", "move"):
        thief.prove_password(purpose)
        assert thief.post(f"{TWO_STEP}/{purpose}/verify", {"factor": "code", "code": ""}).status_code == 422
    after = site.dump(without={"sessions", "mfa_activity", "mfa_throttles", "mfa_outbox", "mfa_network_hits"})
    assert after == before


def test_many_sign_ins_at_once_are_all_let_in(
    remembered: Person, make_remote_person: Make, site: Site
) -> None:
    people = [twin(remembered, make_remote_person) for _ in range(PASSWORDS)]
    assert all(at_once(lambda number: is_let_in(people[number]), PASSWORDS))
    assert rows(site, remembered) == 1


def test_one_tick_64_times_at_once_is_one_browser(
    halfway: Person, make_remote_person: Make, site: Site
) -> None:
    fields = {"code": halfway.next_code(), "remember_browser": "y"}
    people = copies(halfway, make_remote_person, AT_ONCE)
    answers = at_once(lambda number: entered(people[number].post("/sign-in/verify", fields)), AT_ONCE)
    assert sum(answers) == 1
    assert rows(site, halfway) == 1


def test_forgetting_in_a_crowd_of_sign_ins_lets_nobody_in_afterwards(
    remembered: Person, make_remote_person: Make, site: Site
) -> None:
    people = [twin(remembered, make_remote_person) for _ in range(PASSWORDS)]
    remembered.get(TWO_STEP)

    def act(number: int) -> int:
        if number == len(people):
            return remembered.post(f"{TWO_STEP}/browsers/forget-all").status_code
        return people[number].sign_in().status_code

    assert set(at_once(act, len(people) + 1)) == {200}
    assert rows(site, remembered) == 0
    assert not is_let_in(twin(remembered, make_remote_person))


def test_after_its_days_it_is_over(remembered: Person, make_remote_person: Make, site: Site) -> None:
    thief = twin(remembered, make_remote_person)
    site.workers.clock.advance(days=30)
    assert not is_let_in(thief)
