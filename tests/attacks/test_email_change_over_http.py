"""Another address for the account: a way to take it over, if any step of it may be left out or repeated."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.attacks.conftest import Site
from tests.support.crowd import at_once, copies
from tests.support.person import PASSWORD, Person, entered

Make = Callable[..., Person]
ASK = "/account/profile/email"
EVIL = "evil.example"
MAY_CHANGE = {"mfa_outbox", "mfa_throttles"}


def ask(person: Person, email: str, headers: dict[str, str] | None = None, **fields: str) -> int:
    """Ask for another address, with the right password; the status of the answer."""
    person.get(ASK)
    fields = {"email": email, "password": PASSWORD, **fields}
    return person.post(ASK, fields, headers=headers or {}).status_code


def confirm_link(person: Person, email: str, **options: dict[str, str]) -> str:
    """The path that confirms the change, out of the mail to the new address."""
    assert ask(person, email, **options) == 200
    return person.inbox.wait_for("Confirm your new", to=email).path


def undo_link(person: Person, email: str) -> str:
    """The path that undoes the change, out of the mail to the old address, once the change is made."""
    path = confirm_link(person, email)
    person.get(path)
    person.post(path)
    return person.inbox.wait_for("was changed", to=person.email).path


@pytest.fixture
def other(make_remote_person: Make) -> str:
    """An address that nobody has."""
    return make_remote_person().email


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("link", [confirm_link, undo_link])
def test_a_link_that_is_fetched_changes_nothing(
    site: Site, member: Person, other: str, link: Callable[[Person, str], str], method: str
) -> None:
    path = link(member, other)
    before = site.dump(without={"mfa_outbox"})
    member.client.open(path, method=method)
    site.client().open(path, method=method)
    assert site.dump(without={"mfa_outbox"}) == before


def test_a_link_leads_to_the_configured_host(site: Site, member: Person, other: str) -> None:
    assert ask(member, other, headers={"Host": EVIL}) == 200
    letter = member.inbox.wait_for("Confirm your new", to=other)
    assert letter.link.startswith(f"{site.workers.url}/")
    assert EVIL not in letter.text + letter.html


def test_the_password_alone_asks_for_nothing_where_2sv_is_on(site: Site, guarded: Person, other: str) -> None:
    before = site.dump(without=MAY_CHANGE)
    assert ask(guarded, other) == 422
    assert site.dump(without=MAY_CHANGE) == before


def test_the_code_that_asked_signs_nobody_in(guarded: Person, make_remote_person: Make, other: str) -> None:
    code = guarded.next_code()
    assert ask(guarded, other, factor="code", code=code) == 200
    thief = make_remote_person(email=guarded.email)
    thief.sign_in()
    assert not entered(thief.verify(code))


def test_guesses_of_the_code_here_are_those_of_sign_in(
    guarded: Person, make_remote_person: Make, other: str
) -> None:
    thief = make_remote_person(email=guarded.email)
    thief.put_cookie(guarded.cookie())
    statuses = [ask(thief, other, factor="code", code="000000") for _ in range(5)]
    stranger = make_remote_person(email=guarded.email)
    stranger.sign_in()
    assert statuses == [422] * 5
    assert stranger.verify(guarded.code(seconds=30)).status_code == 429


def test_a_stolen_session_without_the_password_asks_for_nothing(
    member: Person, make_remote_person: Make, other: str
) -> None:
    thief = make_remote_person()
    thief.put_cookie(member.cookie())
    statuses = [ask(thief, other, password="not the password at all") for _ in range(6)]
    assert statuses == [422] * 5 + [429]


@pytest.mark.parametrize("signed_in", [True, False])
def test_the_link_in_other_hands_changes_nothing(
    site: Site, member: Person, make_remote_person: Make, other: str, signed_in: bool
) -> None:
    """Somebody reads the mail to a mistyped address: he is not let in, and neither account moves."""
    path = confirm_link(member, other)
    finder = make_remote_person()
    if signed_in:
        finder.sign_up()
    finder.get("/account/profile" if signed_in else "/sign-in")
    before = site.dump(without={"mfa_outbox"})
    finder.post(path, finder.hidden())
    assert site.dump(without={"mfa_outbox"}) == before


def test_the_link_pressed_16_times_at_once_changes_it_once(
    site: Site, member: Person, make_remote_person: Make, other: str
) -> None:
    path = confirm_link(member, other)
    member.get(path)
    people = copies(member, make_remote_person, 16)
    before = site.dump().count("email_changes: (")
    at_once(lambda number: people[number].post(path), 16)
    assert site.dump().count("email_changes: (") - before == 1
    assert sum(person.is_signed_in() for person in people) == 1


def test_a_link_is_worth_nothing_after_a_change_of_the_password(member: Person, other: str) -> None:
    path = confirm_link(member, other)
    member.get("/account/password")
    new = "seven boats under glass"
    member.post("/account/password", {"current_password": PASSWORD, "new_password": new})
    assert member.post(path).status_code == 410


def test_undoing_ends_the_session_that_changed_it(
    member: Person, make_remote_person: Make, other: str
) -> None:
    path = undo_link(member, other)
    owner = make_remote_person()
    owner.get(path)
    owner.post(path)
    assert not member.is_signed_in()


def test_undoing_makes_the_password_that_changed_it_worthless(
    member: Person, make_remote_person: Make, other: str
) -> None:
    path = undo_link(member, other)
    owner = make_remote_person()
    owner.get(path)
    owner.post(path)
    assert [make_remote_person(email=email).sign_in().status_code for email in (member.email, other)] == [
        422,
        422,
    ]


def test_undoing_signs_nobody_in(member: Person, make_remote_person: Make, other: str) -> None:
    path = undo_link(member, other)
    finder = make_remote_person()
    finder.get(path)
    finder.post(path)
    assert not finder.is_signed_in()


def test_an_undo_link_works_once(member: Person, make_remote_person: Make, other: str) -> None:
    path = undo_link(member, other)
    finder = make_remote_person()
    finder.get(path)
    finder.post(path)
    finder.get("/sign-in")
    assert finder.post(path).status_code == 410


@pytest.mark.parametrize(("link", "place"), [(confirm_link, "undo"), (undo_link, "confirm")])
def test_the_two_links_are_not_each_other(
    site: Site, member: Person, other: str, link: Callable[[Person, str], str], place: str
) -> None:
    token = link(member, other).rpartition("/")[2]
    member.get("/account/profile")
    before = site.dump(without={"mfa_outbox"})
    assert member.post(f"{ASK}/{place}/{token}", member.hidden()).status_code == 410
    assert site.dump(without={"mfa_outbox"}) == before
